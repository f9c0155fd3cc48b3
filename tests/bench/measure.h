/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the benchmark share.
 *
 * Runs in the VM, where the TSC counts instructions: what is timed here takes the same
 * number each time, but for an interrupt now and then, so the lowest of some tries is the
 * number. Or, as "measure time", where it counts time. One and the same program for kernels
 * with kcov.ko and with a kcov of their own.
 *
 *	measure.c		all of it in order; the module comes and goes here
 *	measure_sample.c	timing, rows, errors
 *	measure_other.c		a task that has something enabled while another is measured
 *	measure_callbacks.c	callbacks, function entries
 *	measure_tasks.c		sections, ioctls, switches, forks
 *	measure_calls.c		whole system calls
 *	measure_costs.c		memory, arming, read-out
 *	measure_cpus.c		several CPUs at once: another boot
 */
#ifndef MEASURE_H
#define MEASURE_H

#include "kcov_test.h"

/* What a row is for. */
enum row_kind {
	ROW_GUARDED,	/* on the hot path: must not grow from change to change */
	ROW_SHOWN,
};

/* As in KCOV_REMOTE_ENABLE; not of any user's. */
#define MEASURE_HANDLE		0x1aUL
#define MEASURE_OTHER_HANDLE	0x1bUL

#define MEASURE_FILES		"/sys/kernel/debug/kcov_bench/"

/* Ends the program, which then has failed. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* One row of the table; @what has no tab. */
void row(const char *name, enum row_kind kind, const char *unit, double value, const char *what);

/* The ticks that it takes to do something @count times. */
typedef unsigned long sampler(const void *data, unsigned long count);

void measure_time(void);
double per_event(sampler *sample, const void *data, unsigned long count);
unsigned long ticks(void);

/**
 * struct loop - one of kcov_bench.ko, in the state that the caller has made
 * @name: of its file
 * @t: descriptor whose count is set to 0 before each sample; NULL for none
 * @records: that each turn leaves there
 * @turns: how many make a sample, if not the usual number: few of what takes long, as
 *	   an interrupt must not come in each sample
 */
struct loop {
	const char *name;
	const struct kcov_test *t;
	unsigned int records;
	unsigned long turns;
};

double loop_cost(const struct loop *loop);
void run_checked(const struct loop *loop, unsigned long count);
unsigned long loop_ticks(const char *name);
unsigned int loop_records(const char *name, const struct kcov_test *t);

/* Those of kcov_test.h, but they end the program if it cannot be done. */
void make(struct kcov_test *t, size_t size);
void enable(const struct kcov_test *t, unsigned long mode);
void disable(const struct kcov_test *t);

/* Whether kcov.ko is there, not a kcov of the kernel's. */
bool is_ours(void);
void cover_functions(bool on);

/* A process that enables a descriptor of its parent's and sleeps. */
struct other {
	pid_t pid;
	int end;
};

void other_begin(struct other *other, const struct kcov_test *t, unsigned long handle);
void other_end(struct other *other);

/* Nobody has a descriptor. */
void measure_callbacks_idle(void);
void measure_sections_unused(void);
void measure_tasks_idle(void);

/* Another task traces, the caller does not. */
void measure_callbacks_other(void);
void measure_tasks_other(void);

/* The caller traces. */
void measure_callbacks(void);
void measure_sections(void);
void measure_tasks(void);
void measure_enabling(void);

/* @when is part of the rows' names, @state of what they say. */
void measure_calls(const struct kcov_test *t, const char *when, const char *state);

void measure_arming(struct kcov_test *keeper);
void measure_user_space(void);
void measure_memory(void);
void measure_disarming(void);

void measure_cpus(void);

#endif /* MEASURE_H */
