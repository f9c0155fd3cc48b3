/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * 6.15 has no hrtimer_init() any more: what it did, and the function, is said by
 * one call. Kbuild looks for it in the header.
 */
#ifndef SAMPLE_TIMER_H
#define SAMPLE_TIMER_H

#include <linux/hrtimer.h>

static inline void sample_timer_setup(struct hrtimer *timer,
				      enum hrtimer_restart (*function)(struct hrtimer *),
				      enum hrtimer_mode mode)
{
#ifdef SAMPLE_HAVE_HRTIMER_SETUP
	hrtimer_setup(timer, function, CLOCK_MONOTONIC, mode);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, mode);
	timer->function = function;
#endif
}

#endif /* SAMPLE_TIMER_H */
