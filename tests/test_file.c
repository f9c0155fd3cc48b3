// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device as a file: open, dup, descriptors handed on, unknown ioctls,
 * read, write, lseek, other users.
 */
#include "kcov_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY		200
#define NOBODY		65534

static const unsigned long unknown_ioctls[] = {
	0, 0xffffffff,
	_IO('c', 0), _IO('c', 1), _IO('c', 2), _IO('c', 99), _IO('d', 100),
	_IOR('c', 1, unsigned int),	/* KCOV_INIT_TRACE of a 32-bit long */
	_IOW('c', 1, unsigned long),
	_IOR('c', 100, unsigned long), _IOR('c', 101, unsigned long),
	_IOW('c', 103, unsigned long),	/* proposed, not merged, not ours */
	_IO('c', 103), _IO('c', 105), _IOW('c', 104, unsigned long),
};

static bool all_unknown(int fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(unknown_ioctls); i++)
		if (kcov_ioctl(fd, unknown_ioctls[i], 0) != ENOTTY)
			return false;
	return true;
}

static void device_is_for_root_only(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(stat(KCOV_DEVICE, &status), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0600);
	assert_int_equal(status.st_uid, 0);
}

static int open_as_nobody(void *unused)
{
	(void)unused;
	if (setgid(NOBODY) || setuid(NOBODY))
		return 255;
	return kcov_open() < 0 ? errno : 0;
}

static void another_user_may_not_open(void **state)
{
	(void)state;
	assert_int_equal(kcov_in_child(open_as_nobody, NULL), EACCES);
}

static int trace_as_nobody(void *data)
{
	if (setgid(NOBODY) || setuid(NOBODY))
		return 255;
	return kcov_trace_read(data) > 0 ? 0 : 1;
}

static void another_user_may_use_a_descriptor_it_was_given(void **state)
{
	assert_int_equal(kcov_in_child(trace_as_nobody, *state), 0);
}

static void two_hundred_descriptors_are_independent(void **state)
{
	int fds[MANY], initialised = 0;

	(void)state;
	for (int i = 0; i < MANY; i++)
		fds[i] = kcov_open();
	for (int i = 0; i < MANY; i++)
		if (kcov_init(fds[i], 2 + i) == 0 && kcov_init(fds[i], 2) == EBUSY)
			initialised++;
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
	assert_int_equal(initialised, MANY);
}

/* By its name below /proc it is opened, not duplicated. */
static void opening_a_descriptor_again_gives_a_new_one(void **state)
{
	const struct kcov_test *t = *state;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(kcov_enable(fd), EINVAL);
	assert_int_equal(kcov_init(fd, KCOV_TEST_SIZE), 0);
	close(fd);
}

static void duplicate_outlives_the_original(void **state)
{
	struct kcov_test *t = *state;
	const int copy = dup(t->fd);

	close(t->fd);
	t->fd = copy;
	assert_int_equal(kcov_init(t->fd, KCOV_TEST_SIZE), 0);
	assert_int_equal(kcov_enable(t->fd), 0);
}

static void duplicate_is_the_same_descriptor(void **state)
{
	struct kcov_test *t = *state;
	const int copy = dup(t->fd);
	const int result = kcov_init(copy, KCOV_TEST_SIZE);

	close(copy);
	assert_int_equal(result, EBUSY);
}

static bool send_descriptor(int channel, int fd)
{
	union { struct cmsghdr header; char room[CMSG_SPACE(sizeof(int))]; } control = {
		.header = {
			.cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		},
	};
	struct iovec byte = { .iov_base = "", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &byte, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(channel, &message, 0) == 1;
}

static int receive_descriptor(int channel)
{
	union { struct cmsghdr header; char room[CMSG_SPACE(sizeof(int))]; } control;
	char byte;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(channel, &message, 0) == 1 && message.msg_controllen)
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

static int enable_what_arrives(void *data)
{
	const int err = kcov_enable(receive_descriptor(*(int *)data));

	kcov_read_nothing(NULL);
	return err;
}

static void descriptor_passes_over_a_socket(void **state)
{
	const struct kcov_test *t = *state;
	int channel[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, channel), 0);
	assert_true(send_descriptor(channel[0], t->fd));
	assert_int_equal(kcov_in_child(enable_what_arrives, &channel[1]), 0);
	assert_true(kcov_count(t) > 0);
	close(channel[0]);
	close(channel[1]);
}

static void unknown_ioctl_on_a_new_descriptor_is_enotty(void **state)
{
	const struct kcov_test *t = *state;

	assert_true(all_unknown(t->fd));
	assert_int_equal(kcov_init(t->fd, KCOV_TEST_SIZE), 0);
}

static void unknown_ioctl_on_an_initialised_one_is_enotty(void **state)
{
	const struct kcov_test *t = *state;

	assert_true(all_unknown(t->fd));
	assert_true(kcov_trace_read(t) > 0);
}

static void unknown_ioctl_on_an_enabled_one_is_enotty(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_true(all_unknown(t->fd));
	kcov_set_count(t, 0);
	kcov_read_nothing(NULL);
	assert_true(kcov_count(t) > 0);
}

static void read_is_einval(void **state)
{
	const struct kcov_test *t = *state;
	char byte;

	assert_int_equal(read(t->fd, &byte, 1), -1);
	assert_int_equal(errno, EINVAL);
}

static void write_is_einval(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(write(t->fd, "", 1), -1);
	assert_int_equal(errno, EINVAL);
}

static void read_and_write_at_a_position_are_espipe(void **state)
{
	const struct kcov_test *t = *state;
	char byte = 0;

	assert_int_equal(pread(t->fd, &byte, 1, 0), -1);
	assert_int_equal(errno, ESPIPE);
	assert_int_equal(pwrite(t->fd, &byte, 1, 0), -1);
	assert_int_equal(errno, ESPIPE);
}

static void lseek_is_espipe(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(lseek(t->fd, 0, SEEK_SET), -1);
	assert_int_equal(errno, ESPIPE);
}

int main(void)
{
	const struct CMUnitTest file[] = {
		cmocka_unit_test(device_is_for_root_only),
		cmocka_unit_test(another_user_may_not_open),
		KCOV_TEST(another_user_may_use_a_descriptor_it_was_given),
		cmocka_unit_test(two_hundred_descriptors_are_independent),
		KCOV_TEST(opening_a_descriptor_again_gives_a_new_one),
		KCOV_TEST_NEW(duplicate_outlives_the_original),
		KCOV_TEST(duplicate_is_the_same_descriptor),
		KCOV_TEST(descriptor_passes_over_a_socket),
		KCOV_TEST_NEW(unknown_ioctl_on_a_new_descriptor_is_enotty),
		KCOV_TEST(unknown_ioctl_on_an_initialised_one_is_enotty),
		KCOV_TEST(unknown_ioctl_on_an_enabled_one_is_enotty),
		KCOV_TEST(read_is_einval),
		KCOV_TEST(write_is_einval),
		KCOV_TEST(read_and_write_at_a_position_are_espipe),
		KCOV_TEST(lseek_is_espipe),
	};
	const int failed = cmocka_run_group_tests(file, NULL, NULL);

	return failed != 0;
}
