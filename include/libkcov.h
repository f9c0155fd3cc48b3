/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libkcov: which kernel code was reached, for those who write fuzzers and tests.
 *
 *	#include <err.h>
 *	#include <libkcov.h>
 *
 *	struct kcov *kcov = kcov_open(0);
 *
 *	if (!kcov || kcov_enable(kcov, KCOV_TRACE_PC))
 *		errx(1, "%s", kcov_error());
 *	kcov_settle();
 *	kcov_reset(kcov);
 *	result = write(fd, input, size);
 *	count = kcov_count(kcov);
 *	kcov_disable(kcov);
 *	for (size_t i = 1; i <= count; i++)
 *		printf("0x%lx\n", kcov->cover[i]);
 *
 *	cc harness.c $(pkg-config --cflags --libs libkcov)
 *
 * It needs root and /sys/kernel/debug/kcov: kcov.ko, or a kernel with CONFIG_KCOV.
 * What only one of these has is said where it is described.
 *
 * **Threads.** A descriptor records what the thread that enabled it does, and a
 * thread can have one enabled. So each thread opens one of its own. A
 * struct kcov must not be used by two threads at once; a child has after fork()
 * the buffer, but is not recorded (kcov_enable_tree() is another matter).
 *
 * **Errors.** The library prints nothing. A function that fails sets errno, and
 * kcov_error() has the words: what failed, why, and what helps.
 *
 * **Coverage without noise.** All that the thread does in the kernel between
 * kcov_reset() and kcov_count() is in the buffer. So that this is the call under test:
 *
 * - nothing else stands between the two. Print, allocate and look at the records
 *   behind kcov_count(); if that takes long, disable, or what it does is recorded, too,
 *   until the buffer is full. That costs time, but is forgotten by the next
 *   kcov_reset().
 * - the first touch of a page is a page fault, and its handling is kernel code.
 *   kcov_settle(), once before the first recording, has the pages of the program
 *   and its libraries present, so that neither calling a function for the first
 *   time nor its lookup by the dynamic linker shows. Memory that comes later is
 *   yours: fill the buffer with the input before kcov_reset(), and do not let the
 *   call write to memory that nobody has touched.
 * - function entries that do not follow from the input (scheduler, allocator, interrupts)
 *   are left out by kcov.ko, not by a kernel with CONFIG_KCOV.
 *
 * A PC is a return address in the code that was reached, without the random offset of
 * the kernel: as in vmlinux. `kcovctl symbolize` has its name.
 */
#ifndef LIBKCOV_H
#define LIBKCOV_H

#include <linux/kcov.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KCOV_API __attribute__((visibility("default")))

/* --- a descriptor ---------------------------------------------------------- */

/**
 * struct kcov - an open descriptor and its buffer
 * @fd: of /sys/kernel/debug/kcov; closed on exec
 * @words: length of @cover, in words of 8 bytes
 * @cover: the buffer, shared with the kernel: the count in word 0, then the records
 * @owner: the library's: the thread that has it enabled, or 0
 *
 * Made by kcov_open() and nobody else, as it may grow at its end.
 */
struct kcov {
	int fd;
	size_t words;
	uint64_t *cover;
	int owner;
};

/**
 * kcov_open() - a descriptor with a mapped buffer
 * @words: length of the buffer, rounded up to whole pages; 0 for 65536, half a MiB,
 *	which few system calls fill
 *
 * The first one for a while takes longer, as kcov.ko then patches the kernel's functions.
 *
 * Return: NULL if that failed, with errno and kcov_error().
 */
KCOV_API struct kcov *kcov_open(size_t words);

/**
 * kcov_close() - the end of a descriptor
 * @kcov: what kcov_open() returned, or NULL
 *
 * If this thread has it enabled, it is disabled first. Keeps errno.
 */
KCOV_API void kcov_close(struct kcov *kcov);

/**
 * kcov_enable() - record what this thread does from now on
 * @kcov: the descriptor
 * @mode: KCOV_TRACE_PC for the places that are reached, KCOV_TRACE_CMP for the operands
 *	of comparisons, which only code has that was built with callbacks
 *
 * The count begins where it was: kcov_reset() before the call under test.
 *
 * Return: 0, or -1 with errno and kcov_error().
 */
KCOV_API int kcov_enable(struct kcov *kcov, unsigned int mode);

/**
 * kcov_enable_tree() - record this thread and all that it creates from now on
 * @kcov: the descriptor
 *
 * Threads, children and theirs, whatever they execute. The buffer gets each
 * place once, in no order, at the latest when kcov_disable() returns. Usually a child
 * enables it and executes a command, the parent waits and calls kcov_disable().
 * kcov.ko only.
 *
 * Return: 0, or -1 with errno and kcov_error().
 */
