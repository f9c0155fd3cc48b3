#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kcovctl symbolize: what it makes of a machine that consists of files, so that each
# of them can be moved, taken away and damaged. The kernel and the module on it are a
# few functions, linked where a kernel is, and moved as by KASLR.

set -u
cd "$(dirname "$0")/../.." || exit

kcovctl=$PWD/build/tools/kcovctl
mkdir -p build
work=$(mktemp -d "$PWD/build/test-symbols.XXXXXX")
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
moved=0x1e000000
export KCOV_CACHE=$work/cache
unset DEBUGINFOD_URLS XDG_CACHE_HOME
# shellcheck disable=SC1091 # looked at by itself
. tests/unit/tap.sh

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

symbolize --no-cache
says "$reads" && mentions " plug_write+" && mentions "[plug]"
is "names are known without any file, and KASLR is undone"

[ ! -e "$KCOV_CACHE" ]
is "--no-cache leaves nothing behind"

all_files --no-cache
says "$lines" && mentions "[plug] $plug_line" && [ "$(wc -l <<<"$said")" = 2 ]
is "a line is that of the innermost function, and one a PC"

all_files --no-cache -i
says "$lines (innermost)" \
	"  (inlined by) between ./kernel.c:$(line_of kernel.c 'innermost(value * 3)')" \
	"  (inlined by) reads ./kernel.c:$(line_of kernel.c 'between(value);')" \
	"  (inlined by) plug_write ./plug.c:$(line_of plug.c 'inlined(value);')" &&
	mentions "[plug] $plug_line (inlined)" && [ "$(wc -l <<<"$said")" = 5 ]
is "-i tells who inlined it, each on a line of its own"

# which the compiler has made the last instruction
pcs=$(printf '0x%s' "$(nm files/vmlinux | sed -n 's/ T behind$//p')") all_files --no-cache
mentions " last_call+" && mentions "./kernel.c:$(line_of kernel.c 'ends();')"
is "a call that is the last of its function is not one of the next function"

cp files/vmlinux files/plug.ko empty
for file in empty/vmlinux empty/plug.ko; do
	objcopy --remove-section=.debug_aranges --remove-section=.rela.debug_aranges $file 2>/dev/null
