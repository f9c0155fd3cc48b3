// SPDX-License-Identifier: GPL-2.0-only
/*
 * Common handles of children: once somebody has had a common handle, forks are
 * watched, and a child gets the number that its parent has.
 *
 * The task_newtask tracepoint, at the end of a fork and before the child runs:
 * unlike sched_process_fork it sees io_uring's threads, too.
 *
 * Context: the probe runs in the parent, with preemption off but on 7.3; the
 * rest is process context.
 * Locking: inherit_lock.
 * Lifetime: like exits, forks are watched until everything is disarmed: fuzzers
 * enable and disable all day.
 */
#include <linux/errno.h>
#include <linux/mutex.h>
#include <linux/tracepoint.h>
#include <trace/events/task.h>

#include "kcov_internal.h"

static DEFINE_MUTEX(inherit_lock);
static struct tracepoint *newtask;	/* under inherit_lock */
static bool watching;			/* under inherit_lock */

static void probe_newtask(KCOV_NEWTASK_ARGS)
{
	struct kcov_recorder *rec;
	struct kcov_set *set;
	unsigned long flags;

	local_irq_save(flags);
	/* The work that is queued when little is left is not the parent's. */
	rec = kcov_task_pause();
	set = kcov_tree_child();
	if (!kcov_task_inherit(child, set) && set)
		kcov_tree_return(set);
	kcov_task_go_on(rec);
	local_irq_restore(flags);
}

static int watch_forks(void)
{
	int err;

	check_trace_callback_type_task_newtask(probe_newtask);
	if (!newtask)
		newtask = kcov_tracepoint_find("task_newtask");
	if (!newtask)
		return -EOPNOTSUPP;
	err = kcov_pool_fill();
	if (err)
		return err;
	return tracepoint_probe_register(newtask, probe_newtask, NULL);
}

/**
 * kcov_inherit_start() - children inherit common handles from now on
 *
 * Return: 0, also if they do already, or an errno.
 */
int kcov_inherit_start(void)
{
	int err = 0;

	mutex_lock(&inherit_lock);
	if (!watching)
		err = watch_forks();
	if (!err)
		watching = true;
	mutex_unlock(&inherit_lock);
	return err;
}

/* When this returns no fork is looked at. */
void kcov_inherit_stop(void)
{
	mutex_lock(&inherit_lock);
	if (watching) {
		tracepoint_probe_unregister(newtask, probe_newtask, NULL);
		tracepoint_synchronize_unregister();
		watching = false;
	}
	mutex_unlock(&inherit_lock);
}
