// SPDX-License-Identifier: GPL-2.0-only
/*
 * mmap() of the buffer: when, how long, how often, by whom, and what the
 * mapping is like.
 */
#include "kcov_test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define MARK		0x1234567890abcdefUL
#define BOTH		(PROT_READ | PROT_WRITE)

static size_t bytes_of(const struct kcov_test *t)
{
	return t->size * sizeof(unsigned long);
}

static int map_errno(int fd, size_t bytes, off_t offset)
{
	void *memory = mmap(NULL, bytes, BOTH, MAP_SHARED, fd, offset);

	if (memory == MAP_FAILED)
		return errno;
	munmap(memory, bytes);
	return 0;
}

static void mmap_before_init_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(map_errno(t->fd, KCOV_PAGE, 0), EINVAL);
}

static void exact_length_maps(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(map_errno(t->fd, bytes_of(t), 0), 0);
}

static void one_page_short_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(map_errno(t->fd, bytes_of(t) - KCOV_PAGE, 0), EINVAL);
}

static void one_page_long_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(map_errno(t->fd, bytes_of(t) + KCOV_PAGE, 0), EINVAL);
}

static void offset_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(map_errno(t->fd, bytes_of(t), KCOV_PAGE), EINVAL);
	assert_int_equal(map_errno(t->fd, bytes_of(t) - KCOV_PAGE, KCOV_PAGE), EINVAL);
}

static void size_of_no_whole_pages_never_maps(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_init(t->fd, KCOV_PAGE_WORDS + 1), 0);
	assert_int_equal(map_errno(t->fd, KCOV_PAGE, 0), EINVAL);
	assert_int_equal(map_errno(t->fd, KCOV_PAGE + 8, 0), EINVAL);
	assert_int_equal(map_errno(t->fd, 2 * KCOV_PAGE, 0), EINVAL);
}

static void size_of_one_page_maps(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_init(t->fd, KCOV_PAGE_WORDS), 0);
	assert_int_equal(map_errno(t->fd, KCOV_PAGE, 0), 0);
}

static void length_is_rounded_up_to_whole_pages(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(map_errno(t->fd, bytes_of(t) - 1, 0), 0);
	assert_int_equal(map_errno(t->fd, bytes_of(t) + 1, 0), EINVAL);
}

static void descriptor_opened_to_read_maps_to_read_only(void **state)
{
	const int fd = open(KCOV_DEVICE, O_RDONLY | O_CLOEXEC);
	void *memory;

	(void)state;
	assert_int_equal(kcov_init(fd, KCOV_PAGE_WORDS), 0);
	assert_int_equal(map_errno(fd, KCOV_PAGE, 0), EACCES);
	memory = mmap(NULL, KCOV_PAGE, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	assert_ptr_not_equal(memory, MAP_FAILED);
	munmap(memory, KCOV_PAGE);
}

static void two_mappings_are_coherent(void **state)
{
	const struct kcov_test *t = *state;
	unsigned long *second = kcov_map(t->fd, t->size);

	assert_non_null(second);
	t->buffer[t->size - 1] = MARK;
	assert_int_equal(second[t->size - 1], MARK);
	kcov_unmap(second, t->size);
}

static void mapping_made_while_enabled_sees_records(void **state)
{
	const struct kcov_test *t = *state;
	unsigned long *second;

	assert_int_equal(kcov_enable(t->fd), 0);
	second = kcov_map(t->fd, t->size);
	kcov_read_nothing(NULL);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_non_null(second);
	assert_true(second[0] > 0 && second[0] == t->buffer[0]);
	kcov_unmap(second, t->size);
}

static void read_only_mapping_sees_records(void **state)
{
	const struct kcov_test *t = *state;
	unsigned long *second = mmap(NULL, bytes_of(t), PROT_READ, MAP_SHARED, t->fd, 0);

	assert_ptr_not_equal(second, MAP_FAILED);
	assert_true(kcov_trace_read(t) > 0);
	assert_memory_equal(second, t->buffer, bytes_of(t));
	munmap(second, bytes_of(t));
}

static void private_mapping_keeps_its_own_writes(void **state)
{
	const struct kcov_test *t = *state;
	unsigned long *own = mmap(NULL, bytes_of(t), BOTH, MAP_PRIVATE, t->fd, 0);

	assert_ptr_not_equal(own, MAP_FAILED);
	t->buffer[1] = MARK;
	assert_int_equal(own[1], MARK);
	own[1] = 0;
	assert_int_equal(t->buffer[1], MARK);
	munmap(own, bytes_of(t));
}

static void mapping_outlives_the_descriptor(void **state)
{
	struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	kcov_read_nothing(NULL);
	kcov_disable(t->fd);
	close(t->fd);
	t->fd = -1;
	assert_true(t->buffer[0] > 0 && kcov_in_range(t, t->buffer[0]));
}

static void mapping_again_shows_the_same_contents(void **state)
{
	struct kcov_test *t = *state;

	t->buffer[t->size - 1] = MARK;
	kcov_unmap(t->buffer, t->size);
	t->buffer = kcov_map(t->fd, t->size);
	assert_non_null(t->buffer);
	assert_int_equal(t->buffer[t->size - 1], MARK);
}

static void mapping_does_not_grow(void **state)
{
	const struct kcov_test *t = *state;

	assert_ptr_equal(mremap(t->buffer, bytes_of(t), 2 * bytes_of(t), MREMAP_MAYMOVE),
			 MAP_FAILED);
	assert_int_equal(errno, EFAULT);
}

static void mapping_may_move(void **state)
{
	struct kcov_test *t = *state;
	void *room = mmap(NULL, bytes_of(t), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *moved = mremap(t->buffer, bytes_of(t), bytes_of(t), MREMAP_MAYMOVE | MREMAP_FIXED,
			     room);

	assert_ptr_equal(moved, room);
	t->buffer = moved;
	assert_true(kcov_trace_read(t) > 0);
}

/* Nothing brings a page back that the mapping was told to forget. */
static int touch_a_forgotten_page(void *data)
{
	const struct kcov_test *t = data;

	signal(SIGBUS, _exit);
	if (madvise(t->buffer, bytes_of(t), MADV_DONTNEED))
		return 255;
	kcov_count(t);
	return 0;
}

static void page_that_was_forgotten_is_sigbus(void **state)
{
	assert_int_equal(kcov_in_child(touch_a_forgotten_page, *state), SIGBUS);
	assert_true(kcov_trace_read(*state) > 0);
}

static int map_and_mark(void *data)
{
	const struct kcov_test *t = data;
	unsigned long *own = kcov_map(t->fd, t->size);

	if (!own)
		return 1;
	own[1] = MARK;
	return 0;	/* without munmap() */
}

static void another_thread_maps(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_in_thread(map_and_mark, *state), 0);
	assert_int_equal(t->buffer[1], MARK);
}

static void child_maps_and_exits_without_munmap(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_in_child(map_and_mark, *state), 0);
	assert_int_equal(t->buffer[1], MARK);
}