done
symbolize --no-cache -k empty/vmlinux -m empty
says "$lines" && mentions "[plug] $plug_line"
is "debug information without a table of units by address is enough"
rm empty/*

pcs="$reads_at
some text
ffffffff8100
$reads_at x"
symbolize --no-cache
says "some text" ffffffff8100 "$reads_at x"
is "what is no PC is copied"
pcs="$reads_at
$plug_at"

forget
symbolize
symbolize -k files/vmlinux -m files
says "$lines" && mentions "$plug_line"
is "what was kept without debug information does not hide it"

head -n "$(grep -n ' _text$' machine/kallsyms | cut -d : -f 1)" machine/kallsyms >machine/head
mv machine/kallsyms machine/whole
mv machine/head machine/kallsyms
mv files/vmlinux files/plug.ko empty
symbolize
says "$lines" && mentions "[plug] $plug_line"
is "a second call needs neither kallsyms nor files"

symbolize --no-cache
mentions " reads+" 0 && mentions "plug_write" 0
is "which is the cache's doing"
mv machine/whole machine/kallsyms
mv empty/* files

cp -p files/plug.ko empty/plug.ko
objcopy --strip-debug files/plug.ko
symbolize -m files
mentions "[plug]" && mentions "$plug_line" 0
is "lines of a file that has changed are not believed"
mv empty/plug.ko files/plug.ko

all_files
all_files
says "$lines" && mentions "[plug] $plug_line"
is "and are found again in the file as it was"

good=$(cat "$KCOV_CACHE"/symbols/* | sha256sum)
same()
{
	all_files
	says "$lines" && mentions "$plug_line" && [ "$(wc -l <<<"$said")" = 2 ]
}
status=0
for file in "$KCOV_CACHE"/symbols/*; do
	size=$(stat -c %s "$file")
	for at in 0 9 40 60 130 $((size - 1)); do
		printf '\377' | dd of="$file" bs=1 seek="$at" conv=notrunc status=none
		same || status=1
		[ "$(cat "$KCOV_CACHE"/symbols/* | sha256sum)" = "$good" ] || status=1
	done
	for length in 0 7 100 $((size - 1)); do
		truncate -s "$length" "$file"
		same || status=1
		[ "$(cat "$KCOV_CACHE"/symbols/* | sha256sum)" = "$good" ] || status=1
	done
done
[ $status = 0 ]
is "a damaged file of the cache is not believed, and written anew"

one=("$KCOV_CACHE"/symbols/*)
cp "${one[0]}" "${one[1]}"
same && [ "$(cat "$KCOV_CACHE"/symbols/* | sha256sum)" = "$good" ]
is "nor is that of another build id"

rm "${one[0]}"
ln -s "$work/elsewhere" "${one[0]}"
mkfifo "$work/elsewhere"
same && [ -p "$work/elsewhere" ] && [ -f "${one[0]}" ] && [ ! -L "${one[0]}" ]
is "a link in its place is not followed"

forget
: >"$KCOV_CACHE"
same
is "where there can be no cache, it does without"
rm "$KCOV_CACHE"

(
	trap '' XFSZ
	ulimit -f 0
	said=$(echo "$pcs" | "$kcovctl" symbolize --kallsyms machine/kallsyms --modules machine/modules \
		--sysfs machine/sys -k files/vmlinux -m files 2>&1)
	says "$lines"
) && [ -z "$(ls "$KCOV_CACHE/symbols")" ]
is "one that cannot be written leaves nothing"

forget
for _ in 1 2 3 4 5 6 7 8; do
	(all_files; says "$lines" && mentions "$plug_line") &
	children+=($!)
done
status=0
for child in "${children[@]}"; do
	wait "$child" || status=1
done
[ $status = 0 ] && [ "$(find "$KCOV_CACHE/symbols" -type f | wc -l)" = 2 ] && same
is "several at once do not disturb each other"

# more than there may be
forget
same
touch -d yesterday "$KCOV_CACHE/symbols/00000000.unfini"
truncate -s 100M "$KCOV_CACHE/symbols/0123456789" "$KCOV_CACHE/symbols/9876543210"
touch -d "2 hours ago" "$KCOV_CACHE/symbols/0123456789"
touch -d yesterday "$KCOV_CACHE/symbols/9876543210"
: >"$KCOV_CACHE/symbols/README"
pcs=$plug_too all_files
[ ! -e "$KCOV_CACHE/symbols/9876543210" ] && [ -e "$KCOV_CACHE/symbols/0123456789" ] &&
	[ ! -e "$KCOV_CACHE/symbols/00000000.unfini" ] && [ -e "$KCOV_CACHE/symbols/README" ]
is "the cache has an upper bound, and the oldest goes first"
forget

mkdir -p "$KCOV_CACHE/modules/$(uname -r)"
cp files/plug.ko "$KCOV_CACHE/modules/$(uname -r)"
symbolize --no-cache
mentions "[plug] $plug_line"
is "modules are found where instrument puts them"
forget

# --- saved runs ---------------------------------------------------------------

"$kcovctl" symbolize --kallsyms machine/kallsyms --modules machine/modules --sysfs machine/sys -l >layout
run=$(cat layout; echo "$pcs")
moved=0x8000000
load 0xffffffffc0700000
pcs=$run symbolize --no-cache
says "$reads" && mentions "plug_write+0x" && mentions "[plug]"
is "a saved run is named when its module lies elsewhere, without any file"

symbolize --no-cache
mentions "$plug_at ?"
is "which its layout does"

unload
pcs=$run symbolize --no-cache -m files -i
says "  (inlined by) plug_write ./plug.c:$(line_of plug.c 'inlined(value);')" &&
	mentions "[plug] $plug_line"
is "and by its file when the module is gone"

pcs=$run symbolize --no-cache
says "$reads" && mentions "$plug_at ?" && mentions "plug: not loaded, and no plug.ko with build id"
is "without the file it is said once what is missing"

printf '%s\n' "$run" "$plug_too" >twice
pcs=$(cat twice twice) symbolize --no-cache -k files/vmlinux -m files
[ "$(grep -c -x -F -- "$lines" <<<"$said")" = 2 ] && mentions "[plug] $plug_line" 2 &&
	mentions "[plug] ./plug.c:$(line_of plug.c 'sink(7)')" 2
is "runs may stand one behind the other"

cp machine/sys/kernel/notes notes
printf '\1' | dd of=machine/sys/kernel/notes bs=1 seek=20 conv=notrunc status=none
pcs=$run symbolize --no-cache -m files
mentions "$reads_at ?" && mentions "[plug] $plug_line" &&
	mentions "is not the running one: its functions stay unknown without its vmlinux"
is "under another kernel the kernel's functions are unknown, and that is said"

pcs=$run symbolize --no-cache -k files/vmlinux -m files
says "$lines" && mentions "[plug] $plug_line"
is "unless its vmlinux is at hand"

mv machine/kallsyms hidden
sed 's/^[0-9a-f]*/0000000000000000/' hidden >machine/kallsyms
pcs=$run symbolize --no-cache -k files/vmlinux -m files
says "$lines" && mentions "hidden" 0
is "for which nobody has to be root"
mv notes machine/sys/kernel/notes

