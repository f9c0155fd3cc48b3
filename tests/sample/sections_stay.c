// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sections that stay until they are told to end; see sections_file.c.
 *
 * Context: kthreads, and a softirq on a CPU of its own.
 * Locking: run_lock of sections_file.c for who is there; completions order the
 * rest.
 * Lifetime: sections_stay_cleanup() ends what is left.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/kcov.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "sections.h"

enum order {
	ROAM,
	END,
	LEAVE,
};

static struct keeper {
	bool there;
	u64 handle;
	enum order order;
	struct completion given, done;
} keepers[80];

static void roam(void)
{
	int cpu;

	for_each_online_cpu(cpu) {
		set_cpus_allowed_ptr(current, cpumask_of(cpu));
		usleep_range(20, 200);
		sections_roamed();
	}
}

static int keep_section(void *data)
{
	struct keeper *keeper = data;

	kcov_remote_start(keeper->handle);
	sections_inside();
	do {
		complete(&keeper->done);
		wait_for_completion(&keeper->given);
		if (keeper->order == ROAM)
			roam();
	} while (keeper->order == ROAM);
	if (keeper->order == END)
		kcov_remote_stop();
	kthread_complete_and_exit(&keeper->done, 0);
}

static struct keeper *find_keeper(u64 number, bool there)
{
	if (number >= ARRAY_SIZE(keepers) || keepers[number].there != there)
		return NULL;
	return &keepers[number];
}

int sections_run_begin(u64 number, u64 handle)
{
	struct keeper *keeper = find_keeper(number, false);
	struct task_struct *task;

	if (!keeper)
		return -EINVAL;
	keeper->handle = handle;
	init_completion(&keeper->given);
	init_completion(&keeper->done);
	task = kthread_run(keep_section, keeper, "kcov_keeper");
	if (IS_ERR(task))
		return PTR_ERR(task);
	keeper->there = true;
	wait_for_completion(&keeper->done);
	return 0;
}

static int give_order(u64 number, enum order order)
{
	struct keeper *keeper = find_keeper(number, true);

	if (!keeper)
		return -EINVAL;
	keeper->order = order;
	keeper->there = order == ROAM;
	complete(&keeper->given);
	wait_for_completion(&keeper->done);
	return 0;
}

int sections_run_roam(u64 number, u64 unused)
{
	return give_order(number, ROAM);
}

int sections_run_end(u64 number, u64 unused)
{
	return give_order(number, END);
}

int sections_run_leave(u64 number, u64 unused)
{
	return give_order(number, LEAVE);
}

static bool released = true;
static u64 held_handle;
static struct completion held;

static void hold_section(struct tasklet_struct *unused)
{
	kcov_remote_start(held_handle);
	sections_inside();
	complete(&held);
	sections_spin_until(&released);
	kcov_remote_stop();
	complete(&held);
}

static DECLARE_TASKLET(holder, hold_section);

static void schedule_holder(void *unused)
{
	tasklet_schedule(&holder);
}

int sections_run_hold(u64 handle, u64 unused)
{
	int cpu;

	if (!released)
		return -EBUSY;
	cpu = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());
	if (cpu >= nr_cpu_ids)
		return -ENODEV;
	held_handle = handle;
	init_completion(&held);
	WRITE_ONCE(released, false);
	smp_call_function_single(cpu, schedule_holder, NULL, /*wait=*/1);
	wait_for_completion(&held);
	return 0;
}

int sections_run_release(u64 unused, u64 unused2)
{
	if (released)
		return -EINVAL;
	WRITE_ONCE(released, true);
	wait_for_completion(&held);
	tasklet_kill(&holder);
	return 0;
}

void sections_stay_cleanup(void)
{
	u64 number;

	sections_run_release(0, 0);
	for (number = 0; number < ARRAY_SIZE(keepers); number++)
		sections_run_end(number, 0);
}
