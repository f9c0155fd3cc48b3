// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the scheduler tells us: that tasks switch, and that they exit.
 *
 * Two back ends for each, chosen in kcov_compat.h. Switches: preempt notifiers
 * (their code is with the entries of tasks in kcov_task.c, here is only what
 * turns them on) or the sched_switch tracepoint. Exits: an ftrace_ops of its
 * own on do_exit(), or the sched_process_exit tracepoint.
 *
 * Context: the exit hook runs in the exiting task with preemption on, and must
 * not sleep; so does the probe of exits, with preemption off but on 7.3; that
 * of sched_switch has the run queue locked.
 * Locking: arm and disarm are called under arm_lock.
 * Lifetime: between arm and disarm only; each disarm waits until no probe of
 * it can still run.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ftrace.h>
#include <linux/kernel.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>

#include "kcov_internal.h"

#ifdef KCOV_SWITCH_NOTIFIER
static int setup_switches(void)
{
	return 0;
}

static int arm_switches(void)
{
	preempt_notifier_inc();
	return 0;
}

static void disarm_switches(void)
{
	preempt_notifier_dec();
}
#else
static struct tracepoint *switch_tracepoint;

static void probe_switch(void *data, bool preempt, struct task_struct *prev,
			 struct task_struct *next, unsigned int prev_state)
{
	kcov_task_switch(next);
}

static int setup_switches(void)
{
	check_trace_callback_type_sched_switch(probe_switch);
	switch_tracepoint = kcov_tracepoint_find("sched_switch");
	return switch_tracepoint ? 0 : -ENODEV;
}

static int arm_switches(void)
{
	return tracepoint_probe_register(switch_tracepoint, probe_switch, NULL);
}

static void disarm_switches(void)
{
	tracepoint_probe_unregister(switch_tracepoint, probe_switch, NULL);
	tracepoint_synchronize_unregister();
}
#endif

/*
 * Inside out: a section lies over what the task records by itself. What may
 * queue work comes when nothing is recorded any more.
 */
static void end_current(void)
{
	if (!kcov_task_here())
		return;
	kcov_section_exit();
	kcov_tree_leave(NULL);
	kcov_bind_exit();
	kcov_remote_exit();
}

#ifdef KCOV_EXIT_FTRACE
/*
 * No recursion protection is asked for: do_exit() does not call itself from
 * here. It may be entered with preemption on.
 */
static void hook_exit(unsigned long ip, unsigned long parent_ip,
		      struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	preempt_disable_notrace();
	end_current();
	preempt_enable_notrace();
}

/*
 * Permanent: kernel.ftrace_enabled=0 would take any other ops away without a
 * word, and a task that exits unseen leaves its binding behind.
 */
static struct ftrace_ops exit_ops = {
	.func = hook_exit,
	.flags = FTRACE_OPS_FL_PERMANENT,
};

/*
 * By its address: on 6.1 a filter by name that gets no memory for the function
 * is answered with 0 and left empty, which to ftrace means all functions.
 */
static int setup_exits(void)
{
	unsigned long address = kcov_symbol_address("do_exit");
	int err = address ? ftrace_set_filter_ip(&exit_ops, address, 0, 1) :
			    -ENOENT;

	if (err && err != -ENOMEM)
		pr_err("do_exit() cannot be traced on this kernel (%d): exits would not be seen; run a kernel with CONFIG_FUNCTION_TRACER=y\n",
		       err);
	return err;
}

static bool exits_hooked;

static int arm_exits(void)
{
	int err = register_ftrace_function(&exit_ops);

	exits_hooked = !err || err == -ENODEV;
	return err;
}

/* Fails once ftrace has shut itself down; then the hook stays for good. */
static int disarm_exits(void)
{
	int err = unregister_ftrace_function(&exit_ops);

	exits_hooked = err;
	return err;
}

/* What ftrace still uses is not freed. */
static void cleanup_exits(void)
{
	if (!exits_hooked)
		ftrace_free_filter(&exit_ops);
}
#else
static struct tracepoint *exit_tracepoint;

static void probe_exit(KCOV_EXIT_ARGS)
{
	end_current();
}

static int setup_exits(void)
{
	check_trace_callback_type_sched_process_exit(probe_exit);
	exit_tracepoint = kcov_tracepoint_find("sched_process_exit");
	return exit_tracepoint ? 0 : -ENODEV;
}

static int arm_exits(void)
{
	return tracepoint_probe_register(exit_tracepoint, probe_exit, NULL);
}

static int disarm_exits(void)
{
	tracepoint_probe_unregister(exit_tracepoint, probe_exit, NULL);
	tracepoint_synchronize_unregister();
	return 0;
}

static void cleanup_exits(void)
{
}
#endif

/* Once, at module init: finds what arm needs. */
int __init kcov_sched_setup(void)
{
	int err = setup_switches();

	return err ? err : setup_exits();
}

void kcov_sched_cleanup(void)
{
	cleanup_exits();
}

/**
 * kcov_sched_arm() - see switches and exits from now on
 *
 * Exits first: a binding must never exist whose end would be missed.
 *
 * Return: 0 or an errno; then nothing is armed, but for -ENODEV: ftrace has
 * shut itself down and may go on calling the exit hook.
 */
int kcov_sched_arm(void)
{
	int err = arm_exits();

	if (err)
		return err;
	err = arm_switches();
	if (err && disarm_exits())
		return -ENODEV;
	return err;
}

/**
 * kcov_sched_disarm() - no task is bound any more
 *
 * Return: 0, or an errno: then the exit hook is still called, and switches are
 * still seen.
 */
int kcov_sched_disarm(void)
{
	int err = disarm_exits();

	/* What stays armed stays so as a whole: the next user asks for nothing. */
	if (!err)
		disarm_switches();
	return err;
}
