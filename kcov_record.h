/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The buffer format: the only file that knows where a record stands.
 *
 * Word 0 of an area counts the records. Behind it stand, in trace-pc mode, one
 * program counter a word; in trace-cmp mode four words for each comparison:
 * type, two operands, program counter. The area is shared with user space,
 * which may store anything into it at any time, so nothing read from it is
 * trusted.
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
#include <linux/string.h>
#include <linux/types.h>
#include <uapi/linux/kcov.h>
#else
#include <linux/kcov.h>
#include <linux/types.h>
#include <stdbool.h>
#include <string.h>
#include <sys/cdefs.h>

#define u64 __u64
#define likely(x) __builtin_expect(!!(x), 1)
/* Nobody looks for races here. */
#define data_race(expression) (expression)
#define OPTIMIZER_HIDE_VAR(variable) ({ __asm__ ("" : "+r" (variable)); })
#define READ_ONCE(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#define barrier() __atomic_signal_fence(__ATOMIC_SEQ_CST)
/* Pairs with the load of whoever reads the count. */
#define smp_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#endif

/**
 * struct kcov_recorder - where the current context appends its records
 * @area: the buffer; word 0 is the count
 * @capacity: number of records that fit behind word 0; the last slot of a set
 * @kind: what records here, from kcov_record_kind(); others leave it alone
 * @mode: KCOV_TRACE_PC, KCOV_TRACE_CMP or KCOV_RECORD_SET
 * @dropped: records that found the buffer full, since INIT_TRACE
 * @pcs: what struct kcov_cpu shows of it, as is @comparisons: kcov_cpu_aim()
 * @comparisons: see @pcs
 *
 * Filled while no CPU points at it, constant while one does, but for @dropped.
 */
struct kcov_recorder {
	u64 *area;
	u64 capacity;
	unsigned int kind;
	unsigned int mode;
	u64 dropped;
	u64 *pcs;
	u64 *comparisons;
};

/* The mode of an area that is a set; none that user space can ask for. */
#define KCOV_RECORD_SET 2

/**
 * kcov_record_kind() - context and mode as one number, to be compared at once
 * @context: bits that no mode has; 0 is a task
 * @mode: KCOV_TRACE_PC, KCOV_TRACE_CMP or KCOV_RECORD_SET
 */
static __always_inline unsigned int kcov_record_kind(unsigned int context,
						     unsigned int mode)
{
	return context | mode;
}

/**
 * kcov_record_pc_capacity() - number of PCs that fit
 * @words: size of the area in words of 8 bytes, at least 2
 */
static __always_inline u64 kcov_record_pc_capacity(u64 words)
{
	return words - 1;
}

/* type, two operands, program counter */
#define KCOV_RECORD_CMP_WORDS 4

/**
 * kcov_record_cmp_capacity() - number of comparisons that fit as a whole
 * @words: size of the area in words of 8 bytes, at least 2
 */
static __always_inline u64 kcov_record_cmp_capacity(u64 words)
{
	return (words - 1) / KCOV_RECORD_CMP_WORDS;
}

/**
 * kcov_record_words() - length of a record
 * @mode: KCOV_TRACE_PC or KCOV_TRACE_CMP
 */
static __always_inline u64 kcov_record_words(unsigned int mode)
{
	return mode == KCOV_TRACE_CMP ? KCOV_RECORD_CMP_WORDS : 1;
}

/**
 * kcov_record_capacity() - number of whole records that fit
 * @mode: KCOV_TRACE_PC or KCOV_TRACE_CMP
 * @words: size of the area in words of 8 bytes, at least 2
 */