KCOV_API int kcov_enable_tree(struct kcov *kcov);

/**
 * struct kcov_remote - whose work to record: sections that drivers mark
 * @mode: KCOV_TRACE_PC or KCOV_TRACE_CMP
 * @area_words: length of the buffer that a section fills until it ends; 0 for 16384
 * @common: 0, or a handle by kcov_common(): of this thread and the children that it
 *	creates while it is enabled
 * @handles: others, by kcov_usb(); NULL if there are none
 * @handle_count: how many of these
 */
struct kcov_remote {
	unsigned int mode;
	size_t area_words;
	uint64_t common;
	const uint64_t *handles;
	size_t handle_count;
};

/**
 * kcov_enable_remote() - record what others do for this thread
 * @kcov: the descriptor; a thread may have another one enabled by kcov_enable()
 * @remote: whose work
 *
 * Each section comes into the buffer as a whole, when it ends: whatever kcov_count()
 * counts is there, but nobody says that there is no more to come.
 *
 * Return: 0, or -1 with errno and kcov_error(). EEXIST: somebody has one of the handles.
 */
KCOV_API int kcov_enable_remote(struct kcov *kcov, const struct kcov_remote *remote);

/**
 * kcov_common() - a handle for work that is handed on
 * @id: any number but 0 that nobody else has, for instance that of the process
 */
KCOV_API uint64_t kcov_common(uint32_t id);

/**
 * kcov_usb() - the handle of a USB bus
 * @bus: its number, as lsusb shows it
 */
KCOV_API uint64_t kcov_usb(uint32_t bus);

/**
 * kcov_disable() - the end of recording, of whatever kind
 * @kcov: the descriptor; its buffer keeps what is there, and it can be enabled again
 *
 * By the thread that has it enabled; in the case of a tree, by anybody.
 *
 * Return: 0, or -1 with errno and kcov_error().
 */
KCOV_API int kcov_disable(struct kcov *kcov);

/**
 * kcov_settle() - have the pages of this program present
 *
 * See "Coverage without noise" above. Once, when all is set up and before the first
 * recording; what is loaded or mapped later needs another call. It takes milliseconds,
 * touches mapped files, heap and stack, and nothing of what sanitizers reserve.
 * Never fails: where it cannot help, there is a page fault more in the first recording.
 */
KCOV_API void kcov_settle(void);

/* --- places (KCOV_TRACE_PC, trees) ----------------------------------------- */

/**
 * kcov_reset() - forget all records
 * @kcov: the descriptor, enabled or not
 *
 * Here and not in the library, so that nothing stands between it and the call under test.
 */
static inline void kcov_reset(struct kcov *kcov)
{
	__atomic_store_n(&kcov->cover[0], 0, __ATOMIC_SEQ_CST);
}

/**
 * kcov_count() - how many PCs there are
 * @kcov: the descriptor
 *
 * The first is kcov->cover[1]. The count lies in memory that the program under test
 * may write to: no more are returned than the buffer holds.
 */
static inline size_t kcov_count(const struct kcov *kcov)
{
	const uint64_t count = __atomic_load_n(&kcov->cover[0], __ATOMIC_SEQ_CST);
	const size_t room = kcov->words - 1;

	return count < room ? (size_t)count : room;
}

/**
 * kcov_overflowed() - is the buffer full?
 * @kcov: the descriptor
 *
 * Then PCs may be missing: the kernel drops what finds no room. Open a longer one.
 */
KCOV_API bool kcov_overflowed(const struct kcov *kcov);

/**
 * kcov_collect() - copy the PCs
 * @kcov: the descriptor
 * @pcs: where to
 * @room: how many fit there
 *
 * Return: how many were copied, the first ones. kcov_count() says how many there are.
 */
KCOV_API size_t kcov_collect(const struct kcov *kcov, uint64_t *pcs, size_t room);

/**
 * kcov_edges() - count the steps from place to place in a map, as AFL has it
 * @kcov: the descriptor
 * @map: a counter of 8 bits for each step; @size of them
 * @size: any size; steps that fall together are told apart the better the larger it is
 *
 * A step is a PC and the one before. Counters are added to, so that a map can hold
 * several traces. One that has counted is never 0 again: 1 follows 255. In a trace of one thread
 * the steps are those of its control flow; a tree has no order, and so no steps.
 *
 * Return: how many PCs went in.
 */
KCOV_API size_t kcov_edges(const struct kcov *kcov, uint8_t *map, size_t size);

/* --- comparisons (KCOV_TRACE_CMP) ------------------------------------------ */

