#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make repro, as far as it is text: titles of reports, verdicts, and words that are wrong.

set -u
cd "$(dirname "$0")/../.." || exit

mkdir -p build
work=$(mktemp -d "$PWD/build/test-repro.XXXXXX")
trap 'rm -rf "$work"' EXIT
unset SRC MODULES FIX STRACE LIMIT REPRO_CFLAGS
# shellcheck disable=SC1091 # looked at by itself
. tests/unit/tap.sh

# shellcheck disable=SC2317 # called by is
explain()
{
	echo "$said"
}

echo "1..$(grep -c '^is "\|^titled ' "$0")"

# --- titles -------------------------------------------------------------------------

# titled NAME TITLE: of the log on standard input, to which lines get a time as printk has it
titled()
{
	said=$(sed 's/^/[   12.345678] /' | awk -f tests/debugging/title.awk)
	[ "$said" = "$2" ]
	is "$1"
}

titled a_write_through_NULL "BUG: unable to handle kernel NULL pointer dereference in crash" <<'END'
BUG: kernel NULL pointer dereference, address: 0000000000000000
#PF: supervisor write access in kernel mode
RIP: 0010:crash+0x32/0x50 [kcov_crash]
Call Trace:
 fill_slots+0xd5/0xe0 [kcov_crash]
RIP: 0033:0x4313e9
RIP: 0010:other+0x32/0x50
END

titled an_address_that_is_not_mapped "BUG: unable to handle kernel paging request in ext4_iget" <<'END'
BUG: unable to handle page fault for address: ffffed1000000000
RIP: 0010:ext4_iget.part.0+0x32/0x50
END

