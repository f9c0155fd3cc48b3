#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For the tests of kcovctl symbolize beside it: a machine that consists of files, so that
# each of them can be moved, taken away and damaged. The kernel and the module on it are
# a few functions, linked where a kernel is, and moved as by KASLR. To be read in the top
# directory; afterwards the directory is that of the machine.

# shellcheck disable=SC2034,SC2154 # said is for those who read this, count from tap.sh

kcovctl=$PWD/build/tools/kcovctl
mkdir -p build
work=$(mktemp -d "$PWD/build/test-symbols.XXXXXX")
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
moved=0x1e000000
export KCOV_CACHE=$work/cache
unset DEBUGINFOD_URLS XDG_CACHE_HOME
# shellcheck disable=SC2317 # called by is
explain()
{
	echo "$said"
}

write_sources()
{
	cat >kernel.c <<-'END'
		asm(".text\n.globl _text\n_text: .fill 64, 1, 0x90");
		void sink(int value);
		__attribute__((noinline)) void sink(int value)
		{
			asm volatile("" : : "r"(value));
		}
		static inline __attribute__((always_inline)) void innermost(int value)
		{
			sink(value + 1);
			sink(value + 2);
		}
		static inline __attribute__((always_inline)) void between(int value)
		{
			innermost(value * 3);
		}
		static inline __attribute__((always_inline)) void same(int value)
		{
			innermost(value);
		}
		void starts(int value);
		void starts(int value)
		{
			same(value);
		}
		void reads(int value);
		void reads(int value)
		{
			sink(value);
			between(value);
		}
		__attribute__((noreturn, noinline)) void ends(void);
		void ends(void)
		{
			for (;;)
				asm volatile("");
		}
		void last_call(void);
		void last_call(void)
		{
			ends();
		}
		void behind(void);
		void behind(void)
		{
			sink(0);
		}
		char data[4096];
	END
	cat >plug.c <<-'END'
		void sink(int value);
		static inline __attribute__((always_inline)) void inlined(int value)
		{
			sink(value);
		}
		void plug_write(int value);
		void plug_write(int value)
		{
			inlined(value);
			sink(7);
		}
		__attribute__((section(".init.text"))) void plug_init(void);
		void plug_init(void)
		{
			sink(1);
		}
	END
}

build()
{
	local flags="-g -O1 -ffile-prefix-map=$work=. -ffreestanding -fno-pic -mcmodel=kernel -fno-stack-protector
		-fcf-protection=none -fno-optimize-sibling-calls -fno-asynchronous-unwind-tables"
	# shellcheck disable=SC2086 # a list of words
	gcc $flags -c kernel.c && gcc $flags -c plug.c &&
		ld -static -Ttext=0xffffffff81000000 -e 0 --build-id=sha1 -o files/vmlinux kernel.o &&
		ld -r --build-id=sha1 -o files/plug.ko plug.o
}

# section FILE NAME OUTPUT
section()
{
	objcopy --dump-section "$2=$3" "$1" /dev/null
}

# kallsyms BASE: of the kernel, moved by as much, and of the module at $1, if any
kallsyms()
{
	nm -n files/vmlinux | while read -r address type name; do
		case $name in _edata | _end | __bss_start) type=B ;; esac
		printf '%x %s %s\n' $((0x$address + moved)) "$type" "$name"
	done
	[ -z "${1-}" ] || nm -n files/plug.ko | while read -r address type name; do
		[ "$name" != plug_write ] || printf '%x %s %s\t[plug]\n' $((0x$address + $1)) "$type" "$name"
	done
}

# load BASE: the module is there, with .init.text a page before what is next
load()
{
	local sections=machine/sys/module/plug/sections
	mkdir -p machine/sys/module/plug/notes $sections
	section files/plug.ko .note.gnu.build-id machine/sys/module/plug/notes/.note.gnu.build-id
	echo "$1" >$sections/.text
	printf '0x%x\n' $(($1 + 0x100000)) >$sections/.init.text
	echo "plug 8192 0 - Live $1" >machine/modules
	kallsyms "$1" >machine/kallsyms
}

unload()
{
	rm -rf machine/sys/module
	: >machine/modules
	kallsyms >machine/kallsyms
}

# call FILE FUNCTION N: where the nth call in that function ends, from the file's start
call()
{
	objdump -d --no-show-raw-insn "$1" | awk -v name="<$2>:" -v n="$3" '
		$2 == name { inside = 1; next }
		inside && !NF { exit }
		inside && seen { print substr($1, 1, length($1) - 1); exit }
		inside && /[ \t]call/ { seen = ++count == n }'
}

kernel_pc()
{
	printf '0x%s\n' "$(call files/vmlinux "$1" "$2")"
}

# module_pc BASE N: as it is recorded
module_pc()
{
	printf '0x%x\n' $(($1 + 0x$(call files/plug.ko plug_write "$2") - moved))
}

# symbolize ARGUMENT...: of PCs in $pcs
symbolize()
{
	said=$(echo "$pcs" | "$kcovctl" symbolize --kallsyms machine/kallsyms --modules machine/modules \
		--sysfs machine/sys "$@" 2>&1)
}

# says TEXT...: each is a whole line of it
says()
{
	local text
	for text; do
		grep -q -x -F -- "$text" <<<"$said" || return 1
	done
}

mentions()
{
	[ "$(grep -c -F -- "$1" <<<"$said")" = "${2-1}" ]
}

all_files()
{
	symbolize -k files/vmlinux -m files "$@"
}

forget()
{
	rm -rf "$KCOV_CACHE"
}

cd "$work" || exit
mkdir -p files machine/sys/kernel empty
write_sources
build || exit 1
section files/vmlinux .note.gnu.build-id machine/sys/kernel/notes
base=0xffffffffc0300000
load $base

line_of()
{
	grep -n -F "$2" "$1" | sed -n "${3-1}s/:.*//p"
}

reads_at=$(kernel_pc reads 2)
plug_at=$(module_pc $base 1)
plug_too=$(module_pc $base 2)
pcs="$reads_at
$plug_at"
offset()
{
	printf '0x%x' $(($1 - 0x$(nm "$2" | sed -n "s/ T $3\$//p") - ${4-0}))
}
reads_offset=$(offset "$reads_at" files/vmlinux reads)
reads_size=$(printf '0x%x' $((0x$(nm files/vmlinux | sed -n 's/ T ends$//p') - 0x$(nm files/vmlinux | sed -n 's/ T reads$//p'))))
reads="$reads_at reads+$reads_offset/$reads_size"
lines="$reads ./kernel.c:$(line_of kernel.c 'sink(value + 1)')"
plug_line="./plug.c:$(line_of plug.c 'sink(value);')"

