// SPDX-License-Identifier: GPL-2.0-only
/*
 * Remote sections of USB: a gadget is plugged into the bus of dummy_hcd, and
 * who has that bus's handle gets what the hub's work and the completions of
 * transfers do; nobody else gets any of it.
 *
 * On the stock kernel these sections are our module's hooks, in a kernel with a
 * kcov of its own they are annotations. The modules are the kernel's own.
 */
#include "kcov_gadget.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMON		0x4b55UL

#define AREA_WORDS	(64UL << 10)
#define BUFFER_WORDS	(256UL << 10)

static unsigned long own_handle(void)
{
	return kcov_usb_handle(kcov_gadget_bus());
}

static int remote_enable(int fd, unsigned long handle)
{
	char memory[sizeof(struct kcov_remote_arg) + sizeof(unsigned long)] = "";
	struct kcov_remote_arg *argument = (void *)memory;

	argument->trace_mode = KCOV_TRACE_PC;
	argument->area_size = AREA_WORDS;
	argument->num_handles = 1;
	memcpy(argument + 1, &handle, sizeof(handle));
	return kcov_ioctl(fd, KCOV_REMOTE_ENABLE, (unsigned long)argument);
}

/* A section is merged when the hub's work ends, which is after the device is there, or gone. */
static bool plug_is_recorded(void *test)
{
	const struct kcov_test *t = test;

	return kcov_reached(t, kcov_count(t), "usb_new_device");
}

static bool unplug_is_recorded(void *test)
{
	const struct kcov_test *t = test;

	return kcov_reached(t, kcov_count(t), "usb_disconnect");
}

/* In and out, for a descriptor that gets both. */
static void plug_once(const struct kcov_test *t)
{
	kcov_set_count(t, 0);
	assert_true(kcov_plug());
	assert_true(kcov_wait_for(kcov_gadget_is_there, NULL));
	assert_true(kcov_wait_for(plug_is_recorded, (void *)t));
	assert_true(kcov_unplug());
	assert_true(kcov_wait_for(kcov_gadget_is_gone, NULL));
	assert_true(kcov_wait_for(unplug_is_recorded, (void *)t));
}

static void plugging_records_the_hubs_work(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(remote_enable(t->fd, own_handle()), 0);
	plug_once(t);
	assert_true(kcov_reached(t, kcov_count(t), "hub_event"));
	assert_true(kcov_reached(t, kcov_count(t), "usb_new_device"));
	assert_int_equal(kcov_disable(t->fd), 0);
}

static void plugging_records_completions_in_softirqs(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(remote_enable(t->fd, own_handle()), 0);
	plug_once(t);
	assert_true(kcov_reached(t, kcov_count(t), "usb_api_blocking_completion"));
	assert_int_equal(kcov_disable(t->fd), 0);
}

static void records_are_in_range(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(remote_enable(t->fd, own_handle()), 0);
	plug_once(t);
	assert_true(kcov_count(t) > 0 && kcov_in_range(t, kcov_count(t)));
	assert_int_equal(kcov_disable(t->fd), 0);
}

/* In threads, where nothing may be asserted. */
static bool plug_and_unplug(const struct kcov_test *t)
{
	kcov_set_count(t, 0);
	return kcov_plug() && kcov_wait_for(plug_is_recorded, (void *)t) &&
	       kcov_unplug() && kcov_wait_for(unplug_is_recorded, (void *)t);
}

/* A thread has one remote descriptor, so this is for another one. */
static int plug_in_thread(void *test)
{
	const struct kcov_test *t = test;

	return remote_enable(t->fd, own_handle()) || !plug_and_unplug(t);
}

static void another_bus_records_nothing(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test other;

	assert_true(kcov_make(&other, KCOV_TEST_SIZE));
	assert_int_equal(remote_enable(other.fd, kcov_usb_handle(kcov_gadget_bus() + 100)), 0);
	assert_int_equal(kcov_in_thread(plug_in_thread, (void *)t), 0);
	assert_int_equal(kcov_count(&other), 0);
	kcov_release(&other);
}

struct plugger {
	const struct kcov_test *owner, *own;
};

/* 6.1 takes one descriptor a thread, so its local trace is another thread's. */
static int plug_with_local_trace(void *data)
{
	const struct plugger *plugger = data;

	return kcov_enable(plugger->own->fd) || !plug_and_unplug(plugger->owner) ||
	       kcov_disable(plugger->own->fd);
}

static void nobody_else_gets_the_bus(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test other;

	assert_true(kcov_make(&other, BUFFER_WORDS));
	assert_int_equal(remote_enable(t->fd, own_handle()), 0);
	assert_int_equal(kcov_in_thread(plug_with_local_trace,
					&(struct plugger){ t, &other }), 0);
	assert_true(kcov_count(&other) > 0);
	assert_false(kcov_reached(&other, kcov_count(&other), "usb_new_device"));
	assert_int_equal(kcov_disable(t->fd), 0);
	kcov_release(&other);
}