static int mark_inherited(void *data)
{
	const struct kcov_test *t = data;

	t->buffer[2] = MARK;
	return 0;
}

static void child_inherits_the_mapping(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_in_child(mark_inherited, *state), 0);
	assert_int_equal(t->buffer[2], MARK);
}

static long faults_of_touching(unsigned long *words, size_t count)
{
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	for (size_t i = 0; i < count; i += KCOV_PAGE_WORDS)
		__atomic_store_n(&words[i], 1, __ATOMIC_RELAXED);
	getrusage(RUSAGE_SELF, &after);
	return after.ru_minflt - before.ru_minflt;
}

/* Ordinary memory of the same length is the control: at least a fault for each page. */
static void all_pages_are_present_at_once(void **state)
{
	const struct kcov_test *t = *state;
	unsigned long *memory = mmap(NULL, bytes_of(t), BOTH, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	faults_of_touching(memory, 0);
	assert_true(faults_of_touching(memory, t->size) >= (long)(bytes_of(t) / KCOV_PAGE));
	assert_int_equal(faults_of_touching(t->buffer, t->size), 0);
	munmap(memory, bytes_of(t));
}

static void mapping_can_be_populated(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(madvise(t->buffer, bytes_of(t), MADV_POPULATE_WRITE), 0);
}

/* Without protection keys in the CPU there is only key -1, a plain mprotect(). */
static void mapping_takes_a_protection_key(void **state)
{
	const struct kcov_test *t = *state;
	const int key = pkey_alloc(0, 0);

	assert_int_equal(pkey_mprotect(t->buffer, bytes_of(t), BOTH, key), 0);
	if (key >= 0)
		pkey_free(key);
	assert_true(kcov_trace_read(t) > 0);
}

/* The two-letter flags that smaps gives for the mapping at this address. */
static bool find_flags(const void *address, char *flags, int room)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	bool inside = false;
	unsigned long start, end;

	if (!file)
		return false;
	while (fgets(flags, room, file)) {
		if (sscanf(flags, "%lx-%lx ", &start, &end) == 2)
			inside = start == (unsigned long)address;
		if (inside && !strncmp(flags, "VmFlags:", 8))
			break;
	}
	fclose(file);
	return !strncmp(flags, "VmFlags:", 8);
}

static void mapping_is_fixed_in_size_but_ordinary_memory(void **state)
{
	const struct kcov_test *t = *state;
	char flags[256] = "";

	assert_true(find_flags(t->buffer, flags, sizeof(flags)));
	assert_non_null(strstr(flags, " de"));
	assert_null(strstr(flags, " io"));
	assert_null(strstr(flags, " pf"));
}

int main(void)
{
	const struct CMUnitTest map[] = {
		KCOV_TEST_NEW(mmap_before_init_is_einval),
		KCOV_TEST(exact_length_maps),
		KCOV_TEST(one_page_short_is_einval),
		KCOV_TEST(one_page_long_is_einval),
		KCOV_TEST(offset_is_einval),
		KCOV_TEST_NEW(size_of_no_whole_pages_never_maps),
		KCOV_TEST_NEW(size_of_one_page_maps),
		KCOV_TEST(length_is_rounded_up_to_whole_pages),
		cmocka_unit_test(descriptor_opened_to_read_maps_to_read_only),
		KCOV_TEST(two_mappings_are_coherent),
		KCOV_TEST(mapping_made_while_enabled_sees_records),
		KCOV_TEST(read_only_mapping_sees_records),
		KCOV_TEST(private_mapping_keeps_its_own_writes),
		KCOV_TEST(mapping_outlives_the_descriptor),
		KCOV_TEST(mapping_again_shows_the_same_contents),
		KCOV_TEST(mapping_does_not_grow),
		KCOV_TEST(mapping_may_move),
		KCOV_TEST(page_that_was_forgotten_is_sigbus),
		KCOV_TEST(another_thread_maps),
		KCOV_TEST(child_maps_and_exits_without_munmap),
		KCOV_TEST(child_inherits_the_mapping),
		KCOV_TEST(all_pages_are_present_at_once),
		KCOV_TEST(mapping_can_be_populated),
		KCOV_TEST(mapping_takes_a_protection_key),
		KCOV_TEST(mapping_is_fixed_in_size_but_ordinary_memory),
	};
	const int failed = cmocka_run_group_tests_name("mmap", map, NULL, NULL);

	return failed != 0;
}
