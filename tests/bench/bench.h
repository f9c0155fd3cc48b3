/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the files of kcov_bench.ko.
 */
#ifndef BENCH_H
#define BENCH_H

#include <linux/types.h>

/**
 * struct bench_loop - one thing done many times
 * @name: of its file in debugfs
 * @run: does it @count times
 * @sleeps: cannot run with interrupts off, nor on several CPUs at once
 * @ticks: of the TSC, that the last run took, if it sleeps; under run_lock of
 *         bench_file.c
 */
struct bench_loop {
	const char *name;
	void (*run)(unsigned long count);
	bool sleeps;
	u64 ticks;
};

/* The handle of loops that make sections. */
extern u64 bench_handle;

/* Ends with one without a name. */
extern struct bench_loop bench_loops[];

u32 bench_code_parse(const char *text);

int bench_round_run(void (*run)(unsigned long count), unsigned long count);
u64 bench_round_ticks(void);
void bench_round_set(unsigned int count);
unsigned int bench_round_parties(void);

int bench_switch_setup(void);
void bench_switch_cleanup(void);
void bench_switch_loop(unsigned long count);

/* What the compiler calls; not all kernels with a kcov have these in a header. */
void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_cmp1(u8 arg1, u8 arg2);
void __sanitizer_cov_trace_cmp2(u16 arg1, u16 arg2);
void __sanitizer_cov_trace_cmp4(u32 arg1, u32 arg2);
void __sanitizer_cov_trace_cmp8(unsigned long arg1, unsigned long arg2);
void __sanitizer_cov_trace_const_cmp1(u8 arg1, u8 arg2);
void __sanitizer_cov_trace_const_cmp2(u16 arg1, u16 arg2);
void __sanitizer_cov_trace_const_cmp4(u32 arg1, u32 arg2);
void __sanitizer_cov_trace_const_cmp8(unsigned long arg1, unsigned long arg2);
void __sanitizer_cov_trace_switch(unsigned long val, void *cases);

#endif
