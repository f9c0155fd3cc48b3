// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thousand traces of one operation under load: identical, or alike, which
 * means that all functions that differ are named in kcov_variance.c.
 */
#include "kcov_stress.h"
#include "kcov_test.h"
#include "kcov_variance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_NAME	"/tmp/kcov_stability"
#define TRACES		1000
/* A fork on 7.3 is 3,200 records, and may be many more. */
#define SIZE		(4 * KCOV_TEST_SIZE)
/* Until then pages become active and caches fill. */
#define WARM_UP		64
/*
 * Fewer that are identical are not stable, whatever the reasons. A fork differs
 * for several at once, each of them more often the slower the machine is.
 */
#define IDENTICAL_MIN		(TRACES / 10)
#define IDENTICAL_FORKS_MIN	(TRACES / 50)

struct operation {
	enum kcov_operation kind;
	const char *name;
	void (*prepare)(void);	/* not traced; may be NULL */
	bool (*act)(void);
};

static int zero, file, pipe_ends[2];
static char *page;

static bool read_file(void)
{
	char byte;

	return syscall(SYS_read, file, &byte, 1) == 1;
}

static void rewind_file(void)
{
	lseek(file, 0, SEEK_SET);
}

static bool read_device(void)
{
	char byte;

	return syscall(SYS_read, zero, &byte, 1) == 1;
}

static bool open_and_close(void)
{
	const int fd = syscall(SYS_openat, AT_FDCWD, "/dev/zero", O_RDONLY, 0);

	return !syscall(SYS_close, fd);
}