titled a_fault_that_names_no_address "general protection fault in tcp_close" <<'END'
general protection fault, probably for non-canonical address 0xdffffc0000000000: 0000 [#1] SMP
KASAN: null-ptr-deref in range [0x0000000000000000-0x0000000000000007]
RIP: 0010:tcp_close+0x12/0x50
END

titled a_report_of_KASAN "KASAN: slab-out-of-bounds Read in nla_get" <<'END'
==================================================================
BUG: KASAN: slab-out-of-bounds in nla_get+0x12/0x50
Read of size 4 at addr ffff888012345678 by task program/123
Call Trace:
 dump_stack_lvl+0x12/0x50
END

titled a_warning "WARNING in trouble_warn" <<'END'
WARNING: CPU: 0 PID: 124 at tests/debugging/kcov_trouble.c:57 trouble_warn+0x1f/0x30 [kcov_trouble]
RIP: 0010:trouble_warn+0x1f/0x30 [kcov_trouble]
Kernel panic - not syncing: panic_on_warn set ...
END

titled an_assertion "kernel BUG in add_entry" <<'END'
kernel BUG at fs/foo.c:12!
invalid opcode: 0000 [#1] PREEMPT SMP
RIP: 0010:add_entry+0x1f/0x30
END

titled locks_in_two_orders "possible deadlock in second_first" <<'END'
======================================================
WARNING: possible circular locking dependency detected
Call Trace:
 <TASK>
 dump_stack_lvl+0x45/0x59
 check_noncircular+0xf0/0x110
 __lock_acquire+0x12/0x50
 lock_acquire+0x12/0x50
 __mutex_lock+0x12/0x50
 ? second_first+0x1/0x20
 second_first+0x12/0x20 [kcov_bad]
END

titled a_sleep_where_none_may_be "BUG: sleeping function called from invalid context in sleeps" <<'END'
BUG: sleeping function called from invalid context at mm/slab.h:12
Call Trace:
 dump_stack_lvl+0x45/0x59
 __might_resched.cold+0x1/0x20
 sleeps+0x12/0x20
END

titled a_task_that_hangs "INFO: task hung in trouble_sleep" <<'END'
INFO: task program:124 blocked for more than 20 seconds.
task:program         state:D stack:0     pid:124   ppid:122    flags:0x00000002
Call Trace:
 <TASK>
 __schedule+0x34d/0x9e0
 schedule+0x5a/0xd0
 trouble_sleep+0x21/0x30 [kcov_trouble]
END

titled a_CPU_that_spins "BUG: soft lockup in trouble_spin" <<'END'
watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [program:123]
RIP: 0010:trouble_spin+0x8/0x10 [kcov_trouble]
END

titled a_CPU_that_RCU_misses "INFO: rcu detected stall in trouble_spin" <<'END'
rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
RIP: 0010:trouble_spin+0x8/0x10 [kcov_trouble]
END

titled and_misses_itself "INFO: rcu detected stall in trouble_spin" <<'END'
rcu: INFO: rcu_preempt self-detected stall on CPU
RIP: 0010:trouble_spin+0x8/0x10 [kcov_trouble]
END

titled a_panic "kernel panic: as it was told" <<'END'
Kernel panic - not syncing: as it was told
CPU: 0 PID: 123 Comm: program
Call Trace:
 dump_stack_lvl+0x45/0x59
END

titled an_index_behind_its_array "UBSAN: array-index-out-of-bounds in get_slot" <<'END'
UBSAN: array-index-out-of-bounds in fs/foo.c:12:3
Call Trace:
 dump_stack_lvl+0x45/0x59
 __ubsan_handle_out_of_bounds+0x1/0x20
 get_slot+0x12/0x20
END

titled of_several_reports_the_first_counts "WARNING in first" <<'END'
WARNING: CPU: 0 PID: 124 at fs/foo.c:57 first+0x1f/0x30
BUG: kernel NULL pointer dereference, address: 0000000000000000
RIP: 0010:second+0x32/0x50
END

titled what_is_no_report_has_no_title "" <<'END'
program[124]: segfault at 0 ip 0000000000401000 sp 00007ffc error 6 in program[401000+1000]
Memory cgroup out of memory: Killed process 124 (program)
oom-kill:constraint=CONSTRAINT_MEMCG
warning: `program' uses wireless extensions
repro: a text of BUG: and Oops
sysrq: Show backtrace of all active CPUs
END

# --- verdicts -----------------------------------------------------------------------

# verdict STATUS END LOG
verdict()
{
	rm -f "$work"/*
	echo "$1" >"$work/status"
	[ -z "$2" ] || echo "$2" >"$work/end"
	printf '%s\n' "$3" >"$work/report.plain"
	said=$(tests/debugging/repro-verdict "$work" 60 2>&1)
}

says()
{
	[ "$said" = "$1" ]
}

verdict 0 "exit 3" ""
says "survived (the reproducer ended with status 3)"
is "who_ends_has_survived"

verdict 0 "signal 11" ""
says "survived (the reproducer was killed by SIGSEGV)"
is "who_dies_of_a_signal_has_too"

verdict 0 killed ""
says "survived (the reproducer ran for 60 s, LIMIT=, and was killed)"
is "and_who_was_killed"

verdict 0 "exit 0" "[    1.0] WARNING: CPU: 0 PID: 1 at a.c:1 here+0x1/0x2"
says "crashed: WARNING in here"
is "a_report_is_a_crash_though_the_reproducer_ended_well"

verdict 124 "" ""
says "hung: the machine does not answer any more"
is "a_machine_without_an_answer_hangs"

verdict 125 "" "[    1.0] reboot: Restarting system"
says "survived (the reproducer switched the machine off, or killed what watched it)"
is "a_machine_that_was_switched_off_is_no_crash"

verdict 125 "" ""
says "crashed: the machine was reset without a word"
is "one_that_was_reset_is"

verdict 0 "stuck 12 some program" ""
echo 'stack 12 [<0>] waits+0x1/0x20 [some]' >"$work/stuck"
said=$(tests/debugging/repro-verdict "$work" 60 2>&1)
says "hung: some program cannot be killed, in waits"
is "who_cannot_be_killed_hangs_where_its_stack_says"

# --- words --------------------------------------------------------------------------

# repro VARIABLE=VALUE...: it is to end before anything is booted
repro()
{
	said=$(env "$@" tests/debugging/repro try 2>&1)
	echo "status $?" >"$work/status"
}

refused()
{
	[ "$(cat "$work/status")" = "status 1" ] && grep -q -F -- "$1" <<<"$said"
}

repro X=
refused "which reproducer?"
is "no_reproducer_is_refused"

repro SRC=/nonexistent.c
refused "SRC=/nonexistent.c: no such file"
is "one_that_is_not_there_is_refused"

echo 'int main(void) { return nothing; }' >"$work/bad.c"
repro SRC="$work/bad.c"
refused "error:" && refused "bad.c cannot be compiled"
is "one_that_does_not_compile_is_refused_with_the_compiler_s_message"

repro SRC=tests/debugging/crash.c
[ "$(cat "$work/status")" = "status 0" ] && [ -z "$said" ]
is "one_that_compiles_is_not"

repro SRC=tests/debugging/crash.c LIMIT=0
refused "LIMIT=0: not a number of seconds"
is "no_time_is_refused"

repro SRC=tests/debugging/crash.c FIX=/nonexistent.ko
refused "FIX=/nonexistent.ko: no such file"
is "a_fix_that_is_not_there_is_refused"

# modules WORD...: what becomes of them, with a kernel and a cache made here
modules()
{
	mkdir -p "$work/out" "$work/cache/modules/none"
	: >"$work/mine.ko"
	: >"$work/cache/modules/none/built-in-cache.ko"
	said=$(KERNEL=none HOME=$work KCOV_CACHE=$work/cache MODULES="$*" \
		tests/debugging/repro-modules "$work/out" none 2>&1)
	echo "status $?" >"$work/status"
}

modules "$work/mine.ko" a=1 b=2 built_in_cache
said=$(cat "$work/out/order")
says "file mine.ko a=1 b=2
instrumented built_in_cache" && [ -e "$work/out/built-in-cache.ko" ]
is "modules_are_files_with_parameters_and_names"

modules a=1
refused "a=1: a parameter of nothing"
is "a_parameter_without_a_module_is_refused"

modules nobody.ko
refused "nobody.ko: no such file"
is "a_module_file_that_is_not_there_is_refused"

modules nobody
refused "kernel none has no module nobody"
is "a_name_that_is_no_module_is_refused"
