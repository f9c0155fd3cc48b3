// SPDX-License-Identifier: GPL-2.0-only
/*
 * Function entries through ftrace: handler and trampoline, and the ops they hang on.
 *
 * What is recorded is the return address of the fentry call, so clients that
 * step back by one call instruction land in the function that was entered, as
 * with the compiler's callbacks.
 *
 * Context: the handler runs wherever a traced function does, with preemption
 * as it is there. It calls nothing, so it cannot recurse and asks ftrace for
 * no protection. The rest is process context.
 * Locking: the caller's; kcov_functions.c holds its set_lock.
 * Lifetime: kcov_ftrace_unhook() returns when no handler runs any more.
 */
#include <linux/ftrace.h>
#include <linux/kernel.h>
#include <uapi/linux/kcov.h>

#include "kcov_cpu.h"
#include "kcov_internal.h"

static void record_entry(unsigned long ip, unsigned long parent_ip,
			 struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	if (!kcov_cpu_is_idle(pcs))
		kcov_trace_here(ip + MCOUNT_INSN_SIZE);
}

/* kcov_entry.S, what it leaves to C; @ip is the return address of the fentry call. */
void kcov_entry_rarely(unsigned long ip)
{
	kcov_trace_here(ip);
}

/*
 * With a trampoline of its own ftrace lets the functions call that where nobody else
 * wants to know of them. Any other user, as tracefs, a probe, BPF or a livepatch, makes
 * it call the handler there, and none is kept off by us.
 */
static struct ftrace_ops entry_ops = {
	.func = record_entry,
	.trampoline = (unsigned long)kcov_entry,
};

static bool registered;

/**
 * kcov_ftrace_hook() - call the handler at these functions and no others
 * @entries: ftrace locations
 * @count: how many, not 0: an ops without a filter is called at all functions
 *
 * Return: 0; EINVAL if one of them is no location (any more): then nothing is
 * changed; ENOMEM. After ENODEV ftrace has shut itself down and may go on
 * calling the handler.
 */
int kcov_ftrace_hook(unsigned long *entries, unsigned int count)
{
	int err = ftrace_set_filter_ips(&entry_ops, entries, count,
					/*remove=*/0, /*reset=*/1);

	if (err || registered)
		return err;
	err = register_ftrace_function(&entry_ops);
	registered = !err || err == -ENODEV;
	return err;
}

/* Return: 0, or an errno: then the handler is still called. */
int kcov_ftrace_unhook(void)
{
	int err = 0;

	if (registered)
		err = unregister_ftrace_function(&entry_ops);
	if (!err)
		registered = false;
	return err;
}

/* More functions; nothing to do while not hooked. */
int kcov_ftrace_add(unsigned long *entries, unsigned int count)
{
	if (!registered)
		return 0;
	return ftrace_set_filter_ips(&entry_ops, entries, count,
				     /*remove=*/0, /*reset=*/0);
}

/* Fewer functions, but not none; nothing to do while not hooked. */
int kcov_ftrace_remove(unsigned long *entries, unsigned int count)
{
	if (!registered)
		return 0;
	return ftrace_set_filter_ips(&entry_ops, entries, count,
				     /*remove=*/1, /*reset=*/0);
}

/* At module exit. What ftrace still uses is not freed. */
void kcov_ftrace_cleanup(void)
{
	if (!registered)
		ftrace_free_filter(&entry_ops);
}