status=0
symbolize --no-cache || status=$?
[ $status = 1 ] && mentions "all addresses are hidden" && mentions "run as root"
is "hidden addresses are told, and what helps"
moved=0x1e000000
load $base

for word in "${run#*module plug }" ""; do
	pcs="# layout module plug ${word%% *}=
$reads_at" symbolize --no-cache || status=2
done
[ $status = 2 ] && mentions "standard input:1: not a line of a layout"
is "a damaged layout is told by its line, and is a failure"

# --- bad files ----------------------------------------------------------------

cp files/plug.ko empty/plug.ko
objcopy --update-section .note.gnu.build-id=<(printf '\4\0\0\0\24\0\0\0\3\0\0\0GNU\0aaaaaaaaaaaaaaaaaaaa') empty/plug.ko
pcs="$plug_at
$plug_too" symbolize --no-cache -m empty
mentions "[plug]" 2 && mentions "$plug_line" 0 && mentions "empty/plug.ko: build id 6161" && mentions "is what ran"
is "a file of another build is refused once, and names are left"

objcopy --strip-debug files/plug.ko empty/plug.ko
symbolize --no-cache -m empty
mentions "[plug]" && mentions "empty/plug.ko: no debug information: names only"
is "of a stripped file that was named it is said that it is"

for length in 0 3 64 500 2000 4000; do
	head -c $length files/plug.ko >empty/plug.ko
	head -c $length files/vmlinux >empty/vmlinux
	symbolize --no-cache -m empty && says "$reads" && mentions "[plug]" || status=3
	if symbolize --no-cache -k empty/vmlinux; then
		says "$reads" "kcovctl: empty/vmlinux: no debug information: names only"
	else
		mentions "empty/vmlinux: build id missing"
	fi || status=3
done
[ $status = 2 ]
is "files that were cut short are refused, or names are left"

status=0
symbolize --no-cache -k /nonexistent || status=$?
[ $status = 1 ] && mentions "/nonexistent: ENOENT"
is "a vmlinux that is not there is a failure"

head -c 40000000 /dev/zero | tr '\0' f >long
(ulimit -v 300000 && "$kcovctl" symbolize --kallsyms machine/kallsyms <long | cmp - long)
is "a line without an end passes through, in little memory"

said=$( (trap '' PIPE; yes "$reads_at" | head -n 100000 | "$kcovctl" symbolize --kallsyms machine/kallsyms; echo "status $?" >&2) 2>&1 >/dev/full)
mentions "standard output: ENOSPC" && mentions "status 1"
is "a full disk is a failure"

"$kcovctl" help symbolize >help
[ "$(wc -l <help)" -le 24 ] && [ "$(wc -L <help)" -le 80 ]
is "the help fits a screen"

# --- debuginfod ---------------------------------------------------------------

id=$(readelf -n files/plug.ko | sed -n 's/.*Build ID: //p')
mkdir -p "www/buildid/$id"
objcopy --only-keep-debug files/plug.ko "www/buildid/$id/debuginfo"
objcopy --strip-debug files/plug.ko empty/plug.ko
port=$((20000 + $$ % 20000))
busybox httpd -f -v -p 127.0.0.1:$port -h www 2>requests &
server=$!
for _ in $(seq 50); do
	busybox wget -q -O /dev/null "http://127.0.0.1:$port/buildid/$id/debuginfo" && break
	sleep 0.1
done
: >requests
export DEBUGINFOD_CACHE_PATH=$work/downloads
forget
symbolize -m empty
mentions "[plug]" && mentions "$plug_line" 0 && [ ! -s requests ] && [ ! -e downloads ]
is "nobody is asked for debug information without DEBUGINFOD_URLS"

export DEBUGINFOD_URLS=http://127.0.0.1:$port
symbolize -m empty
mentions "[plug] $plug_line" && grep -q 200 requests
is "DEBUGINFOD_URLS are asked"

kill "$server"
wait "$server" 2>/dev/null
server=
rm -rf downloads
symbolize
mentions "[plug] $plug_line"
is "and not again for what is in the cache"
echo "1..$count"
