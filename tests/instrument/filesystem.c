// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tests of a file system whose module has callbacks: what its calls give, that another task
 * beside them is left alone, and that the stock module reads what was written.
 */
#include "filesystem.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define IMAGE		"/dev/shm/kcov_files.img"
#define PLACE		"/tmp/kcov_files"
#define MINE		PLACE "/mine"
#define OTHERS		PLACE "/others"
#define WORDS		(1024UL << 10)
#define FILE_BYTES	100000
#define TEXT_BYTES	8192

static const struct filesystem *fs;

/* Each file has its own bytes, which no block of another has. */
static void fill(char *bytes, size_t count, unsigned int seed)
{
	for (size_t i = 0; i < count; i++)
		bytes[i] = (i / 7 + i * seed) >> (i % 3);
}

static bool write_file(const char *path, unsigned int seed)
{
	static char bytes[FILE_BYTES];
	const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool done;

	if (fd < 0)
		return false;
	fill(bytes, sizeof(bytes), seed);
	done = write(fd, bytes, sizeof(bytes)) == sizeof(bytes) && !fsync(fd);
	close(fd);
	return done;
}

static bool file_is(const char *path, unsigned int seed, size_t count)
{
	static char wanted[FILE_BYTES], bytes[FILE_BYTES + 1];
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return false;
	length = read(fd, bytes, sizeof(bytes));
	close(fd);
	fill(wanted, sizeof(wanted), seed);
	return length == (ssize_t)count && !memcmp(bytes, wanted, count);
}

/* --- an image -------------------------------------------------------------------------------- */

static bool run(const char *command)
{
	char line[256], said[4096];

	snprintf(line, sizeof(line), KCOV_INSTRUMENTED "/bin/%s " IMAGE " 2>&1", command);
	if (kcov_run(line, said, sizeof(said)) == 0)
		return true;
	print_error("%s: %s\n", line, said);
	return false;
}

