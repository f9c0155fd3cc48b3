// SPDX-License-Identifier: GPL-2.0-only
/*
 * libkcov, the shared one, against the device: what it records, and what it says when
 * something is refused.
 *
 * It shares nothing with the other tests, whose helpers have the same names. Which function a
 * PC is in says kcovctl symbolize.
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
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define SAMPLE		"/sys/kernel/debug/kcov_sample/input"
#define DEFERRED	"/sys/kernel/debug/kcov_deferred/run"
#define PAGE		4096UL
#define TRIES		10

static bool has_trees(void)
{
	return !access("/sys/module/kcov/refcnt", F_OK);
}

static int open_default(void **state)
{
	*state = kcov_open(0);
	if (!*state)
		fprintf(stderr, "%s\n", kcov_error());
	return *state ? 0 : -1;
}

static int close_it(void **state)
{
	kcov_close(*state);
	return 0;
}

/* A test with a descriptor. */
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_default, close_it)

static void write_text(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* What writing this text to the sample driver reaches. */
static void trace(struct kcov *kcov, unsigned int mode, const char *text)
{
	const int fd = open(SAMPLE, O_WRONLY | O_CLOEXEC);
	const size_t size = strlen(text);
	uint64_t count;
	ssize_t written;

	assert_true(fd >= 0);
	assert_int_equal(kcov_enable(kcov, mode), 0);
	kcov_reset(kcov);
	written = write(fd, text, size);
	count = __atomic_load_n(&kcov->cover[0], __ATOMIC_SEQ_CST);
	assert_int_equal(kcov_disable(kcov), 0);
	/* what came behind the write is not to be looked at */
	kcov->cover[0] = count;
	assert_int_equal(written, size);
	close(fd);
}

static bool reaches(const struct kcov *kcov, const char *function)
{
	FILE *pipe = popen("kcovctl symbolize -m /kcov >/tmp/libkcov.names", "w");
	char command[128];

	assert_non_null(pipe);
	for (size_t i = 1; i <= kcov_count(kcov); i++)
		fprintf(pipe, "0x%lx\n", kcov->cover[i]);
	assert_int_equal(pclose(pipe), 0);
	snprintf(command, sizeof(command), "grep -q ' %s+' /tmp/libkcov.names", function);
	return !system(command);
}

/* The first line begins so, and what is below it has the cure. */
static void assert_says(const char *first, const char *cure)
{
	const char *said = kcov_error();
	const char *rest = strchr(said, '\n');

	if (strncmp(said, first, strlen(first)) || !rest || !strstr(rest, cure))
		fail_msg("said: %s", said);
}

/* --- descriptors ----------------------------------------------------------- */

static void open_gives_a_mapped_buffer(void **state)
{
	const struct kcov *kcov = *state;

	assert_int_equal(kcov->words, 64 << 10);
	assert_int_equal(kcov->cover[0], 0);
	assert_int_equal(kcov->cover[kcov->words - 1], 0);
	assert_true(fcntl(kcov->fd, F_GETFD) & FD_CLOEXEC);
}

static void length_is_rounded_up_to_pages(void **state)
{
	const size_t wanted[][2] = { { 1, 512 }, { 2, 512 }, { 512, 512 }, { 513, 1024 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct kcov *kcov = kcov_open(wanted[i][0]);

		assert_non_null(kcov);
		assert_int_equal(kcov->words, wanted[i][1]);
		assert_int_equal(kcov->cover[kcov->words - 1], 0);
		kcov_close(kcov);
	}
}

static void descriptor_can_be_enabled_again(void **state)
{
	struct kcov *kcov = *state;

	trace(kcov, KCOV_TRACE_PC, "apple");
	trace(kcov, KCOV_TRACE_CMP, "apple");
	trace(kcov, KCOV_TRACE_PC, "banana");
	assert_true(reaches(kcov, "sample_path_b"));
}

static void close_ends_recording(void **state)
{
	struct kcov *second = kcov_open(512);

	assert_int_equal(kcov_enable(second, KCOV_TRACE_PC), 0);
	errno = EXDEV;
	kcov_close(second);
	assert_int_equal(errno, EXDEV);
	assert_int_equal(kcov_enable(*state, KCOV_TRACE_PC), 0);
	assert_int_equal(kcov_disable(*state), 0);
}

static int in_child(int (*act)(struct kcov *), struct kcov *kcov)
{
	const pid_t child = fork();
	int status;

	if (!child)
		_exit(act(kcov));
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static int close_in_child(struct kcov *kcov)
{
	kcov_close(kcov);
	return 0;
}

/* Any task may disable a tree, so this is what would end. */
static void close_by_a_child_ends_nothing(void **state)
{
	struct kcov *kcov = *state;

	assert_int_equal(has_trees() ? kcov_enable_tree(kcov) :
				       kcov_enable(kcov, KCOV_TRACE_PC), 0);
	assert_int_equal(in_child(close_in_child, kcov), 0);
	assert_int_equal(kcov_disable(kcov), 0);
}

/* --- errors ---------------------------------------------------------------- */

static int open_as_nobody(struct kcov *unused)
{
	(void)unused;
	if (setgid(65534) || setuid(65534) || kcov_open(0))
		return 1;
	if (errno != EACCES)
		return 2;
	return !strstr(kcov_error(), "open: EACCES (") ||
	       !strstr(kcov_error(), "\nonly root may trace");
}

static int open_without_files(struct kcov *unused)
{
	const struct rlimit none = { 0, 0 };

	(void)unused;
	if (setrlimit(RLIMIT_NOFILE, &none) || kcov_open(0))
		return 1;
	return !strstr(kcov_error(), "open: EMFILE (") ||
	       !strstr(kcov_error(), "\ntoo many open files");
}

static int open_without_address_space(struct kcov *unused)
{
	const struct rlimit limit = { 64 << 20, 64 << 20 };

	(void)unused;
	if (setrlimit(RLIMIT_AS, &limit) || kcov_open(16 << 20) || errno != ENOMEM)
		return 1;
	return !strstr(kcov_error(), "mmap: ENOMEM (") || !strstr(kcov_error(), "ulimit -v");
}

static void open_that_fails_names_the_cure(void **state)
{
	(void)state;
	assert_int_equal(in_child(open_as_nobody, NULL), 0);
	assert_int_equal(in_child(open_without_files, NULL), 0);
	assert_int_equal(in_child(open_without_address_space, NULL), 0);
}

static void length_that_the_kernel_refuses_names_the_cure(void **state)
{
	const size_t lengths[] = { SIZE_MAX, SIZE_MAX - 4096, 1UL << 28 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		assert_null(kcov_open(lengths[i]));
		assert_int_equal(errno, EINVAL);
		assert_says("/sys/kernel/debug/kcov: KCOV_INIT_TRACE: EINVAL (", "below 2 GiB");
	}
}

static void second_descriptor_of_a_thread_names_the_cure(void **state)
{
	struct kcov *second = kcov_open(512);

	assert_int_equal(kcov_enable(*state, KCOV_TRACE_PC), 0);
	assert_int_equal(kcov_enable(second, KCOV_TRACE_PC), -1);
	assert_int_equal(errno, EBUSY);
	assert_says("/sys/kernel/debug/kcov: KCOV_ENABLE: EBUSY (", "disable that one first");
	kcov_close(second);
	assert_int_equal(kcov_disable(*state), 0);
}

static void unknown_mode_names_the_cause(void **state)
{
	assert_int_equal(kcov_enable(*state, 99), -1);
	assert_int_equal(errno, EINVAL);
	assert_says("/sys/kernel/debug/kcov: KCOV_ENABLE: EINVAL (", "does not know the mode");
}

static void disable_of_what_is_not_enabled_names_the_cause(void **state)
{
	assert_int_equal(kcov_disable(*state), -1);
	assert_int_equal(errno, EINVAL);
	assert_says("/sys/kernel/debug/kcov: KCOV_DISABLE: EINVAL (", "had ended already");
}

/* --- places ---------------------------------------------------------------- */

static void call_under_test_is_in_the_buffer(void **state)
{
	struct kcov *kcov = *state;

	trace(kcov, KCOV_TRACE_PC, "apple");
	assert_true(reaches(kcov, "ksys_write") || reaches(kcov, "vfs_write"));
	assert_true(reaches(kcov, "sample_path_a"));
	assert_false(reaches(kcov, "sample_path_b"));
	assert_false(reaches(kcov, "ksys_read"));
}

static void collect_equals_the_buffer(void **state)
{
	struct kcov *kcov = *state;
	uint64_t *pcs = calloc(kcov->words, sizeof(*pcs));

	trace(kcov, KCOV_TRACE_PC, "apple");
	assert_true(kcov_count(kcov) > 3);
	assert_int_equal(kcov_collect(kcov, pcs, kcov->words), kcov_count(kcov));
	assert_memory_equal(pcs, kcov->cover + 1, kcov_count(kcov) * sizeof(*pcs));
	free(pcs);
}

static void full_buffer_is_seen(void **state)
{
	struct kcov *small = kcov_open(512);

	trace(*state, KCOV_TRACE_PC, "apple");
	assert_false(kcov_overflowed(*state));
	assert_int_equal(kcov_enable(small, KCOV_TRACE_PC), 0);
	kcov_reset(small);
	for (int i = 0; i < 1000; i++)
		if (read(-1, NULL, 0) != -1)
			break;
	assert_int_equal(kcov_disable(small), 0);
	assert_true(kcov_overflowed(small));
	assert_int_equal(kcov_count(small), 511);
	kcov_close(small);
}

static size_t touch_new_pages(struct kcov *kcov, void (*before)(void))
{
	const int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	assert_ptr_not_equal(page, MAP_FAILED);
	close(fd);
	before();
	assert_int_equal(kcov_enable(kcov, KCOV_TRACE_PC), 0);
	kcov_reset(kcov);
	__atomic_store_n(page, 1, __ATOMIC_SEQ_CST);
	kcov->words = kcov_count(kcov) + 1;	/* what comes behind is not looked at */
	assert_int_equal(kcov_disable(kcov), 0);
	munmap(page, PAGE);
	return kcov->words - 1;
}

static void do_nothing(void)
{
}

static void settled_program_records_no_page_fault(void **state)
{
	struct kcov *kcov = *state;
	const size_t words = kcov->words;

	touch_new_pages(kcov, kcov_settle);
	assert_false(reaches(kcov, "handle_mm_fault"));
	kcov->words = words;
	touch_new_pages(kcov, do_nothing);
	assert_true(reaches(kcov, "handle_mm_fault"));
	kcov->words = words;
}

/* Until a trace of it is as the one before: the first may differ by what it made present. */
static void same_input_adds_nothing_to_a_set(void **state)
{
	struct kcov_set *set = kcov_set_new();
	long added = -1;

	for (int i = 0; i < TRIES && added; i++) {
		trace(*state, KCOV_TRACE_PC, "apple");
		added = kcov_set_add_trace(set, *state);
	}
	assert_int_equal(added, 0);
	assert_true(kcov_set_count(set) > 3);
	trace(*state, KCOV_TRACE_PC, "banana");
	assert_true(kcov_set_add_trace(set, *state) > 0);
	kcov_set_free(set);
}

static void edges_of(struct kcov *kcov, const char *text, uint8_t *map, size_t size)
{
	memset(map, 0, size);
	trace(kcov, KCOV_TRACE_PC, text);
	assert_int_equal(kcov_edges(kcov, map, size), kcov_count(kcov));
}

static void same_input_has_the_same_edges(void **state)
{
	static uint8_t before[1 << 16], now[1 << 16];
	bool same = false;

	edges_of(*state, "apple", before, sizeof(before));
	for (int i = 0; i < TRIES && !same; i++) {
		edges_of(*state, "apple", now, sizeof(now));
		same = !memcmp(before, now, sizeof(now));
		memcpy(before, now, sizeof(now));
	}
	assert_true(same);
	edges_of(*state, "banana", now, sizeof(now));
	assert_memory_not_equal(before, now, sizeof(now));
}

/* --- comparisons ----------------------------------------------------------- */

static bool is_compared(struct kcov *kcov, uint64_t constant, uint64_t value)
{
	static struct kcov_cmp cmps[4096];
	const size_t count = kcov_cmps(kcov, cmps, ARRAY_SIZE(cmps));

	assert_int_equal(count, kcov_cmp_count(kcov));
	for (size_t i = 0; i < count; i++)
		if (kcov_cmp_is_const(&cmps[i]) && cmps[i].arg1 == constant &&
		    cmps[i].arg2 == value)
			return true;
	return false;
}

static void comparisons_show_the_operands(void **state)
{
	trace(*state, KCOV_TRACE_CMP, "zebra");
	assert_false(kcov_cmp_overflowed(*state));
	assert_true(is_compared(*state, 'a', 'z'));
	assert_true(is_compared(*state, 'b', 'z'));
	assert_false(is_compared(*state, 'a', 'y'));
	trace(*state, KCOV_TRACE_CMP, "apple");
	assert_false(is_compared(*state, 'a', 'z'));
}

/* --- work of others -------------------------------------------------------- */

static void section_with_our_handle_is_recorded(void **state)
{
	const struct kcov_remote remote = { .mode = KCOV_TRACE_PC, .common = kcov_common(0x77) };

	assert_int_equal(kcov_enable_remote(*state, &remote), 0);
	write_text(DEFERRED, "kthread common");
	assert_int_equal(kcov_disable(*state), 0);
	assert_true(reaches(*state, "deferred_in_kthread"));
}

static void section_with_another_handle_is_not(void **state)
{
	const struct kcov_remote remote = { .mode = KCOV_TRACE_PC, .common = kcov_common(0x77) };

	assert_int_equal(kcov_enable_remote(*state, &remote), 0);
	write_text(DEFERRED, "kthread 0x78");
	assert_int_equal(kcov_disable(*state), 0);
	assert_int_equal(kcov_count(*state), 0);
}

static void section_of_a_bus_is_recorded(void **state)
{
	const uint64_t handles[] = { kcov_usb(0xa1), kcov_usb(0xb2) };
	const struct kcov_remote remote = {
		.mode = KCOV_TRACE_PC,
		.area_words = 4096,
		.handles = handles,
		.handle_count = ARRAY_SIZE(handles),
	};

	assert_int_equal(kcov_enable_remote(*state, &remote), 0);
	write_text(DEFERRED, "kthread 0x1000000000000b2");
	assert_int_equal(kcov_disable(*state), 0);
	assert_true(reaches(*state, "deferred_in_kthread"));
}

static int enable_same_handle(struct kcov *unused)
{
	const struct kcov_remote remote = { .common = kcov_common(0x77) };
	struct kcov *second = kcov_open(512);

	(void)unused;
	if (!second || !kcov_enable_remote(second, &remote) || errno != EEXIST)
		return 1;
	return !strstr(kcov_error(), "KCOV_REMOTE_ENABLE: EEXIST (") ||
	       !strstr(kcov_error(), "choose another");
}

static void handle_that_is_taken_names_the_cure(void **state)
{
	const struct kcov_remote remote = { .common = kcov_common(0x77) };

	assert_int_equal(kcov_enable_remote(*state, &remote), 0);
	assert_int_equal(in_child(enable_same_handle, NULL), 0);
	assert_int_equal(kcov_disable(*state), 0);
}

static int enable_and_execute(struct kcov *kcov)
{
	if (kcov_enable_tree(kcov))
		return 126;
	execl("/bin/busybox", "true", NULL);
	return 127;
}

/* On a kernel with its own kcov there are none, and that is said. */
static void tree_records_a_command_or_says_why_not(void **state)
{
	struct kcov *kcov = *state;

	if (!has_trees()) {
		assert_int_equal(kcov_enable_tree(kcov), -1);
		assert_int_equal(errno, ENOTTY);
		assert_says("/sys/kernel/debug/kcov: KCOV_TREE_ENABLE: ENOTTY (", "only kcov.ko");
		return;
	}
	assert_int_equal(in_child(enable_and_execute, kcov), 0);
	assert_int_equal(kcov_disable(kcov), 0);
	assert_true(kcov_count(kcov) > 100);
	assert_true(reaches(kcov, "load_elf_binary"));
	assert_false(reaches(kcov, "sample_path_a"));
}

/* Other groups may have left it. */
static int load(const char *driver)
{
	char command[128];

	snprintf(command, sizeof(command), "grep -q '^%s ' /proc/modules || insmod /kcov/%s.ko",
		 driver, driver);
	return system(command);
}

static int load_drivers(void **state)
{
	(void)state;
	return load("kcov_sample") || load("kcov_deferred");
}

static int unload_drivers(void **state)
{
	(void)state;
	return system("rmmod kcov_deferred && rmmod kcov_sample");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_gives_a_mapped_buffer),
		cmocka_unit_test(length_is_rounded_up_to_pages),
		TEST(descriptor_can_be_enabled_again),
		TEST(close_ends_recording),
		TEST(close_by_a_child_ends_nothing),
		cmocka_unit_test(open_that_fails_names_the_cure),
		cmocka_unit_test(length_that_the_kernel_refuses_names_the_cure),
		TEST(second_descriptor_of_a_thread_names_the_cure),
		TEST(unknown_mode_names_the_cause),
		TEST(disable_of_what_is_not_enabled_names_the_cause),
		TEST(call_under_test_is_in_the_buffer),
		TEST(collect_equals_the_buffer),
		TEST(full_buffer_is_seen),
		TEST(settled_program_records_no_page_fault),
		TEST(same_input_adds_nothing_to_a_set),
		TEST(same_input_has_the_same_edges),
		TEST(comparisons_show_the_operands),
		TEST(section_with_our_handle_is_recorded),
		TEST(section_with_another_handle_is_not),
		TEST(section_of_a_bus_is_recorded),
		TEST(handle_that_is_taken_names_the_cure),
		TEST(tree_records_a_command_or_says_why_not),
	};

	return cmocka_run_group_tests(tests, load_drivers, unload_drivers) != 0;
}
