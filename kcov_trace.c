// SPDX-License-Identifier: GPL-2.0-only
/*
 * The compiler's callbacks, and nothing else.
 *
 * Context: any at all: instrumented code runs in tasks, interrupts and NMIs,
 * with user access open, under any lock.
 * Locking: none; see kcov_cpu.h.
 * Lifetime: an importing module pins this one.
 */
#include <linux/compiler.h>
#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <uapi/linux/kcov.h>

#include "kcov_cpu.h"
#include "kcov_internal.h"

/**
 * __sanitizer_cov_trace_pc() - a basic block was entered
 *
 * Put into every basic block by -fsanitize-coverage=trace-pc. Records the
 * return address, which is what every user of the buffer expects.
 */
void __sanitizer_cov_trace_pc(void)
{
	if (!kcov_cpu_is_idle(pcs))
		kcov_trace_here(_RET_IP_);
}
EXPORT_SYMBOL(__sanitizer_cov_trace_pc);

/*
 * An argument as wide as its operand, filled up with zeroes. What stands above
 * it in its register is anything where gcc has compiled the caller; clang, whose
 * callers clear it, would take it for zero.
 */
#define widened(argument) ({			\
	typeof(argument) narrow = (argument);	\
						\
	OPTIMIZER_HIDE_VAR(narrow);		\
	(u64)narrow;				\
})

/* A macro, so that nothing is loaded that nobody wants. */
#define compare(type, arg1, arg2) do {					\
	if (!kcov_cpu_is_idle(comparisons))				\
		kcov_compare_here(type, arg1, arg2,			\
				  _RET_IP_ - kcov_kaslr_offset);	\
} while (0)

/*
 * Two values are about to be compared: put before each comparison of integers
 * by -fsanitize-coverage=trace-cmp.
 */
void __sanitizer_cov_trace_cmp1(u8 arg1, u8 arg2)
{
	compare(KCOV_CMP_SIZE(0), widened(arg1), widened(arg2));
}
EXPORT_SYMBOL(__sanitizer_cov_trace_cmp1);

void __sanitizer_cov_trace_cmp2(u16 arg1, u16 arg2)
{
	compare(KCOV_CMP_SIZE(1), widened(arg1), widened(arg2));
}
EXPORT_SYMBOL(__sanitizer_cov_trace_cmp2);

void __sanitizer_cov_trace_cmp4(u32 arg1, u32 arg2)
{
	compare(KCOV_CMP_SIZE(2), widened(arg1), widened(arg2));
}
EXPORT_SYMBOL(__sanitizer_cov_trace_cmp4);

void __sanitizer_cov_trace_cmp8(unsigned long arg1, unsigned long arg2)
{
	compare(KCOV_CMP_SIZE(3), arg1, arg2);
}
EXPORT_SYMBOL(__sanitizer_cov_trace_cmp8);

/* The same where the first value is a constant of the source. */
void __sanitizer_cov_trace_const_cmp1(u8 arg1, u8 arg2)
{
	compare(KCOV_CMP_CONST | KCOV_CMP_SIZE(0), widened(arg1), widened(arg2));
}
EXPORT_SYMBOL(__sanitizer_cov_trace_const_cmp1);

void __sanitizer_cov_trace_const_cmp2(u16 arg1, u16 arg2)
{
	compare(KCOV_CMP_CONST | KCOV_CMP_SIZE(1), widened(arg1), widened(arg2));
}
EXPORT_SYMBOL(__sanitizer_cov_trace_const_cmp2);

void __sanitizer_cov_trace_const_cmp4(u32 arg1, u32 arg2)
{
	compare(KCOV_CMP_CONST | KCOV_CMP_SIZE(2), widened(arg1), widened(arg2));
}
EXPORT_SYMBOL(__sanitizer_cov_trace_const_cmp4);

void __sanitizer_cov_trace_const_cmp8(unsigned long arg1, unsigned long arg2)
{
	compare(KCOV_CMP_CONST | KCOV_CMP_SIZE(3), arg1, arg2);
}
EXPORT_SYMBOL(__sanitizer_cov_trace_const_cmp8);

/* The compiler's table of a switch statement. */
struct switch_table {
	u64 count;
	u64 bits;	/* width of the operand */
	u64 constants[];
};

/* Width of an operand in bits to its type of record. */
static __always_inline bool switch_type(u64 bits, u64 *type)
{
	switch (bits) {
	case 8:
		*type = KCOV_CMP_CONST | KCOV_CMP_SIZE(0);
		return true;
	case 16:
		*type = KCOV_CMP_CONST | KCOV_CMP_SIZE(1);
		return true;
	case 32:
		*type = KCOV_CMP_CONST | KCOV_CMP_SIZE(2);
		return true;
	case 64:
		*type = KCOV_CMP_CONST | KCOV_CMP_SIZE(3);
		return true;
	default:
		return false;
	}
}

/**
 * __sanitizer_cov_trace_switch() - a switch statement is about to choose
 * @val: what it switches on
 * @table: the compiler's struct switch_table
 *
 * A comparison with each case's constant, though the machine may make none.
 */
void __sanitizer_cov_trace_switch(unsigned long val, void *table)
{
	const struct switch_table *cases = table;
	u64 type, pc, i;

	if (kcov_cpu_is_idle(comparisons) || !switch_type(cases->bits, &type))
		return;
	pc = _RET_IP_ - kcov_kaslr_offset;
	if (likely(kcov_context_is_task())) {
		u64 *area = this_cpu_read(kcov_cpu.comparisons);

		for (i = 0; i < cases->count; i++)
			kcov_compare_in_task(area, type, cases->constants[i],
					     val, pc);
	} else {
		for (i = 0; i < cases->count; i++)
			kcov_compare_rarely(type, cases->constants[i], val, pc);
	}
}
EXPORT_SYMBOL(__sanitizer_cov_trace_switch);
