// SPDX-License-Identifier: GPL-2.0-only
/*
 * Switches between the task that asks for them and a kernel thread: no system
 * call and no callback is on the way, only the scheduler.
 *
 * Context: a task that may sleep, one at a time.
 * Locking: turn says who goes on; whoever has it wakes the other after passing
 * it on.
 * Lifetime: the thread is there from module init to exit.
 */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#include "bench.h"

static struct task_struct *peer;
static struct task_struct *caller;
static struct task_struct *turn;	/* whose it is */

static void pass_to(struct task_struct *task)
{
	WRITE_ONCE(turn, task);
	wake_up_process(task);
}

static int answer(void *unused)
{
	for (;;) {
		/* Before looking, so that a wake-up from here on is seen. */
		set_current_state(TASK_IDLE);
		if (kthread_should_stop())
			break;
		if (READ_ONCE(turn) == current)
			pass_to(READ_ONCE(caller));
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static void there_and_back(void)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	pass_to(peer);
	while (READ_ONCE(turn) != current) {
		schedule();
		set_current_state(TASK_UNINTERRUPTIBLE);
	}
	__set_current_state(TASK_RUNNING);
}

/* Each time two switches and two wake-ups. */
void bench_switch_loop(unsigned long count)
{
	WRITE_ONCE(caller, current);
	for (; count; count--)
		there_and_back();
}

int bench_switch_setup(void)
{
	peer = kthread_run(answer, NULL, "kcov_bench");
	return PTR_ERR_OR_ZERO(peer);
}

void bench_switch_cleanup(void)
{
	kthread_stop(peer);
}