static __always_inline u64 kcov_record_capacity(unsigned int mode, u64 words)
{
	return mode == KCOV_TRACE_CMP ? kcov_record_cmp_capacity(words) :
					kcov_record_pc_capacity(words);
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
 * kcov_record_drop() - count records that found no room
 * @rec: the recorder
 * @records: how many
 *
 * One writer, as for records; kcov_mod/instances reads it at any time. Not as
 * WRITE_ONCE(): in a full buffer this is the hot path, and one instruction.
 */
static __always_inline void kcov_record_drop(struct kcov_recorder *rec,
					     u64 records)
{
	/* A reader gets the number of before or of now. */
	data_race(rec->dropped += records);
}

/**
 * kcov_record_take() - count one more record, before it is written
 * @area: has room
 * @count: what was read from it, and compared with its capacity
 * @words: length of a record
 *
 * The count is raised before the slot is filled: an interrupt between the two
 * that is not yet recognisable as one takes the next slot and overwrites
 * nothing. A count beyond the capacity, wherever it comes from, is a full
 * buffer: the slot's number is the value tested, read once.
 *
 * Return: the slot to fill; by plain stores, whose addresses need no instruction of
 * their own. Nobody reads a record before its task has left the callback.
 */
static __always_inline u64 *kcov_record_take(u64 *area, u64 count,
					     unsigned int words)
{
	WRITE_ONCE(area[0], count + 1);
	/* Orders against an interrupt on this CPU only; no other writer. */
	barrier();
	return &area[1 + count * words];
}

/**
 * kcov_record_put_pc() - append one program counter
 * @area: as for kcov_record_take()
 * @count: as for kcov_record_take()
 * @pc: the address, already relative to an unmoved kernel
 */
static __always_inline void kcov_record_put_pc(u64 *area, u64 count, u64 pc)
{
	*kcov_record_take(area, count, 1) = pc;
}

/**
 * kcov_record_put_cmp() - append one comparison
 * @area: as for kcov_record_take()
 * @count: as for kcov_record_take()
 * @type: KCOV_CMP_SIZE() of the operands, KCOV_CMP_CONST if @arg1 is a constant
 * @arg1: first operand, zero-extended
 * @arg2: second operand, zero-extended
 * @pc: the address, already relative to an unmoved kernel
 */
static __always_inline void kcov_record_put_cmp(u64 *area, u64 count, u64 type,
						u64 arg1, u64 arg2, u64 pc)
{
	u64 *slot = kcov_record_take(area, count, KCOV_RECORD_CMP_WORDS);

	slot[0] = type;
	slot[1] = arg1;
	slot[2] = arg2;
	slot[3] = pc;
}

/* Whether there is room for one more record; if there is not, it is counted. */
static __always_inline bool kcov_record_has_room(struct kcov_recorder *rec,
						 u64 count)
{
	if (likely(count < rec->capacity))
		return true;
	kcov_record_drop(rec, 1);
	return false;
}

/**
 * kcov_record_pc() - append one program counter, if there is room
 * @rec: the recorder, in trace-pc mode
 * @pc: the address, already relative to an unmoved kernel
 */
static __always_inline void kcov_record_pc(struct kcov_recorder *rec, u64 pc)
{
	u64 count = READ_ONCE(rec->area[0]);

	if (kcov_record_has_room(rec, count))
		kcov_record_put_pc(rec->area, count, pc);
}

/**
 * kcov_record_cmp() - append one comparison, if there is room
 * @rec: the recorder, in trace-cmp mode
 * @type: as for kcov_record_put_cmp(), as are the next ones
 * @arg1: first operand
 * @arg2: second operand
 * @pc: the address
 */
static __always_inline void kcov_record_cmp(struct kcov_recorder *rec, u64 type,
					    u64 arg1, u64 arg2, u64 pc)
{
	u64 count = READ_ONCE(rec->area[0]);

	if (kcov_record_has_room(rec, count))
		kcov_record_put_cmp(rec->area, count, type, arg1, arg2, pc);
}

/* More must be looked at only where the set is all but full. */
#define KCOV_RECORD_PROBES 64

/*
 * Fits into one instruction with the multiplication: odd, and 32 bits that are
 * extended by their sign.
 */
#define KCOV_RECORD_HASH 0xffffffff9e3779b1ULL
#define KCOV_RECORD_HASH_SHIFT 24

static __always_inline u64 kcov_record_hash(u64 pc)
{
	return (pc * KCOV_RECORD_HASH) >> KCOV_RECORD_HASH_SHIFT;
}

/* The way of a program counter that is not where it would stand alone. */
static __always_inline bool kcov_record_probe(struct kcov_recorder *rec, u64 pc)
{
	u64 i = kcov_record_hash(pc);
	int probes;

	for (probes = 0; probes < KCOV_RECORD_PROBES; probes++, i++) {
		u64 *slot = &rec->area[i & rec->capacity];

		if (*slot == pc)
			return false;
		if (!*slot) {
			/* Pairs with READ_ONCE() of a merge, which may come before. */
			WRITE_ONCE(*slot, pc);
			return true;
		}
	}
	kcov_record_drop(rec, 1);
	return false;
}

/**
 * kcov_record_add() - put a program counter into a set
 * @rec: its area is a table of @capacity + 1 slots, a power of two, 0 if free; it
 *       is not shared with user space
 * @pc: the address, not 0
 *
 * One writer, or an interrupt on top of it that does not show as one yet: if
 * both take the same free slot one of them is lost.
 *
 * Return: whether it was not in the set and is now.
 */
static __always_inline bool kcov_record_add(struct kcov_recorder *rec, u64 pc)
{
	if (likely(rec->area[kcov_record_hash(pc) & rec->capacity] == pc))
		return false;
	/* Nothing is kept for what comes rarely: that would cost a register's load. */
	OPTIMIZER_HIDE_VAR(pc);
	barrier();
	return kcov_record_probe(rec, pc);
}

/**
 * kcov_record_forget() - begin again with the first slot
 * @rec: the recorder
 *
 * By its owner, in no callback: an interrupt that records at this moment loses
 * its record, as when user space stores the 0 itself.
 */
static __always_inline void kcov_record_forget(struct kcov_recorder *rec)
{
	WRITE_ONCE(rec->area[0], 0);
}

/**
 * kcov_record_copy() - the first half of a merge: the records
 * @to: where they are appended; may be shared with user space
 * @base: how many records to keep in @to, at most its capacity
 * @from: what is appended, of the same mode and private to the kernel
 *
 * Changes nothing that counts: kcov_record_publish() does.
 *
 * Return: the number of records that fit.
 */
static __always_inline u64 kcov_record_copy(struct kcov_recorder *to, u64 base,
					    const struct kcov_recorder *from)
{
	u64 words = kcov_record_words(from->mode);
	u64 count = kcov_record_count(from);
	u64 room = to->capacity - base;

	if (count > room)
		count = room;
	memcpy(&to->area[1 + base * words], &from->area[1],
	       count * words * sizeof(u64));
	return count;
}

/**
 * kcov_record_copy_few() - the same for some records, all of which fit
 * @to: where they are appended; may be shared with user space
 * @base: how many records to keep in @to
 * @from: what is appended, of the same mode and private to the kernel
 * @count: how many it has, at least 1
 *
 * For so few the way into memcpy() and out is longer than a loop.
 */
static __always_inline void
kcov_record_copy_few(struct kcov_recorder *to, u64 base,
		     const struct kcov_recorder *from, u64 count)
{
	u64 words = kcov_record_words(from->mode);
	const u64 *record = &from->area[1];
	u64 *slot = &to->area[1 + base * words];
	u64 i = 0;

	do {
		WRITE_ONCE(slot[i], record[i]);
	} while (++i < count * words);
}

/**
 * kcov_record_publish() - the second half: the count
 * @to: as for kcov_record_copy(), and nobody else has published since
 * @count: the new number of records
 */
static __always_inline void kcov_record_publish(struct kcov_recorder *to,
						u64 count)
{
	/* Pairs with the client's load of the count: records come first. */
	smp_store_release(&to->area[0], count);
}

#endif /* KCOV_RECORD_H */