/**
 * struct kcov_cmp - one comparison
 * @type: see kcov_cmp_size() and kcov_cmp_is_const()
 * @arg1: an operand, the constant one if there is one
 * @arg2: the other; both widened with zeroes
 * @pc: where
 *
 * A switch statement is one for each of its cases.
 */
struct kcov_cmp {
	uint64_t type;
	uint64_t arg1;
	uint64_t arg2;
	uint64_t pc;
};

/**
 * kcov_cmp_size() - how many bytes the operands have: 1, 2, 4 or 8
 * @cmp: the comparison
 */
static inline unsigned int kcov_cmp_size(const struct kcov_cmp *cmp)
{
	return 1U << ((cmp->type & KCOV_CMP_MASK) >> 1);
}

/**
 * kcov_cmp_is_const() - was one operand, arg1, known when the kernel was compiled?
 * @cmp: the comparison
 */
static inline bool kcov_cmp_is_const(const struct kcov_cmp *cmp)
{
	return cmp->type & KCOV_CMP_CONST;
}

/**
 * kcov_cmp_room() - how many comparisons the buffer holds at most
 * @kcov: the descriptor
 */
static inline size_t kcov_cmp_room(const struct kcov *kcov)
{
	return (kcov->words - 1) * sizeof(uint64_t) / sizeof(struct kcov_cmp);
}

/**
 * kcov_cmp_count() - how many comparisons there are
 * @kcov: the descriptor
 *
 * What kcov_count() is to PCs: no more than the buffer holds.
 */
static inline size_t kcov_cmp_count(const struct kcov *kcov)
{
	const uint64_t count = __atomic_load_n(&kcov->cover[0], __ATOMIC_SEQ_CST);
	const size_t room = kcov_cmp_room(kcov);

	return count < room ? (size_t)count : room;
}

/**
 * kcov_cmp_overflowed() - is there no room for another comparison?
 * @kcov: the descriptor
 *
 * Then some may be missing.
 */
KCOV_API bool kcov_cmp_overflowed(const struct kcov *kcov);

/**
 * kcov_cmps() - copy the comparisons
 * @kcov: the descriptor
 * @cmps: where to
 * @room: how many fit there
 *
 * Return: how many were copied, the first ones. kcov_cmp_count() says how many there are.
 */
KCOV_API size_t kcov_cmps(const struct kcov *kcov, struct kcov_cmp *cmps, size_t room);

/* --- sets of places -------------------------------------------------------- */

/* PCs, each of them once: what was ever reached, of many inputs. */
struct kcov_set;

/**
 * kcov_set_new() - an empty set
 *
 * Return: NULL if there is no memory, with errno and kcov_error().
 */
KCOV_API struct kcov_set *kcov_set_new(void);

/**
 * kcov_set_free() - the end of a set
 * @set: the set, or NULL
 */
KCOV_API void kcov_set_free(struct kcov_set *set);

/**
 * kcov_set_add() - add a PC
 * @set: the set
 * @pc: the PC
 *
 * Return: 1 if it is new, 0 if it is known, -1 if there is no memory, with errno and
 * kcov_error(); then the set is what it was.
 */
KCOV_API int kcov_set_add(struct kcov_set *set, uint64_t pc);

/**
 * kcov_set_add_trace() - add all PCs of a buffer
 * @set: the set
 * @kcov: the descriptor
 *
 * Not for KCOV_TRACE_CMP. With an input whose trace has new ones a fuzzer goes on.
 *
 * Return: how many are new; -1 if there is no memory, with errno and
 * kcov_error(); then some may have been added.
 */
KCOV_API long kcov_set_add_trace(struct kcov_set *set, const struct kcov *kcov);

/**
 * kcov_set_count() - how many PCs are in a set
 * @set: the set
 */
KCOV_API size_t kcov_set_count(const struct kcov_set *set);

/**
 * kcov_set_sorted() - all PCs of a set, the lowest first
 * @set: the set
 *
 * Return: as many as kcov_set_count() says, the set's own, as they are until it is
 * changed; NULL if there is no memory, with errno and kcov_error().
 */
KCOV_API const uint64_t *kcov_set_sorted(struct kcov_set *set);

/* --- errors ---------------------------------------------------------------- */

/**
 * kcov_error() - why the last call that failed in this thread did
 *
 * For instance, when no module is loaded:
 *
 *	/sys/kernel/debug/kcov: open: ENOENT (No such file or directory)
 *	the module is not loaded: modprobe kcov, or insmod kcov.ko
 *
 * The first line says what failed, and errno in words; the others, if
 * there are any, why, and what helps. No newline at the end.
 *
 * Return: the text, valid until the next call that fails in this thread; "" before the
 * first.
 */
KCOV_API const char *kcov_error(void);

#ifdef __cplusplus
}
#endif

#endif /* LIBKCOV_H */
