// SPDX-License-Identifier: GPL-2.0-only
/*
 * libkcov on the host: what it makes of a buffer, whatever the buffer says, and of
 * a device that is none.
 */
#define _GNU_SOURCE 1
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <libkcov.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/unit/buffer.h"

/* --- counts ---------------------------------------------------------------- */

/* What anybody may have stored in word 0, and what is left of it. */
static const struct {
	uint64_t stored;
	size_t pcs, cmps;
	bool full, cmp_full;
} counts[] = {
	{ 0, 0, 0, false, false },
	{ 1, 1, 1, false, false },
	{ 3, 3, 3, false, false },
	{ 4, 4, 4, false, true },
	{ 5, 5, 4, false, true },
	{ WORDS - 2, WORDS - 2, 4, false, true },
	{ WORDS - 1, WORDS - 1, 4, true, true },
	{ WORDS, WORDS - 1, 4, true, true },
	{ INT64_MAX, WORDS - 1, 4, true, true },
	{ (uint64_t)INT64_MAX + 1, WORDS - 1, 4, true, true },
	{ UINT64_MAX, WORDS - 1, 4, true, true },
};

static void no_count_is_believed_beyond_the_buffer(void **state)
{
	struct kcov *kcov = *state;

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		kcov->cover[0] = counts[i].stored;
		assert_int_equal(kcov_count(kcov), counts[i].pcs);
		assert_int_equal(kcov_cmp_count(kcov), counts[i].cmps);
		assert_int_equal(kcov_overflowed(kcov), counts[i].full);
		assert_int_equal(kcov_cmp_overflowed(kcov), counts[i].cmp_full);
	}
}

static void reset_leaves_no_record(void **state)
{
	struct kcov *kcov = *state;

	kcov->cover[0] = 5;
	kcov_reset(kcov);
	assert_int_equal(kcov_count(kcov), 0);
	assert_int_equal(kcov->cover[1], PC + 1);
}

static void collect_copies_what_is_counted(void **state)
{
	struct kcov *kcov = *state;
	uint64_t pcs[WORDS] = { 0 };

	kcov->cover[0] = 3;
	assert_int_equal(kcov_collect(kcov, pcs, ARRAY_SIZE(pcs)), 3);
	assert_memory_equal(pcs, kcov->cover + 1, 3 * sizeof(*pcs));
	assert_int_equal(pcs[3], 0);
}

static void collect_stops_where_the_room_ends(void **state)
{
	struct kcov *kcov = *state;
	uint64_t *pcs = malloc(2 * sizeof(*pcs));

	kcov->cover[0] = UINT64_MAX;
	assert_int_equal(kcov_collect(kcov, pcs, 2), 2);
	assert_int_equal(pcs[1], PC + 2);
	assert_int_equal(kcov_collect(kcov, pcs, 0), 0);
	free(pcs);
}

static void collect_of_a_hostile_count_copies_the_buffer(void **state)
{
	struct kcov *kcov = *state;
	uint64_t pcs[2 * WORDS];

	kcov->cover[0] = UINT64_MAX;
	assert_int_equal(kcov_collect(kcov, pcs, ARRAY_SIZE(pcs)), WORDS - 1);
	assert_int_equal(pcs[WORDS - 2], PC + WORDS - 1);
}

/* --- comparisons ----------------------------------------------------------- */

static void comparisons_are_read_as_they_stand(void **state)
{
	struct kcov *kcov = *state;
	const uint64_t records[] = { KCOV_CMP_CONST | KCOV_CMP_SIZE(2), 7, 8, PC,
				     KCOV_CMP_SIZE(3), 9, 10, PC + 1 };
	struct kcov_cmp cmps[8];

	memcpy(kcov->cover + 1, records, sizeof(records));
	kcov->cover[0] = 2;
	assert_int_equal(kcov_cmps(kcov, cmps, ARRAY_SIZE(cmps)), 2);
	assert_true(kcov_cmp_is_const(&cmps[0]) && kcov_cmp_size(&cmps[0]) == 4);
	assert_true(cmps[0].arg1 == 7 && cmps[0].arg2 == 8 && cmps[0].pc == PC);
	assert_true(!kcov_cmp_is_const(&cmps[1]) && kcov_cmp_size(&cmps[1]) == 8);
	assert_true(cmps[1].arg1 == 9 && cmps[1].arg2 == 10 && cmps[1].pc == PC + 1);
}

static void comparisons_of_a_hostile_count_are_those_of_the_buffer(void **state)
{
	struct kcov *kcov = *state;
	struct kcov_cmp cmps[WORDS];

	kcov->cover[0] = UINT64_MAX;
	assert_int_equal(kcov_cmps(kcov, cmps, ARRAY_SIZE(cmps)), 4);
	assert_int_equal(cmps[3].pc, PC + 16);
	assert_int_equal(kcov_cmps(kcov, cmps, 1), 1);
}

static void sizes_of_operands_are_bytes(void **state)
{
	(void)state;
	for (unsigned int log = 0; log < 4; log++) {
		const struct kcov_cmp cmp = { .type = KCOV_CMP_SIZE(log) };

		assert_int_equal(kcov_cmp_size(&cmp), 1U << log);
		assert_false(kcov_cmp_is_const(&cmp));
	}
}

