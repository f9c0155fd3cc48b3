// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sections that are over when the verb is; see sections_file.c.
 *
 * Context: the writer's, a kthread's, a softirq's, a hard interrupt's.
 * Locking: run_lock of sections_file.c.
 * Lifetime: the errand is the module's.
 */
#include <linux/bottom_half.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/kcov.h>
#include <linux/kernel.h>
#include <linux/kthread.h>

#include "sample_timer.h"
#include "sections.h"

/* A lock-up that a test forgets to end is a mistake, and ends by itself. */
#define SPIN_MAX_S 10

static unsigned long visits;

noinline void sections_before(void)
{
	WRITE_ONCE(visits, visits + 1);
}

noinline void sections_inside(void)
{
	WRITE_ONCE(visits, visits + 2);
}

noinline void sections_behind(void)
{
	WRITE_ONCE(visits, visits + 3);
}

noinline void sections_in_hardirq(void)
{
	WRITE_ONCE(visits, visits + 4);
}

noinline void sections_outside(void)
{
	WRITE_ONCE(visits, visits + 5);
}

noinline void sections_roamed(void)
{
	WRITE_ONCE(visits, visits + 6);
}

/* The kernel's own name for it is empty without CONFIG_KCOV. */
#ifdef __clang__
#define WITHOUT_CALLBACKS __attribute__((no_sanitize("coverage")))
#else
#define WITHOUT_CALLBACKS __attribute__((no_sanitize_coverage))
#endif

/* Waits without a record. */
noinline WITHOUT_CALLBACKS void sections_spin_until(const bool *condition)
{
	unsigned long end = jiffies + SPIN_MAX_S * HZ;

	while (!READ_ONCE(*condition) && time_before(jiffies, end))
		cpu_relax();
}

/* Something done elsewhere, once. */
struct errand {
	void (*act)(u64 first, u64 second);
	u64 first, second;
	struct task_struct *from;
	bool on_top;	/* it interrupted @from */
	struct completion done;
	struct tasklet_struct tasklet;
	struct hrtimer timer;
};

static struct errand errand;

static void set_errand(void (*act)(u64 first, u64 second), u64 first, u64 second)
{
	errand.act = act;
	errand.first = first;
	errand.second = second;
	errand.from = current;
	errand.on_top = false;
	reinit_completion(&errand.done);
}

static void do_errand(void)
{
	errand.on_top = current == errand.from;
	errand.act(errand.first, errand.second);
}

static int errand_kthread(void *unused)
{
	do_errand();
	kthread_complete_and_exit(&errand.done, 0);
}

static int in_kthread(void (*act)(u64 first, u64 second), u64 first, u64 second)
{
	struct task_struct *task;

	set_errand(act, first, second);
	task = kthread_run(errand_kthread, NULL, "kcov_errand");
	if (IS_ERR(task))
		return PTR_ERR(task);
	wait_for_completion(&errand.done);
	return 0;
}

static void errand_tasklet(struct tasklet_struct *unused)
{
	do_errand();
	complete(&errand.done);
}

static int in_softirq_here(void (*act)(u64 first, u64 second), u64 first, u64 second)
{
	set_errand(act, first, second);
	local_bh_disable();
	tasklet_schedule(&errand.tasklet);
	local_bh_enable();
	wait_for_completion(&errand.done);
	tasklet_kill(&errand.tasklet);
	return 0;
}

static enum hrtimer_restart errand_timer(struct hrtimer *unused)
{
	do_errand();
	complete(&errand.done);
	return HRTIMER_NORESTART;
}

/* On top of the caller, who goes on when it is over. */
static void in_hardirq_here(void (*act)(u64 first, u64 second), u64 first, u64 second)
{
	set_errand(act, first, second);
	preempt_disable();
	hrtimer_start(&errand.timer, ns_to_ktime(10 * NSEC_PER_USEC),
		      HRTIMER_MODE_REL_PINNED_HARD);
	sections_spin_until(&errand.on_top);
	preempt_enable();
	wait_for_completion(&errand.done);
	hrtimer_cancel(&errand.timer);
}

