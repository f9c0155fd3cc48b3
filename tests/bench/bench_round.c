// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rounds: a loop run by as many tasks at once as were asked for, each on a CPU
 * of its own, and timed from when the first begins to when the last has ended.
 *
 * Where all virtual CPUs share one clock that counts the instructions of each,
 * these are the instructions of all of them together. Who waits does so with
 * cpu_relax(), at which the emulator goes on to the next CPU.
 *
 * Context: tasks. The loop runs with interrupts off: an interrupt, too, takes
 * instructions.
 * Locking: gates let nobody pass before all have come. The first one is passed
 * with interrupts on: whoever is not there yet may need an answer from the CPUs
 * of those who are, and may never come. Nothing keeps anybody from the others.
 * Lifetime: none.
 */
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/irqflags.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <asm/msr.h>

#include "bench.h"

static DEFINE_RAW_SPINLOCK(times_lock);
static u64 first, last;		/* of one round; under times_lock */

static unsigned int parties = 1;
static atomic_t arrivals;	/* at all gates of all rounds with so many */

static bool may_pass(unsigned int arrival)
{
	const unsigned int all = arrival - arrival % parties + parties;

	return (unsigned int)atomic_read(&arrivals) >= all;
}

static void pass_gate(void)
{
	const unsigned int arrival = atomic_fetch_inc(&arrivals);

	while (!may_pass(arrival))
		cpu_relax();
}

/* Leaves the round unusable, for bench_round_set(), if somebody is killed here. */
static int enter(void)
{
	const unsigned int arrival = atomic_fetch_inc(&arrivals);

	while (!may_pass(arrival)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		cpu_relax();
	}
	return 0;
}

static void forget_times(void)
{
	raw_spin_lock(&times_lock);
	first = U64_MAX;
	last = 0;
	raw_spin_unlock(&times_lock);
}

static void add_times(u64 start, u64 end)
{
	raw_spin_lock(&times_lock);
	first = min(first, start);
	last = max(last, end);
	raw_spin_unlock(&times_lock);
}

static void time_loop(void (*run)(unsigned long count), unsigned long count)
{
	u64 start, end;

	forget_times();
	pass_gate();
	start = rdtsc_ordered();
	run(count);
	end = rdtsc_ordered();
	pass_gate();
	add_times(start, end);
}

/**
 * bench_round_run() - a party's part in a round
 * @run: the loop
 * @count: how many turns
 *
 * Return: 0, or -EINTR if the caller was killed before all had come.
 */
int bench_round_run(void (*run)(unsigned long count), unsigned long count)
{
	unsigned long flags;
	const int err = enter();

	if (err)
		return err;
	local_irq_save(flags);
	time_loop(run, count);
	local_irq_restore(flags);
	return 0;
}

/* Ticks of the round before, once all its parties are back. */
u64 bench_round_ticks(void)
{
	u64 ticks;

	raw_spin_lock(&times_lock);
	ticks = last - first;
	raw_spin_unlock(&times_lock);
	return ticks;
}

/* How many make a round from now on; while none is under way. */
void bench_round_set(unsigned int count)
{
	parties = count;
	atomic_set(&arrivals, 0);
}

unsigned int bench_round_parties(void)
{
	return parties;
}