static bool make_image(void)
{
	const int fd = open(IMAGE, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	const bool made = fd >= 0 && !ftruncate(fd, fs->bytes);

	close(fd);
	return made && run(fs->make);
}

static int mount_it(void *unused)
{
	(void)unused;
	return kcov_mount_image(IMAGE, PLACE, fs->module, 0, "");
}

static ssize_t record_mount(const struct kcov_test *t, unsigned long mode, int *result)
{
	struct kcov_call call = { mount_it, NULL, -1 };
	const ssize_t count = kcov_record(t, mode, &call);

	*result = call.result;
	return count;
}

static bool make_directories(void)
{
	return !mkdir(MINE, 0700) && !mkdir(OTHERS, 0700);
}

/* --- what the traced task does, and the other ------------------------------------------------ */

static int make_calls(void *unused)
{
	(void)unused;
	if (mkdir(MINE "/directory", 0700) || !write_file(MINE "/directory/first", 1) ||
	    rename(MINE "/directory/first", MINE "/second") || !write_file(MINE "/third", 3) ||
	    unlink(MINE "/third") || rmdir(MINE "/directory") ||
	    truncate(MINE "/second", FILE_BYTES / 2))
		return -1;
	return file_is(MINE "/second", 1, FILE_BYTES / 2) ? 0 : -1;
}

static bool use_beside(unsigned int round)
{
	const unsigned int seed = 100 + round % 4;
	char path[64], link_path[64];

	snprintf(path, sizeof(path), OTHERS "/file%u", seed);
	snprintf(link_path, sizeof(link_path), OTHERS "/link%u", seed);
	unlink(link_path);
	return write_file(path, seed) && !link(path, link_path) &&
	       file_is(link_path, seed, FILE_BYTES);
}

/* What both see of the other task: how many rounds were right, and whether it shall end. */
struct shared {
	unsigned int rounds;
	int ended;
};

static struct {
	pid_t pid;
	struct shared *shared;
} other;

static bool begin_other(void)
{
	struct shared *shared = kcov_shared(KCOV_PAGE);

	other.shared = shared;
	other.pid = shared ? fork() : -1;
	if (other.pid)
		return other.pid > 0;
	while (!__atomic_load_n(&shared->ended, __ATOMIC_RELAXED) && use_beside(shared->rounds))
		__atomic_add_fetch(&shared->rounds, 1, __ATOMIC_RELAXED);
	_exit(!__atomic_load_n(&shared->ended, __ATOMIC_RELAXED));
}

static bool other_has_begun(void *unused)
{
	(void)unused;
	return __atomic_load_n(&other.shared->rounds, __ATOMIC_RELAXED) > 0;
}

/* Whether it never found anything but what it had written. */
static bool end_other(void)
{
	const pid_t pid = other.pid;
	int status;

	other.pid = 0;
	__atomic_store_n(&other.shared->ended, 1, __ATOMIC_RELAXED);
	return waitpid(pid, &status, 0) == pid && status == 0 && other_has_begun(NULL);
}

/* --- tests ----------------------------------------------------------------------------------- */

static void mounting_gives_blocks(void **state)
{
	const struct kcov_test *t = *state;
	int result;
	ssize_t count;

	assert_true(make_image());
	count = record_mount(t, KCOV_TRACE_PC, &result);
	assert_int_equal(result, 0);
	assert_true(count > 0 && (size_t)count + 1 < t->size && kcov_in_range(t, count));
	assert_true(kcov_blocks(t, count, fs->fill) > 20);
	assert_int_equal(kcov_entries_within(t, count, fs->module), 0);
}

static void stock_module_gives_entries(void **state)
{
	const struct kcov_test *t = *state;
	int result;
	ssize_t count;

	assert_int_equal(kcov_swap_back(fs->module), 0);
	assert_true(make_image());
	count = record_mount(t, KCOV_TRACE_PC, &result);
	assert_int_equal(result, 0);
	assert_int_equal(kcov_blocks_within(t, count, fs->module), 0);
	assert_true(kcov_entries_within(t, count, fs->module) > 0);
}

static void magic_number_is_compared(void **state)
{
	const struct kcov_test *t = *state;
	int result;
	ssize_t count;

	assert_true(make_image());
	count = record_mount(t, KCOV_TRACE_CMP, &result);
	assert_int_equal(result, 0);
	assert_true(count > 0 && kcov_compared(t, count, fs->compares, fs->magic, fs->magic));
}

static bool damage_magic(unsigned long magic)
{
	const int fd = open(IMAGE, O_WRONLY | O_CLOEXEC);
	const bool done = pwrite(fd, &magic, fs->magic_bytes, fs->place) ==
			  (ssize_t)fs->magic_bytes;

	close(fd);
	return done;
}

static void another_magic_number_is_seen(void **state)
{
	const struct kcov_test *t = *state;
	const unsigned long other = fs->magic ^ 0x1100;
	int result;
	ssize_t count;

	assert_true(make_image() && damage_magic(other));
	count = record_mount(t, KCOV_TRACE_CMP, &result);
	assert_int_equal(result, EINVAL);
	assert_true(count > 0 && kcov_compared(t, count, fs->compares, fs->magic, other));
	assert_false(kcov_compared(t, count, fs->compares, fs->magic, fs->magic));
}

static void each_call_gives_blocks(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_call call = { make_calls, NULL, -1 };
	ssize_t count;

	assert_true(make_image());
	assert_int_equal(mount_it(NULL), 0);
	assert_true(make_directories());
	count = kcov_record(t, KCOV_TRACE_PC, &call);
	assert_int_equal(call.result, 0);
	assert_true(count > 0 && (size_t)count + 1 < t->size && kcov_in_range(t, count));
	for (const char *const *name = fs->calls; *name; name++)
		if (kcov_blocks(t, count, *name) < 3)
			fail_msg("%s: %zu blocks", *name, kcov_blocks(t, count, *name));
}

static void another_tasks_calls_are_not_recorded(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_call call = { make_calls, NULL, -1 };
	ssize_t count;

	assert_true(make_image());
	assert_int_equal(mount_it(NULL), 0);
	assert_true(make_directories() && begin_other());
	assert_true(kcov_wait_for(other_has_begun, NULL));
	count = kcov_record(t, KCOV_TRACE_PC, &call);
	assert_true(end_other());
	assert_int_equal(call.result, 0);
	assert_true(count > 0 && kcov_symbol(fs->others));
	assert_int_equal(kcov_blocks(t, count, fs->others), 0);
}

/* The control of the above: what is not to be found is found where it belongs. */
static int link_something(void *unused)
{
	(void)unused;
	return use_beside(0) ? 0 : -1;
}

static void own_calls_of_that_kind_are(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_call call = { link_something, NULL, -1 };
	ssize_t count;

	assert_true(make_image());
	assert_int_equal(mount_it(NULL), 0);
	assert_true(make_directories());
	count = kcov_record(t, KCOV_TRACE_PC, &call);
	assert_int_equal(call.result, 0);
	assert_true(kcov_blocks(t, count, fs->others) >= 3);
}

/* With a mode of each kind traced, and another task beside it. */
static void write_all(const struct kcov_test *t, char *text)
{
	struct kcov_call call = { make_calls, NULL, -1 };

	assert_int_equal(mount_it(NULL), 0);
	assert_true(make_directories() && begin_other());
	assert_true(kcov_record(t, KCOV_TRACE_PC, &call) > 0);
	assert_int_equal(call.result, 0);
	assert_int_equal(unlink(MINE "/second"), 0);
	assert_true(kcov_record(t, KCOV_TRACE_CMP, &call) > 0);
	assert_int_equal(call.result, 0);
	assert_true(kcov_wait_for(other_has_begun, NULL));
	assert_true(end_other());
	assert_true(kcov_describe(PLACE, text, TEXT_BYTES));
	assert_int_equal(umount(PLACE), 0);
}

static void stock_module_reads_what_was_written(void **state)
{
	char ours[TEXT_BYTES], stock[TEXT_BYTES];

	assert_true(make_image());
	write_all(*state, ours);
	assert_true(run(fs->check));
	assert_int_equal(kcov_swap_back(fs->module), 0);
	assert_int_equal(mount_it(NULL), 0);
	assert_true(kcov_describe(PLACE, stock, sizeof(stock)));
	assert_true(strstr(stock, " second "));
	assert_string_equal(stock, ours);
	assert_true(file_is(MINE "/second", 1, FILE_BYTES / 2));
	assert_true(file_is(OTHERS "/link100", 100, FILE_BYTES));
}

/* --- fixture --------------------------------------------------------------------------------- */

static int setup(void **state)
{
	static struct kcov_test test;
	const int err = kcov_swap_in(fs->module);

	*state = &test;
	if (err) {
		print_error("%s: %s\n", fs->module, strerror(err));
		return -1;
	}
	kcov_symbol(fs->fill);	/* read now, not while it is traced */
	return kcov_make(&test, WORDS) ? 0 : -1;
}

/* A test that failed may have left the other task to itself. */
static int teardown(void **state)
{
	if (other.pid > 0)
		end_other();
	umount(PLACE);
	unlink(IMAGE);
	return kcov_test_teardown(state);
}

static int start(void **state)
{
	(void)state;
	mkdir(PLACE, 0700);
	return system("modprobe loop") ? -1 : 0;
}

static int stop(void **state)
{
	(void)state;
	return kcov_swap_back(fs->module) ? -1 : 0;
}

#define FILES_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int test_filesystem(const struct filesystem *filesystem)
{
	const struct CMUnitTest files[] = {
		FILES_TEST(stock_module_gives_entries),
		FILES_TEST(mounting_gives_blocks),
		FILES_TEST(magic_number_is_compared),
		FILES_TEST(another_magic_number_is_seen),
		FILES_TEST(each_call_gives_blocks),
		FILES_TEST(another_tasks_calls_are_not_recorded),
		FILES_TEST(own_calls_of_that_kind_are),
		FILES_TEST(stock_module_reads_what_was_written),
	};

	fs = filesystem;
	return cmocka_run_group_tests(files, start, stop) != 0;
}
