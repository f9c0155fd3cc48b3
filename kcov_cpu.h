/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the callbacks of a CPU look at, and what they do: the hot path.
 *
 * Nearly every record is that of a task that records its own code one after the
 * other into a buffer. For that the CPU has the buffer and its length at hand, so a
 * callback asks three things: does anybody record, is this a task, is there room.
 * All else, as sections of softirqs, sets, or a full buffer, shows as a buffer
 * without room, and is asked for behind that.
 *
 * Context: any at all: callbacks and function entries.
 * Locking: none; each CPU writes its own, in kcov_task.c, with interrupts off.
 * Lifetime: struct kcov_recorder.
 *
 * What a task finds here is its own, or nobody's, or, where a softirq has left its
 * section without the stop, that section's, which is none for tasks. It may be
 * preempted between two loads, and go on where something else of these three is:
 *  - @pcs and @comparisons always point at a count that can be read;
 *  - @capacity is not changed but for the task that runs, so whoever has loaded a
 *    buffer finds its length;
 *  - kcov_full has no room, whatever @capacity says.
 */
#ifndef KCOV_CPU_H
#define KCOV_CPU_H

#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/percpu.h>
#include <uapi/linux/kcov.h>

#include "kcov_compat.h"
#include "kcov_record.h"

/**
 * struct kcov_cpu - what the current context of this CPU records into
 * @pcs: where a program counter goes, or one of kcov_full
 * @comparisons: where a comparison goes, or one of kcov_full
 * @capacity: of the one that is a buffer
 * @rec: all about it; never NULL
 *
 * In a line of its own: nobody else writes there.
 */
struct kcov_cpu {
	u64 *pcs;
	u64 *comparisons;
	u64 capacity;
	struct kcov_recorder *rec;
} ____cacheline_aligned;

DECLARE_PER_CPU(struct kcov_cpu, kcov_cpu);

static_assert(sizeof(struct kcov_cpu) == L1_CACHE_BYTES);

/* How far the kernel was moved; set before anything records. */
extern unsigned long kcov_kaslr_offset;

/* Buffers without room, which nobody writes: the first says that nobody records. */
extern const u64 kcov_full[2];

#define KCOV_NOBODY ((u64 *)&kcov_full[0])
#define KCOV_ASK ((u64 *)&kcov_full[1])	/* @rec tells */

/**
 * kcov_cpu_aim() - decide what a CPU will show of a recorder
 * @rec: its area, mode and kind are as they will be when it is shown
 *
 * Callbacks can do without the recorder if it has a buffer and is a task's.
 */
static inline void kcov_cpu_aim(struct kcov_recorder *rec)
{
	bool is_task = rec->kind == kcov_record_kind(KCOV_CONTEXT_TASK, rec->mode);
	bool is_plain = is_task && rec->mode != KCOV_RECORD_SET;
	bool compares = rec->mode == KCOV_TRACE_CMP;
	u64 *area = is_plain ? rec->area : KCOV_ASK;

	rec->pcs = compares ? KCOV_NOBODY : area;
	rec->comparisons = compares ? area : KCOV_NOBODY;
}

/*
 * The compiler would load first and compare then: one instruction more in each
 * callback. In C it is what stands behind the #else.
 */
#ifdef KCOV_CPU_ASM
#define kcov_cpu_is_idle(field) ({					\
	bool idle;							\
									\
	asm volatile("cmpq %[nobody], " __percpu_arg([mine])		\
		     : "=@cce" (idle)					\
		     : [mine] "m" (KCOV_THIS_CPU(kcov_cpu.field)),	\
		       [nobody] "i" (kcov_full));			\
	idle;								\
})

static __always_inline bool kcov_cpu_has_room(u64 count)
{
	bool has_room;

	asm volatile("cmpq " __percpu_arg([capacity]) ", %[count]"
		     : "=@ccb" (has_room)
		     : [capacity] "m" (KCOV_THIS_CPU(kcov_cpu.capacity)),
		       [count] "r" (count));
	return has_room;
}
#else
#define kcov_cpu_is_idle(field) (this_cpu_read(kcov_cpu.field) == KCOV_NOBODY)

