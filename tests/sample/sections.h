/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the files of kcov_sections.ko: the functions that stand for code at a
 * place, and the verbs.
 */
#ifndef SECTIONS_H
#define SECTIONS_H

#include <linux/types.h>

void sections_before(void);
void sections_inside(void);
void sections_behind(void);
void sections_in_hardirq(void);
void sections_outside(void);
void sections_roamed(void);
void sections_spin_until(const bool *condition);

/* Each answers 0 or an errno. */
int sections_run_usb(u64 first, u64 second);
int sections_run_usb_softirq(u64 first, u64 second);
int sections_run_usb_softirq_here(u64 first, u64 second);
int sections_run_over(u64 first, u64 second);
int sections_run_interrupted(u64 first, u64 second);
int sections_run_hard(u64 first, u64 second);
int sections_run_nested(u64 first, u64 second);
int sections_run_nested_softirq(u64 first, u64 second);
int sections_run_start(u64 first, u64 second);
int sections_run_start_softirq(u64 first, u64 second);
int sections_run_stop(u64 first, u64 second);
int sections_run_stop_kthread(u64 first, u64 second);
int sections_run_stop_softirq(u64 first, u64 second);
int sections_run_begin(u64 first, u64 second);
int sections_run_roam(u64 first, u64 second);
int sections_run_end(u64 first, u64 second);
int sections_run_leave(u64 first, u64 second);
int sections_run_hold(u64 first, u64 second);
int sections_run_release(u64 first, u64 second);
void sections_once_setup(void);
void sections_stay_cleanup(void);

#endif /* SECTIONS_H */