static void act_usb(u64 bus, u64 unused)
{
	sections_outside();
	kcov_remote_start_usb(bus);
	sections_inside();
	kcov_remote_stop();
	sections_outside();
}

static void act_usb_softirq(u64 bus, u64 unused)
{
	sections_outside();
	kcov_remote_start_usb_softirq(bus);
	sections_inside();
	kcov_remote_stop_softirq();
	sections_outside();
}

static void act_section(u64 handle, u64 unused)
{
	kcov_remote_start(handle);
	sections_inside();
	kcov_remote_stop();
}

static void act_in_hardirq(u64 handle, u64 unused)
{
	kcov_remote_start(handle);
	sections_in_hardirq();
	kcov_remote_stop();
}

static void act_nested(u64 outer, u64 inner)
{
	kcov_remote_start(outer);
	sections_before();
	kcov_remote_start(inner);
	sections_inside();
	kcov_remote_stop();
	sections_behind();
	kcov_remote_stop();
	sections_outside();
}

static void act_start_on_top(u64 handle, u64 unused)
{
	if (!errand.on_top)
		return;
	kcov_remote_start(handle);
	sections_inside();
}

static void act_stop(u64 unused, u64 unused2)
{
	kcov_remote_stop();
	sections_behind();
}

int sections_run_usb(u64 bus, u64 unused)
{
	return in_kthread(act_usb, bus, 0);
}

int sections_run_usb_softirq(u64 bus, u64 unused)
{
	return in_softirq_here(act_usb_softirq, bus, 0);
}

int sections_run_usb_softirq_here(u64 bus, u64 unused)
{
	act_usb_softirq(bus, 0);
	return 0;
}

/* A softirq that waits for ksoftirqd already does not interrupt the writer. */
int sections_run_over(u64 handle, u64 unused)
{
	do {
		sections_before();
		in_softirq_here(act_section, handle, 0);
		sections_behind();
	} while (!errand.on_top);
	return 0;
}

int sections_run_interrupted(u64 handle, u64 handle2)
{
	kcov_remote_start(handle);
	sections_before();
	in_hardirq_here(act_in_hardirq, handle2, 0);
	sections_behind();
	kcov_remote_stop();
	return 0;
}

int sections_run_hard(u64 handle, u64 unused)
{
	sections_before();
	in_hardirq_here(act_in_hardirq, handle, 0);
	sections_behind();
	return 0;
}

int sections_run_nested(u64 outer, u64 inner)
{
	return in_kthread(act_nested, outer, inner);
}

int sections_run_nested_softirq(u64 outer, u64 inner)
{
	return in_softirq_here(act_nested, outer, inner);
}

int sections_run_start(u64 handle, u64 unused)
{
	kcov_remote_start(handle);
	sections_inside();
	return 0;
}

int sections_run_start_softirq(u64 handle, u64 unused)
{
	do
		in_softirq_here(act_start_on_top, handle, 0);
	while (!errand.on_top);
	return 0;
}

int sections_run_stop(u64 unused, u64 unused2)
{
	sections_before();
	act_stop(0, 0);
	return 0;
}

int sections_run_stop_kthread(u64 unused, u64 unused2)
{
	return in_kthread(act_stop, 0, 0);
}

int sections_run_stop_softirq(u64 unused, u64 unused2)
{
	do {
		sections_before();
		in_softirq_here(act_stop, 0, 0);
	} while (!errand.on_top);
	return 0;
}

void sections_once_setup(void)
{
	init_completion(&errand.done);
	tasklet_setup(&errand.tasklet, errand_tasklet);
	sample_timer_setup(&errand.timer, errand_timer, HRTIMER_MODE_REL_PINNED_HARD);
}
