# SPDX-License-Identifier: GPL-2.0-only
#
# The first report in a kernel's log, as the dashboards of fuzzers title it; nothing if there
# is none.
#
#   awk -f title.awk LOG
#
# A title is what went wrong and the function in which it did. That is RIP's, where registers
# were printed; else the first of the stack behind the report that does not belong to
# those who report.

# rule(REGEX, WHERE, TITLE, CUT): what a line looks like that is a report. WHERE is where its
# function is: in the line itself, with the registers, on the stack, or nowhere. Without a
# TITLE it is the line without CUT.
function rule(regex, where, title, cut)
{
	regexes[++rules] = regex
	wheres[rules] = where
	titles[rules] = title
	cuts[rules] = cut
}

BEGIN {
	rule("^BUG: KASAN: .* in .*\\+0x", "line", "", "^BUG: | in .*")
	rule("^BUG: KFENCE: .* in .*\\+0x", "line", "", "^BUG: | in .*")
	rule("^BUG: KCSAN: ", "nowhere", "", "^BUG: ")
	rule("^BUG: (kernel|unable to handle kernel) NULL pointer dereference", "registers",
		"BUG: unable to handle kernel NULL pointer dereference")
	rule("^BUG: unable to handle (page fault|kernel paging request)", "registers",
		"BUG: unable to handle kernel paging request")
	rule("^(Oops: )?general protection fault", "registers", "general protection fault")
	rule("^kernel BUG at ", "registers", "kernel BUG")
	rule("^(PANIC: |Oops: )?(double fault|divide error|invalid opcode|stack segment|int3|bounds|invalid TSS)[:,]",
		"registers", "", "^(PANIC|Oops): |[:,] .*")
	rule("^BUG: (IRQ|TASK)? ?stack guard page was hit", "registers", "stack guard page was hit")
	rule("BUG: soft lockup - CPU", "registers", "BUG: soft lockup")
	rule("Watchdog detected hard LOCKUP", "registers", "BUG: hard lockup")
	rule("INFO: rcu.* (self-)?detected .*stall", "registers", "INFO: rcu detected stall")
	rule("^INFO: task .* blocked for more than", "stack", "INFO: task hung")
	rule("^WARNING: possible (circular|recursive|irq lock inversion)", "stack", "possible deadlock")
	rule("^WARNING: (HARDIRQ|SOFTIRQ)-.*lock order detected", "stack", "possible deadlock")
	rule("^WARNING: inconsistent lock state", "stack", "inconsistent lock state")
	rule("^WARNING: suspicious RCU usage", "stack", "WARNING: suspicious RCU usage")
	rule("^WARNING: (bad unlock balance|held lock freed|lock held when|Nested lock)", "stack", "", "!.*")
	rule("^WARNING: .*\\+0x[0-9a-f]+/0x", "line", "WARNING")
	rule("^BUG: sleeping function called from invalid context", "stack",
		"BUG: sleeping function called from invalid context")
	rule("^BUG: scheduling while atomic", "stack", "BUG: scheduling while atomic")
	rule("^UBSAN: .* in ", "stack", "", " in .*")
	rule("^BUG: Bad page (state|map)", "stack", "", " in .*|:.*$")
	rule("^BUG: workqueue lockup", "nowhere", "BUG: workqueue lockup")
	rule("^INFO: trying to register non-static key", "stack", "INFO: trying to register non-static key")
	rule("^unregister_netdevice: waiting for .* to become free", "nowhere",
		"unregister_netdevice: waiting for DEV to become free")
	rule("^(BUG|Oops): ", "registers", "", " at .*")
	rule("^Kernel panic - not syncing: ", "nowhere", "", "^.*not syncing: ")

	# Those who report, wait or take a lock; it is who called them.
	reporters = "^(_*dump_stack.*|show_stack|sched_show_task|print_.*|_*report_.*|_*warn.*|panic|" \
		"check_panic_on_warn|_*kasan_.*|_*kcsan_.*|__tsan_.*|kfence_.*|.*ubsan.*|check_noncircular|check_deadlock|" \
		"check_prev_.*|validate_chain|_*lock_acquire.*|mark_.*|register_lock_class|lockdep_.*|" \
		"_*might_(sleep|resched|fault).*|__schedule_bug|_*schedule.*|preempt_schedule.*|io_schedule.*|" \
		"rcu_.*|_*sysvec_.*|asm_.*|nmi_.*|.*watchdog.*|.*hrtimer.*|tick_.*|update_process_times|bad_page.*|" \
		"handle_bug|exc_.*|oops_.*|_*die.*|bit_wait.*|_*wait_on_.*|out_of_line_wait.*|_*mutex_lock.*|" \
		"_*rwsem_.*|_*down_(read|write).*|_*down|_*wait_for_.*|do_wait_.*|msleep.*|_*raw_spin_.*)$"
}

function name(line)
{
	sub(/\+0x.*/, "", line)
	sub(/.*[^A-Za-z0-9_.$]/, "", line)
	# parts of a function that the compiler has made functions of
	sub(/\.(cold|isra|part|constprop|llvm).*$/, "", line)
	return line
}

function begin(i,    text)
{
	text = line
	gsub(cuts[i], "", text)
	title = titles[i] == "" ? text : titles[i]
	if (titles[i] == "" && line ~ /^Kernel panic/)
		title = "kernel panic: " text
	where = wheres[i]
	if (where == "line")
		in_function = name(line)
	access = line ~ /^BUG: KASAN/
}

# The log's own beginning of a line.
{
	sub(/\r$/, "")
	line = $0
	sub(/^(<[0-9]+>)?\[[ 0-9.]+\](\[ *[A-Za-z]+[0-9]+\])? /, "", line)
}

title == "" {
	for (i = 1; i <= rules && title == ""; i++)
		if (line ~ regexes[i])
			begin(i)
	next
}

# Of KASAN's a later line tells what it was.
access && line ~ /^(Read|Write) of size/ {
	sub(/ .*/, "", line)
	title = title " " line
	access = 0
}

where == "registers" && in_function == "" && line ~ /^RIP: 0010:.*\+0x/ { in_function = name(line) }
line ~ /^ *Call Trace:/ { in_stack = 1 }
in_stack && on_stack == "" && line ~ /^ +[A-Za-z_].*\+0x[0-9a-f]+\/0x/ && name(line) !~ reporters {
	on_stack = name(line)
}

END {
	if (title == "")
		exit
	if (in_function == "" && where != "nowhere")
		in_function = on_stack
	print title (in_function == "" ? "" : " in " in_function)
}