static bool map_and_unmap(void)
{
	const long at = syscall(SYS_mmap, NULL, KCOV_PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return !syscall(SYS_munmap, at, KCOV_PAGE);
}

static bool write_and_read_pipe(void)
{
	char byte = 0;

	return syscall(SYS_write, pipe_ends[1], &byte, 1) == 1 &&
	       syscall(SYS_read, pipe_ends[0], &byte, 1) == 1;
}

/*
 * Writes no memory before the child is gone: the page would be copied or taken
 * over, as the child is still there or not.
 */
static bool fork_and_wait(void)
{
	int pid = SYS_fork;

	asm volatile("syscall\n\t"
		     "test %%eax, %%eax\n\t"
		     "jnz 1f\n\t"
		     "mov %[exit_group], %%eax\n\t"
		     "xor %%edi, %%edi\n\t"
		     "syscall\n"
		     "1:\n\t"
		     "movslq %%eax, %%rdi\n\t"
		     "xor %%esi, %%esi\n\t"
		     "xor %%edx, %%edx\n\t"
		     "xor %%r10d, %%r10d\n\t"
		     "mov %[wait4], %%eax\n\t"
		     "syscall"
		     : "+a" (pid)
		     : [exit_group] "i" (SYS_exit_group), [wait4] "i" (SYS_wait4)
		     : "rcx", "rdx", "rdi", "rsi", "r10", "r11", "cc", "memory");
	errno = pid < 0 ? -pid : 0;
	return pid > 0;
}

static void drop_page(void)
{
	madvise(page, KCOV_PAGE, MADV_DONTNEED);
}

static bool touch_page(void)
{
	__atomic_store_n(page, 1, __ATOMIC_RELAXED);
	return true;
}

static const struct operation
	read_operation = { KCOV_READ, "read", rewind_file, read_file },
	device_operation = { KCOV_READ, "read from a device", NULL, read_device },
	open_operation = { KCOV_OPEN, "open and close", NULL, open_and_close },
	mmap_operation = { KCOV_MMAP, "mmap and munmap", NULL, map_and_unmap },
	pipe_operation = { KCOV_PIPE, "pipe write and read", NULL, write_and_read_pipe },
	fork_operation = { KCOV_FORK, "fork and wait", NULL, fork_and_wait },
	fault_operation = { KCOV_FAULT, "page fault", drop_page, touch_page };

static struct kcov_test test;
static struct kcov_variants set;

/* Answers the number of records; -1 if the operation failed or filled the buffer, and says so. */
static ssize_t trace_once(const struct kcov_test *t, const struct operation *operation)
{
	size_t count;
	bool good;
	int err;

	if (operation->prepare)
		operation->prepare();
	if (kcov_enable(t->fd))
		return -1;
	kcov_set_count(t, 0);
	good = operation->act();
	err = errno;
	count = kcov_count(t);
	if (!kcov_disable(t->fd) && good && count < t->size - 1)
		return count;
	print_error("%s: %s; %zu records of %zu\n", operation->name,
		    good ? "worked" : strerror(err), count, t->size - 1);
	return -1;
}

static void keep_one(const struct kcov_test *t, const struct operation *operation)
{
	const ssize_t count = trace_once(t, operation);

	assert_true(count > 0);
	assert_true(kcov_variants_add(&set, t->buffer + 1, count));
}

static unsigned long preemptions(void)
{
	return kcov_read_number("/proc/self/status", "nonvoluntary_ctxt_switches:");
}

/* A fast machine may make all of them at a stretch: some were interrupted. */
static void collect(const struct kcov_test *t, const struct operation *operation)
{
	unsigned long before;

	kcov_variants_start(&set, operation->kind, operation->name);
	for (int i = 0; i < WARM_UP; i++)
		assert_true(trace_once(t, operation) > 0);
	before = preemptions();
	while (set.total < TRACES || preemptions() == before)
		keep_one(t, operation);
}

static void assert_stable(const struct kcov_test *t, const struct operation *operation)
{
	assert_true(kcov_wait_for(kcov_stress_runs, NULL));
	collect(t, operation);
	kcov_variants_print(&set);
	assert_int_equal(kcov_variants_unexcused(&set), 0);
	assert_true(kcov_variants_usual(&set)->seen >=
		    (operation->kind == KCOV_FORK ? IDENTICAL_FORKS_MIN : IDENTICAL_MIN));
}

static void traces_of_read_are_alike(void **state)
{
	assert_stable(*state, &read_operation);
}

static void traces_of_read_from_a_device_are_alike(void **state)
{
	assert_stable(*state, &device_operation);
}

static void traces_of_open_and_close_are_alike(void **state)
{
	assert_stable(*state, &open_operation);
}

static void traces_of_mmap_and_munmap_are_alike(void **state)
{
	assert_stable(*state, &mmap_operation);
}

static void traces_of_pipe_write_and_read_are_alike(void **state)
{
	assert_stable(*state, &pipe_operation);
}

static void traces_of_fork_and_wait_are_alike(void **state)
{
	assert_stable(*state, &fork_operation);
}

static void traces_of_a_page_fault_are_alike(void **state)
{
	assert_stable(*state, &fault_operation);
}

/* The controls: the same comparison tells what does differ. */
static void another_operation_is_different(void **state)
{
	kcov_variants_start(&set, KCOV_READ, "read");
	keep_one(*state, &read_operation);
	keep_one(*state, &device_operation);
	assert_int_equal(set.count, 2);
	assert_true(kcov_alike(KCOV_READ, &set.list[0], &set.list[0]));
	assert_false(kcov_alike(KCOV_READ, &set.list[0], &set.list[1]));
}

static void each_lost_record_is_a_difference(void **state)
{
	unsigned long *pcs = ((struct kcov_test *)*state)->buffer + 1;
	const struct kcov_variant *whole;

	kcov_variants_start(&set, KCOV_READ, "read");
	keep_one(*state, &read_operation);
	whole = &set.list[0];
	for (size_t lost = 0; lost < whole->count; lost++) {
		const struct kcov_variant cut = { pcs, whole->count - 1, 1 };

		memcpy(pcs, whole->pcs, lost * sizeof(*pcs));
		memcpy(pcs + lost, whole->pcs + lost + 1, (cut.count - lost) * sizeof(*pcs));
		assert_false(kcov_alike(KCOV_READ, whole, &cut));
	}
}

static void what_is_named_for_one_operation_is_a_difference_in_another(void **state)
{
	const unsigned long pcs[] = { kcov_symbol("__x64_sys_fork"), kcov_symbol("sighand_ctor") };
	const struct kcov_variant with = { pcs, 2, 1 }, without = { pcs, 1, 1 };

	(void)state;
	assert_true(kcov_alike(KCOV_FORK, &with, &without));
	assert_false(kcov_alike(KCOV_READ, &with, &without));
}

/*
 * The kernel writes the C library's restartable sequence whenever the task was
 * preempted, and after a fork that write is a page fault.
 */
static bool leave_rseq(void)
{
	char *self = __builtin_thread_pointer();

	return !__rseq_size || !syscall(SYS_rseq, self + __rseq_offset, sizeof(struct rseq),
					RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
}

/* When the kernel puts pages together is its own affair, and a fork copies them so. */
static bool forbid_huge_pages(void)
{
	return !prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

static int open_files(void)
{
	zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	file = open(FILE_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return zero < 0 || file < 0 || write(file, "x", 1) != 1 || pipe(pipe_ends) ? -1 : 0;
}

static int map_memory(void)
{
	page = mmap(NULL, KCOV_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page == MAP_FAILED || !kcov_variants_make(&set) ? -1 : 0;
}

/* The load comes last: arming beside it takes a minute. */
static int start(void **state)
{
	if (open_files() || map_memory() || !leave_rseq() || !forbid_huge_pages())
		return -1;
	kcov_symbol("_text");	/* reads all of them */
	*state = &test;
	return !kcov_make(&test, SIZE) || !kcov_stress_start() ? -1 : 0;
}

static int stop(void **state)
{
	kcov_stress_stop();
	unlink(FILE_NAME);
	return kcov_test_teardown(state);
}

int main(void)
{
	const struct CMUnitTest stability[] = {
		cmocka_unit_test(traces_of_read_are_alike),
		cmocka_unit_test(traces_of_read_from_a_device_are_alike),
		cmocka_unit_test(traces_of_open_and_close_are_alike),
		cmocka_unit_test(traces_of_mmap_and_munmap_are_alike),
		cmocka_unit_test(traces_of_pipe_write_and_read_are_alike),
		cmocka_unit_test(traces_of_fork_and_wait_are_alike),
		cmocka_unit_test(traces_of_a_page_fault_are_alike),
		cmocka_unit_test(another_operation_is_different),
		cmocka_unit_test(each_lost_record_is_a_difference),
		cmocka_unit_test(what_is_named_for_one_operation_is_a_difference_in_another),
	};
	const int failed = cmocka_run_group_tests(stability, start, stop);

	return failed != 0;
}
