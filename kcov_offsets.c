// SPDX-License-Identifier: GPL-2.0-only
/*
 * What kcov_entry.S must know of our structs and of the kernel's. It is compiled, but
 * not linked: Kbuild makes kcov_offsets.h of the assembly.
 */
#include <linux/kbuild.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/stddef.h>

#include "kcov_cpu.h"

static void __used offsets(void)
{
	OFFSET(KCOV_CPU_PCS, kcov_cpu, pcs);
	OFFSET(KCOV_CPU_CAPACITY, kcov_cpu, capacity);
	OFFSET(KCOV_CPU_REC, kcov_cpu, rec);

	OFFSET(KCOV_REC_AREA, kcov_recorder, area);
	OFFSET(KCOV_REC_CAPACITY, kcov_recorder, capacity);
	OFFSET(KCOV_REC_KIND, kcov_recorder, kind);
	OFFSET(KCOV_REC_DROPPED, kcov_recorder, dropped);
	DEFINE(KCOV_KIND_SET,
	       kcov_record_kind(KCOV_CONTEXT_TASK, KCOV_RECORD_SET));
	DEFINE(KCOV_HASH, (int)KCOV_RECORD_HASH);
	DEFINE(KCOV_HASH_SHIFT, KCOV_RECORD_HASH_SHIFT);

	DEFINE(KCOV_CONTEXT_BITS, KCOV_PREEMPT_BITS);
#ifdef CONFIG_PREEMPT_RT
	DEFINE(KCOV_SOFTIRQ_BIT, SOFTIRQ_OFFSET);
	OFFSET(KCOV_TASK_SOFTIRQS, task_struct, softirq_disable_cnt);
#endif
#ifdef KCOV_HAVE_PCPU_HOT
	OFFSET(KCOV_HOT_PREEMPT_COUNT, pcpu_hot, preempt_count);
	OFFSET(KCOV_HOT_CURRENT, pcpu_hot, current_task);
#endif
}
