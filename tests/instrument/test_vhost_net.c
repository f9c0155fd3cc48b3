// SPDX-License-Identifier: GPL-2.0-only
/*
 * vhost and vhost_net with callbacks, the one above the other: a device is opened and owned.
 */
#include "kcov_instrumented.h"

#include <fcntl.h>
#include <linux/vhost.h>
#include <unistd.h>

/* What a second call of it answers. */
static int own_twice(void *fd)
{
	if (ioctl(*(int *)fd, VHOST_SET_OWNER))
		return -1;
	return ioctl(*(int *)fd, VHOST_SET_OWNER) ? errno : 0;
}

static int open_it(void *fd)
{
	*(int *)fd = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);
	return *(int *)fd < 0 ? errno : 0;
}

static void opening_gives_blocks(void **state)
{
	const struct kcov_test *t = *state;
	int fd = -1;
	struct kcov_call call = { open_it, &fd, -1 };
	const ssize_t count = kcov_record(t, KCOV_TRACE_PC, &call);

	close(fd);
	assert_int_equal(call.result, 0);
	assert_true(count > 0 && kcov_blocks(t, count, "vhost_net_open") >= 3);
	assert_true(kcov_blocks(t, count, "vhost_dev_init") >= 3);
	assert_int_equal(kcov_entries_within(t, count, "vhost_net"), 0);
	assert_int_equal(kcov_entries_within(t, count, "vhost"), 0);
}

static void owning_gives_blocks_and_is_refused_twice(void **state)
{
	const struct kcov_test *t = *state;
	int fd = -1;
	struct kcov_call call = { own_twice, &fd, -1 };
	ssize_t count;

	assert_int_equal(open_it(&fd), 0);
	count = kcov_record(t, KCOV_TRACE_PC, &call);
	close(fd);
	assert_int_equal(call.result, EBUSY);
	assert_true(count > 0 && kcov_blocks(t, count, "vhost_net_ioctl") >= 3);
	assert_true(kcov_blocks(t, count, "vhost_dev_set_owner") >= 3);
}

static int ask_features(void *fd)
{
	__u64 features = 0;

	if (ioctl(*(int *)fd, VHOST_GET_FEATURES, &features))
		return errno;
	return features ? 0 : ENODATA;
}

static void request_is_compared(void **state)
{
	const struct kcov_test *t = *state;
	int fd = -1;
	struct kcov_call call = { ask_features, &fd, -1 };
	ssize_t count;

	assert_int_equal(open_it(&fd), 0);
	count = kcov_record(t, KCOV_TRACE_CMP, &call);
	close(fd);
	assert_int_equal(call.result, 0);
	assert_true(count > 0 && kcov_compared(t, count, "vhost_net_ioctl", VHOST_GET_FEATURES,
					       VHOST_GET_FEATURES));
	assert_false(kcov_compared(t, count, "vhost_net_ioctl", VHOST_SET_OWNER, VHOST_SET_OWNER));
}

static void stock_modules_give_entries(void **state)
{
	const struct kcov_test *t = *state;
	int fd = -1;
	struct kcov_call call = { open_it, &fd, -1 };
	ssize_t count;

	assert_int_equal(kcov_swap_out("vhost_net") | kcov_swap_out("vhost"), 0);
	assert_int_equal(kcov_swap_back("vhost_net"), 0);
	count = kcov_record(t, KCOV_TRACE_PC, &call);
	close(fd);
	assert_int_equal(call.result, 0);
	assert_true(kcov_entries_within(t, count, "vhost_net") > 0);
	assert_int_equal(kcov_blocks_within(t, count, "vhost_net"), 0);
	assert_int_equal(kcov_blocks_within(t, count, "vhost"), 0);
}

static int stop(void **state)
{
	(void)state;
	return kcov_swap_out("vhost_net") || kcov_swap_out("vhost") ? -1 : 0;
}

static int start(void **state)
{
	return stop(state) || kcov_swap_in("vhost") || kcov_swap_in("vhost_net") ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest vhost_net[] = {
		KCOV_TEST(opening_gives_blocks),
		KCOV_TEST(owning_gives_blocks_and_is_refused_twice),
		KCOV_TEST(request_is_compared),
		KCOV_TEST(stock_modules_give_entries),
	};

	return cmocka_run_group_tests(vhost_net, start, stop) != 0;
}
