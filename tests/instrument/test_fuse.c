// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuse with callbacks: a mount, and the kernel's first request for it.
 */
#include "kcov_instrumented.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACE	"/tmp/kcov_fuse"

/* "fd=" and what stands before it. */
static int mount_with(int fd, const char *options)
{
	char text[128];

	snprintf(text, sizeof(text), "%s,user_id=0,group_id=0,fd=%d", options, fd);
	return mount("kcov", PLACE, "fuse", MS_NOSUID | MS_NODEV, text) ? errno : 0;
}

static int mount_it(void *fd)
{
	return mount_with(*(int *)fd, "rootmode=40000");
}

static int mount_no_directory(void *fd)
{
	return mount_with(*(int *)fd, "rootmode=0");
}

/* 0 if it asks for what every file system is asked first. */
static int read_request(void *fd)
{
	static char buffer[FUSE_MIN_READ_BUFFER];
	const struct fuse_in_header *header = (const void *)buffer;

	if (read(*(int *)fd, buffer, sizeof(buffer)) < (ssize_t)sizeof(*header))
		return errno;
	return header->opcode == FUSE_INIT ? 0 : ENOMSG;
}

static int open_device(void)
{
	return open("/dev/fuse", O_RDWR | O_CLOEXEC);
}

static ssize_t record(const struct kcov_test *t, unsigned long mode, int (*act)(void *), int *fd,
		      int *result)
{
	struct kcov_call call = { act, fd, -1 };
	const ssize_t count = kcov_record(t, mode, &call);

	*result = call.result;
	return count;
}

static void mounting_gives_blocks(void **state)
{
	const struct kcov_test *t = *state;
	int fd = open_device(), result;
	const ssize_t count = record(t, KCOV_TRACE_PC, mount_it, &fd, &result);

	close(fd);
	assert_int_equal(result, 0);
	assert_true(count > 0 && kcov_blocks(t, count, "fuse_fill_super_common") > 10);
	assert_int_equal(kcov_entries_within(t, count, "fuse"), 0);
}

static void first_request_is_read_and_gives_blocks(void **state)
{
	const struct kcov_test *t = *state;
	int fd = open_device(), result;
	ssize_t count;

	assert_int_equal(mount_it(&fd), 0);
	count = record(t, KCOV_TRACE_PC, read_request, &fd, &result);
	close(fd);
	assert_int_equal(result, 0);
	assert_true(count > 0 && kcov_blocks(t, count, "fuse_dev_do_read") > 5);
}

/* The control. */
static void mount_without_a_mode_is_refused(void **state)
{
	const struct kcov_test *t = *state;
	int fd = open_device(), result;
	const ssize_t count = record(t, KCOV_TRACE_PC, mount_no_directory, &fd, &result);

	close(fd);
	assert_int_equal(result, EINVAL);
	assert_true(count > 0);
	assert_int_equal(kcov_blocks(t, count, "fuse_fill_super_common"), 0);
}

static void stock_module_gives_entries(void **state)
{
	const struct kcov_test *t = *state;
	int fd, result;
	ssize_t count;

	assert_int_equal(kcov_swap_back("fuse"), 0);
	fd = open_device();
	count = record(t, KCOV_TRACE_PC, mount_it, &fd, &result);
	close(fd);
	assert_int_equal(result, 0);
	assert_true(kcov_entries_within(t, count, "fuse") > 0);
	assert_int_equal(kcov_blocks_within(t, count, "fuse"), 0);
}

static int setup(void **state)
{
	static struct kcov_test test;

	*state = &test;
	mkdir(PLACE, 0700);
	if (kcov_swap_in("fuse"))
		return -1;
	kcov_symbol("fuse_dev_do_read");
	return kcov_make(&test, KCOV_MOUNT_WORDS) ? 0 : -1;
}

static int teardown(void **state)
{
	umount(PLACE);
	return kcov_test_teardown(state);
}

/* Its control files are mounted by nobody here, so nothing holds it. */
static int stop(void **state)
{
	(void)state;
	return kcov_swap_out("fuse") ? -1 : 0;
}

#define FUSE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest fuse[] = {
		FUSE_TEST(mounting_gives_blocks),
		FUSE_TEST(first_request_is_read_and_gives_blocks),
		FUSE_TEST(mount_without_a_mode_is_refused),
		FUSE_TEST(stock_module_gives_entries),
	};

	return cmocka_run_group_tests(fuse, NULL, stop) != 0;
}