static void nothing_is_recorded_behind_disable(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test next;

	assert_true(kcov_make(&next, BUFFER_WORDS));
	assert_int_equal(remote_enable(t->fd, own_handle()), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	kcov_set_count(t, 0);
	assert_int_equal(remote_enable(next.fd, own_handle()), 0);
	plug_once(&next);
	assert_int_equal(kcov_count(t), 0);
	kcov_release(&next);
}

static void every_plug_is_recorded(void **state)
{
	const struct kcov_test *t = *state;

	for (int round = 0; round < kcov_rounds(); round++) {
		assert_int_equal(remote_enable(t->fd, own_handle()), 0);
		plug_once(t);
		assert_int_equal(kcov_disable(t->fd), 0);
	}
}

static int enable_both(int fd, unsigned long handle)
{
	char memory[sizeof(struct kcov_remote_arg) + sizeof(unsigned long)] = "";
	struct kcov_remote_arg *argument = (void *)memory;

	argument->trace_mode = KCOV_TRACE_PC;
	argument->area_size = AREA_WORDS;
	argument->num_handles = 1;
	argument->common_handle = COMMON;
	memcpy(argument + 1, &handle, sizeof(handle));
	return kcov_ioctl(fd, KCOV_REMOTE_ENABLE, (unsigned long)argument);
}

static bool hub_is_recorded(void *test)
{
	const struct kcov_test *t = test;

	return kcov_reached(t, kcov_count(t), "hub_event");
}

/* The root hub comes anew, so what hands its work over is this task. */
static bool restart_hub(void)
{
	char path[64];

	snprintf(path, sizeof(path), KCOV_USB_DEVICES "/usb%d/authorized", kcov_gadget_bus());
	return !kcov_write_file(path, "0") && !kcov_write_file(path, "1");
}

/* Else the followed section stays on the worker, and is seen to take the next work. */
static void sections_of_a_followed_hub_end_with_its_work(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_write_file(KCOV_FOLLOW, "1"), 0);
	assert_int_equal(enable_both(t->fd, own_handle()), 0);
	for (int round = 0; round < kcov_rounds(); round++) {
		assert_true(restart_hub());
		assert_true(kcov_wait_for(hub_is_recorded, (void *)t));
	}
	plug_once(t);
	assert_false(kcov_reached(t, kcov_count(t), "process_one_work"));
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_write_file(KCOV_FOLLOW, "0"), 0);
}

static int start(void **state)
{
	(void)state;
	return kcov_gadget_start() ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	return kcov_gadget_stop() ? 0 : -1;
}

/* --- usbcore itself comes and goes --------------------------------------------------------- */

static atomic_bool enabled_enough;

static void *enable_and_disable(void *unused)
{
	struct kcov_test own;
	long failed = !kcov_make(&own, KCOV_TEST_SIZE);

	(void)unused;
	while (!failed && !atomic_load(&enabled_enough))
		failed = remote_enable(own.fd, kcov_usb_handle(1)) || kcov_disable(own.fd);
	kcov_release(&own);
	return (void *)failed;
}

/* A probe that is just being set keeps it for a moment. */
static bool usbcore_is_out(void *unused)
{
	(void)unused;
	return !kcov_is_loaded("usbcore") || !system("modprobe -r usbcore 2>/dev/null");
}

/* The probe must be there once, whoever sees the module first: twice ends the kernel. */
static void usbcore_that_comes_meanwhile_is_hooked_once(void **state)
{
	pthread_t thread;
	void *failed = NULL;
	int odd = 0;

	(void)state;
	assert_int_equal(stop(NULL), 0);
	atomic_store(&enabled_enough, false);
	assert_int_equal(pthread_create(&thread, NULL, enable_and_disable, NULL), 0);
	for (int round = 0; round < kcov_rounds(); round++)
		odd += !kcov_wait_for(usbcore_is_out, NULL) || system("modprobe usbcore");
	atomic_store(&enabled_enough, true);
	pthread_join(thread, &failed);
	assert_null(failed);
	assert_int_equal(odd, 0);
	assert_int_equal(start(NULL), 0);
}

static int teardown_large(void **state)
{
	kcov_unplug();
	return kcov_wait_for(kcov_gadget_is_gone, NULL) ? kcov_test_teardown(state) : -1;
}

static int setup_large(void **state)
{
	static struct kcov_test test;

	*state = &test;
	return kcov_make(&test, BUFFER_WORDS) ? 0 : -1;
}

#define USB_TEST(name) cmocka_unit_test_setup_teardown(name, setup_large, teardown_large)

int main(void)
{
	const struct CMUnitTest usb[] = {
		USB_TEST(plugging_records_the_hubs_work),
		USB_TEST(plugging_records_completions_in_softirqs),
		USB_TEST(records_are_in_range),
		USB_TEST(another_bus_records_nothing),
		USB_TEST(nobody_else_gets_the_bus),
		USB_TEST(nothing_is_recorded_behind_disable),
		USB_TEST(every_plug_is_recorded),
		USB_TEST(sections_of_a_followed_hub_end_with_its_work),
		cmocka_unit_test(usbcore_that_comes_meanwhile_is_hooked_once),
	};
	const int failed = cmocka_run_group_tests(usb, start, stop);

	return failed != 0;
}
