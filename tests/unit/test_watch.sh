#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A virtual CPU that runs an old translation of its code is helped out (tests/vm/watch).
#
# The trap cannot be had at will, so it is built: behind QEMU's back the first byte of a
# function that nobody has called yet becomes a breakpoint, the guest calls it, with
# interrupts off, is made to wait (tests/sample/vm_breakpoint.c), and the byte becomes what it
# was. QEMU goes on with its translation of the breakpoint; memory is right. What a monitor
# does that is late or says nothing, and a QEMU that ends (tests/vm/boot), is seen with programs
# in QEMU's place. A variable SECONDS is what make stress may leave there: it is not time that
# has passed.
#
# KERNEL: whose image to boot, as in make check.

set -u
cd "$(dirname "$0")/../.." || exit

functions="ntp_adjtimex __do_adjtimex"	# new and old name
breakpoint=cc
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck disable=SC1091 # looked at by itself
. tests/unit/tap.sh

# shellcheck disable=SC2317 # called by is
explain()
{
	cat "$dir/said" "$dir/output"
}

# In the guest: where the function lies in physical memory, then the call.
job()
{
	cat <<-END
		text=\$(awk '\$3 == "_text" { print \$1 }' /proc/kallsyms)
		for name in $functions; do
			function=\$(awk -v name=\$name '\$3 == name { print \$1 }' /proc/kallsyms)
			[ -z "\$function" ] || break
		done
		code=\$(awk '/Kernel code/ { sub("-.*", ""); print \$1 }' /proc/iomem)
		echo "at \$((0x\$code + 0x\$function - 0x\$text))"
		echo Y >/sys/module/vm_breakpoint/parameters/wait
		sleep 2
		cut -d' ' -f1 /proc/uptime
		adjtimex >/dev/null
		cut -d' ' -f1 /proc/uptime
	END
}

wait_for()
{
	local _
	for _ in $(seq 900); do
		! grep -q "$1" "$dir/output" || return 0
		sleep 0.1
	done
	return 1
}

# How many times the guest has told, one before the call and one behind it.
times()
{
	grep -c '^[0-9]' "$dir/output"
}

# The guest's memory in that of QEMU: the only mapping as large as that.
memory_of()
{
	local range from to rest
	while read -r range rest; do
		from=$((0x${range%-*})) to=$((0x${range#*-}))
		[ $((to - from)) != $((mib << 20)) ] || echo $from
	done <"/proc/$1/maps"
}

peek()
{
	dd "if=/proc/$1/mem" bs=1 "skip=$2" count=1 status=none | od -A n -t x1 | tr -d " "
}

poke()
{
	busybox xxd -r -p <<<"$3" |
		dd "of=/proc/$1/mem" bs=1 "seek=$2" conv=notrunc status=none
}

# Of the boot's processes, the one that is QEMU.
qemu_below()
{
	local pid
	for pid in $(pgrep -P "$1"); do
		case $(cat "/proc/$pid/comm") in
		qemu-system*) echo "$pid" ;;
		*) qemu_below "$pid" ;;
		esac
	done
}

# A QEMU whose monitor takes longer for "stop" than anybody waits; what it is told is
# in the file "told". Its CPU stands still.
write_slow()
{
	cat <<-'END'
		#!/bin/bash
		for word; do
			case $word in
			*id=monitor,*) pipe=${word##*path=} ;;
			esac
		done
		exec <>"$pipe.in" >"$pipe.out"
		while read -r line; do
			echo "$line" >>"${0%/*}/told"
			case $line in
			print*) echo "${line##* }" ;;
			stop) sleep 7 ;;
			info*)
				echo "CPU#0"
				echo "RSI=0000000000000000 RDI=0000000000000000 RBP=0000000000000000 RSP=ffffffff82c03e90"
				echo "RIP=ffffffff81000000 RFL=00000002 [-------] CPL=0 II=0 A20=1 SMM=0 HLT=0"
				;;
			esac
		done
	END
}

write_silent()
{
	cat <<-'END'
		#!/bin/sh
		for word; do
			case $word in
			*id=console,*) : >"${word##*path=}" ;;
			esac
		done
		exec sleep 60
	END
}

# write_ending COMMAND WORDS: a QEMU that notes its start and is killed, WORDS on the console.
# From the second start on COMMAND comes first.
write_ending()
{
	cat <<-END
		#!/bin/bash
		for word; do
			case \$word in
			*id=console,*) console=\${word##*path=} ;;
			*id=status,*) status=\${word##*path=} ;;
			esac
		done
		echo start >>"\$0.starts"
		: >"\$console"
		[ "\$(wc -l <"\$0.starts")" = 1 ] || $1
		echo "$2" >"\$console"
		kill -SEGV \$\$
	END
}

# boot_with NAME SECONDS: what is in the file takes QEMU's place; for the background
boot_with()
{
	chmod +x "$dir/$1"
	exec env QEMU="$dir/$1" KERNEL="${KERNEL:-6.1}" BARE=1 TIMEOUT="$2" RUN=true \
		CONSOLE="$dir/$1.console" tests/vm/boot >"$dir/$1.output" 2>&1
}

# ends NAME STATUS STARTS: boot_with NAME does, after so many starts
ends()
{
	(boot_with "$1" 60)
	[ $? = "$2" ] && [ "$(wc -l <"$dir/$1.starts")" = "$3" ]
}

mib=768
echo 1..8
write_slow >"$dir/slow"
write_silent >"$dir/silent"
# shellcheck disable=SC2016 # a variable of the program
write_ending '{ echo "exit 3" >"$status"; exit; }' "PCI: Probing" >"$dir/once"
write_ending true "PCI: Probing" >"$dir/always"
write_ending true "Run /init as init process" >"$dir/later"
boot_with slow 60 &
slow=$!
boot_with silent 3 &
silent=$!
: >"$dir/output"
SECONDS=120 MEM=$mib KERNEL=${KERNEL:-6.1} BARE=1 TIMEOUT=120 CMDLINE=nokaslr RUN=$(job) \
	tests/vm/boot >"$dir/output" 2>"$dir/said" &
boot=$!
wait_for '^at '
qemu=$(qemu_below $boot)
at=$(($(memory_of "$qemu") + $(sed -n 's/^at //p' "$dir/output")))
was=$(peek "$qemu" "$at")
poke "$qemu" "$at" $breakpoint && wait_for '^[0-9]' && sleep 1 && poke "$qemu" "$at" "$was"
sleep 3
[ "$(peek "$qemu" "$at")" = "$was" ] && [ "$was" != $breakpoint ] && [ "$(times)" = 1 ]
is "guest_stands_although_its_memory_is_right"
wait $boot && [ "$(times)" = 2 ]
is "guest_goes_on"
grep -q '^boot: CPU [01] stood at .*written anew' "$dir/said"
is "rewriting_is_reported"
wait $silent
[ $? = 124 ] && grep -q "no end after 3 s" "$dir/silent.output"
is "qemu_that_says_nothing_is_ended_in_time"
grep -q '^cont$' "$dir/told" && ! sed '1,/^stop$/d' "$dir/told" | grep -q '^gva2gpa' && kill -0 $slow
is "vm_that_was_stopped_goes_on_whenever_it_answers"
kill $slow
wait $slow || true
ends once 3 2 && grep -q "before its first process, as QEMU ended with status 139" "$dir/once.output"
is "guest_that_dies_before_its_first_process_is_started_once_more"
ends always 125 2 && grep -q "before the command ended, as QEMU ended with status 139" "$dir/always.output"
is "and_no_third_time"
ends later 125 1
is "guest_that_dies_later_is_not_started_again"
