// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loops that are timed: each calls one thing as often as it is told.
 *
 * All are the same loop, so what one without a body takes can be subtracted.
 * A call, its arguments and its return stay: they are part of what they call.
 * Nothing here has callbacks.
 *
 * Context: a task, with interrupts off but for sections and switches.
 * Locking: none. Lifetime: the module's.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/fs.h>
#include <linux/kcov.h>

#include "bench.h"

u64 bench_handle;

/* As the compiler lays them out: number of cases, bits of the operand, cases. */
static unsigned long table_of_8[] = {
	8, 32, 1, 2, 3, 4, 5, 6, 7, 8,
};

static unsigned long table_of_16[] = {
	16, 32, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
};

static __always_inline void five_pcs(void)
{
	__sanitizer_cov_trace_pc();
	__sanitizer_cov_trace_pc();
	__sanitizer_cov_trace_pc();
	__sanitizer_cov_trace_pc();
	__sanitizer_cov_trace_pc();
}

static __always_inline void section_of_0(void)
{
	kcov_remote_start(bench_handle);
	kcov_remote_stop();
}

static __always_inline void section_of_1(void)
{
	kcov_remote_start(bench_handle);
	__sanitizer_cov_trace_pc();
	kcov_remote_stop();
}

static __always_inline void section_of_10(void)
{
	kcov_remote_start(bench_handle);
	five_pcs();
	five_pcs();
	kcov_remote_stop();
}

static atomic_t tickets, served;

/*
 * What a callback must not be like: a lock that all CPUs share, for which they
 * wait in turn. Where the kernel knows of an emulator, its own locks are not fair,
 * and cost nearly nothing there.
 */
static __always_inline void take_turns(void)
{
	const int ticket = atomic_fetch_inc(&tickets);

	while (atomic_read(&served) != ticket)
		cpu_relax();
	atomic_inc(&served);
}

#define LOOP(name, body)						\
static void loop_##name(unsigned long count)				\
{									\
	for (; count; count--)						\
		body;							\
}

LOOP(nothing, barrier())
LOOP(pc, __sanitizer_cov_trace_pc())
LOOP(cmp1, __sanitizer_cov_trace_cmp1(1, 2))
LOOP(cmp2, __sanitizer_cov_trace_cmp2(1, 2))
LOOP(cmp4, __sanitizer_cov_trace_cmp4(1, 2))
LOOP(cmp8, __sanitizer_cov_trace_cmp8(1, 2))
LOOP(const_cmp1, __sanitizer_cov_trace_const_cmp1(1, 2))
LOOP(const_cmp2, __sanitizer_cov_trace_const_cmp2(1, 2))
LOOP(const_cmp4, __sanitizer_cov_trace_const_cmp4(1, 2))
LOOP(const_cmp8, __sanitizer_cov_trace_const_cmp8(1, 2))
LOOP(switch8, __sanitizer_cov_trace_switch(9, table_of_8))
LOOP(switch16, __sanitizer_cov_trace_switch(17, table_of_16))
LOOP(code, bench_code_parse("12,-7,300,x"))
/* A function of the kernel that is covered and does nothing. */
LOOP(entry, noop_fsync(NULL, 0, 0, 0))
LOOP(shared, take_turns())
LOOP(section0, section_of_0())
LOOP(section1, section_of_1())
LOOP(section10, section_of_10())

struct bench_loop bench_loops[] = {
	{ .name = "nothing", .run = loop_nothing },
	{ .name = "pc", .run = loop_pc },
	{ .name = "cmp1", .run = loop_cmp1 },
	{ .name = "cmp2", .run = loop_cmp2 },
	{ .name = "cmp4", .run = loop_cmp4 },
	{ .name = "cmp8", .run = loop_cmp8 },
	{ .name = "const_cmp1", .run = loop_const_cmp1 },
	{ .name = "const_cmp2", .run = loop_const_cmp2 },
	{ .name = "const_cmp4", .run = loop_const_cmp4 },
	{ .name = "const_cmp8", .run = loop_const_cmp8 },
	{ .name = "switch8", .run = loop_switch8 },
	{ .name = "switch16", .run = loop_switch16 },
	{ .name = "code", .run = loop_code },
	{ .name = "entry", .run = loop_entry },
	{ .name = "shared", .run = loop_shared },
	{ .name = "section0", .run = loop_section0, .sleeps = true },
	{ .name = "section1", .run = loop_section1, .sleeps = true },
	{ .name = "section10", .run = loop_section10, .sleeps = true },
	{ .name = "switch", .run = bench_switch_loop, .sleeps = true },
	{ }
};
