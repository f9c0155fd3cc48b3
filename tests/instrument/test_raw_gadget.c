// SPDX-License-Identifier: GPL-2.0-only
/*
 * raw_gadget with callbacks: a module that the distribution leaves out, so there is no stock one.
 */
#include "kcov_instrumented.h"

#include <fcntl.h>
#include <linux/usb/ch9.h>
#include <linux/usb/raw_gadget.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEVICE	"/dev/raw-gadget"

#define NO_SPEED	0x5a

static int init_gadget(void *speed)
{
	const struct usb_raw_init init = {
		.driver_name = "dummy_udc",
		.device_name = "dummy_udc.0",
		.speed = *(const int *)speed,
	};
	const int fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	int err;

	if (fd < 0)
		return errno;
	err = kcov_ioctl(fd, USB_RAW_IOCTL_INIT, (unsigned long)&init);
	close(fd);
	return err;
}

static int high = USB_SPEED_HIGH, none = NO_SPEED;

static void distribution_has_none(void **state)
{
	(void)state;
	assert_int_equal(kcov_swap_out("raw_gadget"), 0);
	assert_int_equal(kcov_swap_back("raw_gadget"), ENOENT);
	assert_int_equal(kcov_swap_in("raw_gadget"), 0);
}

static void init_gives_blocks(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_call call = { init_gadget, &high, -1 };
	const ssize_t count = kcov_record(t, KCOV_TRACE_PC, &call);

	assert_int_equal(call.result, 0);
	assert_true(count > 0 && kcov_blocks(t, count, "raw_ioctl_init") >= 3);
	assert_true(kcov_blocks(t, count, "raw_open") >= 2);
	assert_int_equal(kcov_entries_within(t, count, "raw_gadget"), 0);
}

static void speed_is_compared(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_call call = { init_gadget, &high, -1 };
	const ssize_t count = kcov_record(t, KCOV_TRACE_CMP, &call);

	assert_int_equal(call.result, 0);
	assert_true(count > 0 && kcov_compared(t, count, "raw_ioctl_init", USB_SPEED_HIGH,
					       USB_SPEED_HIGH));
}

/* The control: no speed that it knows. */
static void another_speed_is_seen_and_refused(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_call call = { init_gadget, &none, -1 };
	const ssize_t count = kcov_record(t, KCOV_TRACE_CMP, &call);

	assert_int_equal(call.result, EINVAL);
	assert_true(count > 0 && kcov_compared(t, count, "raw_ioctl_init", USB_SPEED_HIGH,
					       NO_SPEED));
	assert_false(kcov_compared(t, count, "raw_ioctl_init", USB_SPEED_HIGH, USB_SPEED_HIGH));
}

static int start(void **state)
{
	(void)state;
	return system("modprobe dummy_hcd") || kcov_swap_in("raw_gadget") ? -1 : 0;
}

static int stop(void **state)
{
	(void)state;
	if (kcov_swap_out("raw_gadget"))
		return -1;
	/* fails when a module that both need went with the first */
	if (system("modprobe -r dummy_hcd 2>/dev/null"))
		return kcov_is_loaded("dummy_hcd") ? -1 : 0;
	return 0;
}

int main(void)
{
	const struct CMUnitTest gadget[] = {
		KCOV_TEST(distribution_has_none),
		KCOV_TEST(init_gives_blocks),
		KCOV_TEST(speed_is_compared),
		KCOV_TEST(another_speed_is_seen_and_refused),
	};

	return cmocka_run_group_tests(gadget, start, stop) != 0;
}
