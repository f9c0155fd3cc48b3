/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The buffer format: the only file that knows where a record stands.
 *
 * Word 0 of an area counts the records; in trace-pc mode words 1 and up hold
 * one program counter each. The area is shared with user space, which may
 * store anything into it at any time, so nothing read from it is trusted.
 *
 * Context: any, but one writer at a time: the task the recorder is bound to,
 * or an interrupt on top of it whose preempt count does not show yet.
 * Locking: none. Lifetime: the caller's recorder keeps the area.
 *
 * Compiles in user space too, for tests/unit.
 */
#ifndef KCOV_RECORD_H
#define KCOV_RECORD_H

#ifdef __KERNEL__
#include <linux/compiler.h>
#include <linux/types.h>
#else
#include <linux/types.h>
#include <sys/cdefs.h>

#define u64 __u64
#define unlikely(x) __builtin_expect((x), 0)
#define READ_ONCE(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#define barrier() __atomic_signal_fence(__ATOMIC_SEQ_CST)
#endif

/**
 * struct kcov_recorder - where the current context appends its records
 * @area: the buffer; word 0 is the count
 * @capacity: number of records that fit behind word 0
 * @context: what kcov_context() must return for a record to be taken
 * @mode: KCOV_TRACE_PC; callbacks of another mode leave it alone
 * @dropped: records that found the buffer full, since INIT_TRACE
 *
 * Filled while no CPU points at it, constant while one does, but for @dropped.
 */
struct kcov_recorder {
	u64 *area;
	u64 capacity;
	unsigned int context;
	unsigned int mode;
	u64 dropped;
};

/**
 * kcov_record_pc_capacity() - number of PCs that fit
 * @words: size of the area in words of 8 bytes, at least 2
 */
static __always_inline u64 kcov_record_pc_capacity(u64 words)
{
	return words - 1;
}

/**
 * kcov_record_count() - number of whole records an area holds
 * @rec: the recorder
 *
 * What user space stored into word 0 is cut to what can be there.
 */
static __always_inline u64 kcov_record_count(const struct kcov_recorder *rec)
{
	u64 count = READ_ONCE(rec->area[0]);

	return count < rec->capacity ? count : rec->capacity;
}

/**
 * kcov_record_pc() - append one program counter
 * @rec: the recorder, in trace-pc mode
 * @pc: the address, already relative to an unmoved kernel
 *
 * The count is raised before the slot is filled: an interrupt between the two
 * stores that is not yet recognisable as one takes the next slot and
 * overwrites nothing. A count beyond the capacity, wherever it comes from, is
 * a full buffer: the slot index is the value tested, read once.
 */
static __always_inline void kcov_record_pc(struct kcov_recorder *rec, u64 pc)
{
	u64 *area = rec->area;
	u64 count = READ_ONCE(area[0]);

	if (unlikely(count >= rec->capacity)) {
		rec->dropped++;
		return;
	}
	WRITE_ONCE(area[0], count + 1);
	/* Orders against an interrupt on this CPU only; no other writer. */
	barrier();
	WRITE_ONCE(area[1 + count], pc);
}

#endif /* KCOV_RECORD_H */