/* --- errors ---------------------------------------------------------------- */

static void assert_says(const char *first, const char *cure)
{
	const char *said = kcov_error();
	const char *second = strchr(said, '\n');

	if (strncmp(said, first, strlen(first)) || !second != !cure ||
	    (cure && !strstr(second, cure)))
		fail_msg("said: %s", said);
	assert_true(said[strlen(said) - 1] != '\n');
}

static void failed_call_is_named_with_its_errno(void **state)
{
	errno = 0;
	assert_int_equal(kcov_enable(*state, KCOV_TRACE_PC), -1);
	assert_int_equal(errno, EBADF);
	assert_says("/sys/kernel/debug/kcov: KCOV_ENABLE: EBADF (Bad file descriptor)", NULL);
}

static void cure_stands_on_the_second_line(void **state)
{
	struct kcov *kcov = *state;

	kcov->fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_int_equal(kcov_enable_tree(kcov), -1);
	assert_int_equal(errno, ENOTTY);
	close(kcov->fd);
	assert_says("/sys/kernel/debug/kcov: KCOV_TREE_ENABLE: ENOTTY (", "only kcov.ko");
}

static void more_handles_than_the_kernel_takes_are_refused(void **state)
{
	const struct kcov_remote remote = { .handle_count = KCOV_REMOTE_MAX_HANDLES + 1 };

	assert_int_equal(kcov_enable_remote(*state, &remote), -1);
	assert_int_equal(errno, EINVAL);
	assert_says("/sys/kernel/debug/kcov: KCOV_REMOTE_ENABLE: EINVAL (", "at most 256");
}

static void area_that_has_no_room_in_the_call_is_refused(void **state)
{
	const struct kcov_remote remote = { .area_words = 1UL << 32 };

	assert_int_equal(kcov_enable_remote(*state, &remote), -1);
	assert_int_equal(errno, EINVAL);
}

static void *fail_in_thread(void *kcov)
{
	const bool was_empty = !kcov_error()[0];

	if (kcov_disable(kcov) != -1 || !was_empty)
		return NULL;
	return strstr(kcov_error(), "KCOV_DISABLE") ? kcov : NULL;
}

static void errors_are_of_the_thread(void **state)
{
	pthread_t thread;
	void *result;

	assert_int_equal(kcov_enable(*state, KCOV_TRACE_PC), -1);
	assert_int_equal(pthread_create(&thread, NULL, fail_in_thread, *state), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, *state);
	assert_says("/sys/kernel/debug/kcov: KCOV_ENABLE: ", NULL);
}

static void close_of_nothing_is_fine(void **state)
{
	(void)state;
	errno = EXDEV;
	kcov_close(NULL);
	kcov_set_free(NULL);
	assert_int_equal(errno, EXDEV);
}

static void handles_are_the_kernels(void **state)
{
	(void)state;
	assert_int_equal(kcov_common(0x12345678), 0x12345678);
	assert_int_equal(kcov_usb(3), KCOV_SUBSYSTEM_USB | 3);
}

/* --- settling -------------------------------------------------------------- */

#define PAGES 64

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

/* A sanitizer has memory of its own for what is written to, with page faults of its own. */
__attribute__((no_sanitize_address))
static void touch(char *pages, size_t page)
{
	for (size_t i = 0; i < PAGES; i++)
		__atomic_store_n(&pages[i * page], 1, __ATOMIC_RELAXED);
}

/* How many page faults it takes to change each page of a file that is mapped anew. */
static long faults_of_new_pages(void (*before)(void))
{
	const size_t page = sysconf(_SC_PAGESIZE);
	char name[] = "/tmp/libkcov.XXXXXX";
	const int fd = mkstemp(name);
	char *pages;
	long count;

	assert_true(fd >= 0 && !unlink(name) && !ftruncate(fd, PAGES * page));
	pages = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(pages, MAP_FAILED);
	close(fd);
	before();
	count = faults();
	touch(pages, page);
	count = faults() - count;
	munmap(pages, PAGES * page);
	return count;
}

static void do_nothing(void)
{
}

static void settled_program_has_no_page_faults(void **state)
{
	(void)state;
	errno = EXDEV;
	assert_int_equal(faults_of_new_pages(kcov_settle), 0);
	assert_true(faults_of_new_pages(do_nothing) >= PAGES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_count_is_believed_beyond_the_buffer),
		TEST(reset_leaves_no_record),
		TEST(collect_copies_what_is_counted),
		TEST(collect_stops_where_the_room_ends),
		TEST(collect_of_a_hostile_count_copies_the_buffer),
		TEST(comparisons_are_read_as_they_stand),
		TEST(comparisons_of_a_hostile_count_are_those_of_the_buffer),
		cmocka_unit_test(sizes_of_operands_are_bytes),
		TEST(failed_call_is_named_with_its_errno),
		TEST(cure_stands_on_the_second_line),
		TEST(more_handles_than_the_kernel_takes_are_refused),
		TEST(area_that_has_no_room_in_the_call_is_refused),
		TEST(errors_are_of_the_thread),
		cmocka_unit_test(close_of_nothing_is_fine),
		cmocka_unit_test(handles_are_the_kernels),
		cmocka_unit_test(settled_program_has_no_page_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
