// SPDX-License-Identifier: GPL-2.0-only
/*
 * Refused calls are seen: each leaves a line in the kernel log once dynamic
 * debug is on for the module.
 */
#include "kcov_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kcov_log.h"

#define CONTROL		"/proc/dynamic_debug/control"

static int log_fd = -1;

static int open_log(void **state)
{
	(void)state;
	log_fd = kcov_log_open();
	return log_fd < 0 || kcov_write_file(CONTROL, "module kcov +p") ? -1 : 0;
}

static int close_log(void **state)
{
	(void)state;
	close(log_fd);
	return kcov_write_file(CONTROL, "module kcov -p") ? -1 : 0;
}

/* The ioctl is refused, and the log names its number, this task and why. */
static void assert_logged(int fd, unsigned long request, unsigned long argument, const char *why)
{
	char number[32], pid[32];
	const char *const parts[] = { "kcov: ", number, "test_refusal", pid, why, NULL };
	int result;

	snprintf(number, sizeof(number), "ioctl %#lx", request);
	snprintf(pid, sizeof(pid), "[%d]", getpid());
	kcov_log_forget(log_fd);
	result = kcov_ioctl(fd, request, argument);
	assert_int_not_equal(result, 0);
	assert_true(kcov_log_says(log_fd, parts));
}

static void bad_size_is_logged(void **state)
{
	const struct kcov_test *t = *state;

	assert_logged(t->fd, KCOV_INIT_TRACE, 1, "INT_MAX / 8");
}

static void second_init_is_logged(void **state)
{
	const struct kcov_test *t = *state;

	assert_logged(t->fd, KCOV_INIT_TRACE, t->size, "before");
}

static void enable_before_init_is_logged(void **state)
{
	const struct kcov_test *t = *state;

	assert_logged(t->fd, KCOV_ENABLE, KCOV_TRACE_PC, "INIT_TRACE comes first");
}

static void enable_twice_is_logged(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_logged(t->fd, KCOV_ENABLE, KCOV_TRACE_PC, "is enabled");
}

static int enable_again(void *data)
{
	const struct kcov_test *t = data;

	return kcov_enable(t->fd);
}

/* The one who asks is a child, the one in its way the parent. */
static void owner_of_the_descriptor_is_logged(void **state)
{
	const struct kcov_test *t = *state;
	char owner[32];
	const char *const parts[] = { "kcov: ioctl", owner, "is enabled", NULL };

	snprintf(owner, sizeof(owner), "of thread %d ", getpid());
	assert_int_equal(kcov_enable(t->fd), 0);
	kcov_log_forget(log_fd);
	assert_int_equal(kcov_in_child(enable_again, *state), EINVAL);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(kcov_log_says(log_fd, parts));
}

static void second_descriptor_is_logged(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test second;

	assert_true(kcov_make(&second, KCOV_TEST_SIZE));
	assert_int_equal(kcov_enable(t->fd), 0);
	assert_logged(second.fd, KCOV_ENABLE, KCOV_TRACE_PC, "another descriptor");
	kcov_release(&second);
}

static void unknown_mode_is_logged(void **state)
{
	const struct kcov_test *t = *state;

	assert_logged(t->fd, KCOV_ENABLE, 2, "unknown mode");
	assert_logged(t->fd, KCOV_ENABLE, 1UL << 32, "unknown mode");
}

static void refused_disable_is_logged(void **state)
{
	const struct kcov_test *t = *state;

	assert_logged(t->fd, KCOV_DISABLE, 0, "has not enabled");
	assert_logged(t->fd, KCOV_DISABLE, 1, "must be 0");
}

static void refused_reset_is_logged(void **state)
{
	const struct kcov_test *t = *state;

	assert_logged(t->fd, KCOV_RESET_TRACE, 0, "has not enabled");
	assert_logged(t->fd, KCOV_RESET_TRACE, 1, "must be 0");
}

static void refused_remote_enable_is_logged(void **state)
{
	struct kcov_remote_arg arg = { .trace_mode = 2 };
	const struct kcov_test *t = *state;

	assert_logged(t->fd, KCOV_REMOTE_ENABLE, 0, "cannot be read");
	assert_logged(t->fd, KCOV_REMOTE_ENABLE, (unsigned long)&arg, "unknown mode");
	arg = (struct kcov_remote_arg){ .num_handles = 257 };
	assert_logged(t->fd, KCOV_REMOTE_ENABLE, (unsigned long)&arg, "more than 256");
	arg = (struct kcov_remote_arg){ .common_handle = 1UL << 56 };
	assert_logged(t->fd, KCOV_REMOTE_ENABLE, (unsigned long)&arg, "common_handle");
}

static void unknown_ioctl_is_logged(void **state)
{
	const struct kcov_test *t = *state;

	assert_logged(t->fd, _IO('c', 103), 0, "no such ioctl");
}

static void refused_mmap_is_logged(void **state)
{
	const char *const parts[] = { "kcov: ", "mmap", "test_refusal", "length", NULL };
	const struct kcov_test *t = *state;

	kcov_log_forget(log_fd);
	assert_null(kcov_map(t->fd, t->size + KCOV_PAGE_WORDS));
	assert_true(kcov_log_says(log_fd, parts));
}

static void call_that_is_not_refused_is_not_logged(void **state)
{
	const char *const parts[] = { "kcov: ", "refused", NULL };
	const struct kcov_test *t = *state;

	kcov_log_forget(log_fd);
	assert_true(kcov_trace_read(t) > 0);
	assert_false(kcov_log_says(log_fd, parts));
}

static void nothing_is_logged_while_dynamic_debug_is_off(void **state)
{
	const char *const parts[] = { "kcov: ", NULL };
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_write_file(CONTROL, "module kcov -p"), 0);
	kcov_log_forget(log_fd);
	assert_int_equal(kcov_ioctl(t->fd, KCOV_ENABLE, 2), EINVAL);
	assert_false(kcov_log_says(log_fd, parts));
	assert_int_equal(kcov_write_file(CONTROL, "module kcov +p"), 0);
}

int main(void)
{
	const struct CMUnitTest refusal[] = {
		KCOV_TEST_NEW(bad_size_is_logged),
		KCOV_TEST(second_init_is_logged),
		KCOV_TEST_NEW(enable_before_init_is_logged),
		KCOV_TEST(enable_twice_is_logged),
		KCOV_TEST(owner_of_the_descriptor_is_logged),
		KCOV_TEST(second_descriptor_is_logged),
		KCOV_TEST(unknown_mode_is_logged),
		KCOV_TEST(refused_disable_is_logged),
		KCOV_TEST(refused_reset_is_logged),
		KCOV_TEST(refused_remote_enable_is_logged),
		KCOV_TEST(unknown_ioctl_is_logged),
		KCOV_TEST(refused_mmap_is_logged),
		KCOV_TEST(call_that_is_not_refused_is_not_logged),
		KCOV_TEST(nothing_is_logged_while_dynamic_debug_is_off),
	};
	const int failed = cmocka_run_group_tests(refusal, open_log, close_log);

	return failed != 0;
}