static __always_inline bool kcov_cpu_has_room(u64 count)
{
	return count < this_cpu_read(kcov_cpu.capacity);
}
#endif

/*
 * All are always inline: objtool wants no call in a callback that may run while
 * user access is open.
 */

/* What neither is a task's nor has room, if it is recorded at all. */
static __always_inline void kcov_trace_rarely(unsigned long ip)
{
	struct kcov_recorder *rec = this_cpu_read(kcov_cpu.rec);

	if (rec->kind == kcov_record_kind(kcov_context(), KCOV_TRACE_PC))
		kcov_record_pc(rec, ip - kcov_kaslr_offset);
}

/*
 * A task has met a buffer without room. The compiler would keep the buffer's address
 * for the set, which costs those one instruction who have a full buffer.
 */
static __always_inline void kcov_trace_full(u64 *area, unsigned long ip)
{
	struct kcov_recorder *rec = this_cpu_read(kcov_cpu.rec);

	if (likely(rec->area == area)) {
		kcov_record_drop(rec, 1);
		return;
	}
	barrier();
	if (likely(rec->kind == kcov_record_kind(KCOV_CONTEXT_TASK, KCOV_RECORD_SET)))
		kcov_record_add(rec, ip);
	else
		kcov_trace_rarely(ip);
}

/**
 * kcov_trace_here() - this context has reached a program counter
 * @ip: the address as it is, moved by KASLR
 *
 * After kcov_cpu_is_idle(pcs), which is the caller's so that an address that nobody
 * wants is not even loaded.
 */
static __always_inline void kcov_trace_here(unsigned long ip)
{
	u64 *area, count;

	if (unlikely(!kcov_context_is_task())) {
		kcov_trace_rarely(ip);
		return;
	}
	area = this_cpu_read(kcov_cpu.pcs);
	count = READ_ONCE(area[0]);
	if (likely(kcov_cpu_has_room(count)))
		kcov_record_put_pc(area, count, ip - kcov_kaslr_offset);
	else
		kcov_trace_full(area, ip);
}

static __always_inline void kcov_compare_rarely(u64 type, u64 arg1, u64 arg2,
						u64 pc)
{
	struct kcov_recorder *rec = this_cpu_read(kcov_cpu.rec);

	if (rec->kind == kcov_record_kind(kcov_context(), KCOV_TRACE_CMP))
		kcov_record_cmp(rec, type, arg1, arg2, pc);
}

static __always_inline void kcov_compare_full(u64 *area, u64 type, u64 arg1,
					      u64 arg2, u64 pc)
{
	struct kcov_recorder *rec = this_cpu_read(kcov_cpu.rec);

	if (likely(rec->area == area))
		kcov_record_drop(rec, 1);
	else
		kcov_compare_rarely(type, arg1, arg2, pc);
}

/**
 * kcov_compare_in_task() - a task compares two values
 * @area: from its CPU
 * @type: as in a record, as are the next two
 * @arg1: first operand
 * @arg2: second operand
 * @pc: the address, already relative to an unmoved kernel
 */
static __always_inline void kcov_compare_in_task(u64 *area, u64 type, u64 arg1,
						 u64 arg2, u64 pc)
{
	u64 count = READ_ONCE(area[0]);

	if (likely(kcov_cpu_has_room(count)))
		kcov_record_put_cmp(area, count, type, arg1, arg2, pc);
	else
		kcov_compare_full(area, type, arg1, arg2, pc);
}

/**
 * kcov_compare_here() - this context is about to compare two values
 * @type: as in a record, as are the next two
 * @arg1: first operand
 * @arg2: second operand
 * @pc: the address, already relative to an unmoved kernel
 *
 * After kcov_cpu_is_idle(comparisons).
 */
static __always_inline void kcov_compare_here(u64 type, u64 arg1, u64 arg2,
					      u64 pc)
{
	if (likely(kcov_context_is_task()))
		kcov_compare_in_task(this_cpu_read(kcov_cpu.comparisons), type,
				     arg1, arg2, pc);
	else
		kcov_compare_rarely(type, arg1, arg2, pc);
}

#endif /* KCOV_CPU_H */
