// SPDX-License-Identifier: GPL-2.0-only
/*
 * usbcore with callbacks: who has a bus's handle gets the blocks of the hub's work, by the marks
 * that the kernel's source has there; a gadget comes and goes as ever.
 */
#include "kcov_gadget.h"
#include "kcov_instances.h"
#include "kcov_instrumented.h"
#include "kcov_remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODULE		"usbcore"
#define BUFFER_WORDS	(512UL << 10)
#define AREA_WORDS	(128U << 10)

static int enable_bus(const struct kcov_test *t, int bus)
{
	struct kcov_remote remote = kcov_usb(kcov_usb_handle(bus));

	remote.area_size = AREA_WORDS;
	return kcov_remote_enable(t->fd, &remote);
}

/* The hub's work is merged when it ends, which is after the device is there. */
static bool has_plug(void *test)
{
	const struct kcov_test *t = test;

	return kcov_reached(t, kcov_count(t), "usb_new_device");
}

static bool has_unplug(void *test)
{
	const struct kcov_test *t = test;

	return kcov_reached(t, kcov_count(t), "usb_disconnect");
}

static void plug_for(const struct kcov_test *t)
{
	kcov_set_count(t, 0);
	assert_true(kcov_plug());
	assert_true(kcov_wait_for(kcov_gadget_is_there, NULL));
	assert_true(kcov_wait_for(has_plug, (void *)t));
}

static void unplug_for(const struct kcov_test *t)
{
	assert_true(kcov_unplug());
	assert_true(kcov_wait_for(kcov_gadget_is_gone, NULL));
	assert_true(kcov_wait_for(has_unplug, (void *)t));
}

static void plugging_gives_blocks_of_the_hubs_work(void **state)
{
	const struct kcov_test *t = *state;
	const char *const functions[] = { "hub_event", "hub_port_init", "usb_new_device",
					  "usb_get_configuration" };
	size_t count;

	assert_int_equal(enable_bus(t, kcov_gadget_bus()), 0);
	plug_for(t);
	count = kcov_count(t);
	assert_true(count + 1 < t->size && kcov_in_range(t, count));
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (kcov_blocks(t, count, functions[i]) < 5)
			fail_msg("%s: %zu blocks", functions[i],
				 kcov_blocks(t, count, functions[i]));
	assert_int_equal(kcov_entries_within(t, count, MODULE), 0);
	unplug_for(t);
	assert_true(kcov_blocks(t, kcov_count(t), "usb_disconnect") > 5);
}

/* What kcov.ko does for a stock usbcore, this one does itself: no loss, and no mistake. */
static void own_marks_are_no_nested_sections(void **state)
{
	const struct kcov_test *t = *state;
	const unsigned long before = kcov_lost("sections_inside_a_section");

	assert_int_equal(enable_bus(t, kcov_gadget_bus()), 0);
	plug_for(t);
	unplug_for(t);
	assert_int_equal(kcov_lost("sections_inside_a_section"), before);
}

static void stock_module_gives_entries(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(enable_bus(t, kcov_gadget_bus()), 0);
	plug_for(t);
	assert_true(kcov_entries_within(t, kcov_count(t), MODULE) > 0);
	assert_int_equal(kcov_blocks_within(t, kcov_count(t), MODULE), 0);
	unplug_for(t);
}

/* Answers which step failed. */
static int plug_in_thread(void *test)
{
	const struct kcov_test *t = test;

	if (enable_bus(t, kcov_gadget_bus()))
		return 1;
	if (!kcov_plug() || !kcov_wait_for(has_plug, (void *)t))
		return 2;
	return kcov_unplug() && kcov_wait_for(has_unplug, (void *)t) ? 0 : 3;
}

static void another_bus_gets_nothing(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test other;
	int enabled, plugged;
	size_t count;

	assert_true(kcov_make(&other, KCOV_TEST_SIZE));
	enabled = enable_bus(&other, kcov_gadget_bus() + 100);
	plugged = kcov_in_thread(plug_in_thread, (void *)t);
	count = kcov_count(&other);
	kcov_release(&other);
	assert_int_equal(enabled, 0);
	assert_int_equal(plugged, 0);
	assert_int_equal(count, 0);
}

/* A task's own trace has what it does itself, not what the hub does for it. */
static int plug_with_local_trace(void *data)
{
	const struct kcov_test *const *both = data;

	return kcov_enable(both[1]->fd) || !kcov_plug() ||
	       !kcov_wait_for(has_plug, (void *)both[0]) || kcov_disable(both[1]->fd);
}

static void who_plugs_gets_no_work_of_the_hub(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test own;
	const struct kcov_test *both[] = { t, &own };

	assert_true(kcov_make(&own, BUFFER_WORDS));
	assert_int_equal(enable_bus(t, kcov_gadget_bus()), 0);
	kcov_set_count(t, 0);
	assert_int_equal(kcov_in_thread(plug_with_local_trace, both), 0);
	assert_true(kcov_count(&own) > 0);
	assert_int_equal(kcov_blocks(&own, kcov_count(&own), "hub_event"), 0);
	assert_int_equal(kcov_blocks(&own, kcov_count(&own), "usb_new_device"), 0);
	unplug_for(t);
	kcov_release(&own);
}

static void nothing_is_recorded_behind_disable(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test next;

	assert_true(kcov_make(&next, BUFFER_WORDS));
	assert_int_equal(enable_bus(t, kcov_gadget_bus()), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	kcov_set_count(t, 0);
	assert_int_equal(enable_bus(&next, kcov_gadget_bus()), 0);
	plug_for(&next);
	unplug_for(&next);
	assert_int_equal(kcov_count(t), 0);
	kcov_release(&next);
}

/* One attribute of the device behind the first port. */
static bool device_says(const char *attribute, const char *text)
{
	char command[128], said[128];

	snprintf(command, sizeof(command), "cat " KCOV_USB_DEVICES "/%d-1/%s",
		 kcov_gadget_bus(), attribute);
	if (kcov_run(command, said, sizeof(said)))
		return false;
	said[strcspn(said, "\n")] = '\0';
	return !strcmp(said, text);
}

static void assert_plugged_device_is_right(void)
{
	assert_true(kcov_plug());
	assert_true(kcov_wait_for(kcov_gadget_is_there, NULL));
	assert_true(device_says("idVendor", "1d6b"));
	assert_true(device_says("idProduct", "0104"));
	assert_true(device_says("product", KCOV_GADGET_PRODUCT));
	assert_true(device_says("serial", KCOV_GADGET_SERIAL));
	assert_true(kcov_unplug());
	assert_true(kcov_wait_for(kcov_gadget_is_gone, NULL));
}

/* Traced or not, and whoever traces. */
static void device_comes_and_goes_as_ever(void **state)
{
	const struct kcov_test *t = *state;

	for (int round = 0; round < kcov_rounds(); round++) {
		if (round % 2)
			assert_int_equal(enable_bus(t, kcov_gadget_bus()), 0);
		assert_plugged_device_is_right();
		if (round % 2)
			assert_int_equal(kcov_disable(t->fd), 0);
	}
}

/* The modules that use it go with it. */
static bool swap(int (*how)(const char *module))
{
	return (!kcov_gadget_bus() || kcov_gadget_stop()) &&
	       (!system("rmmod udc_core 2>/dev/null") || true) && !how(MODULE) &&
	       kcov_gadget_start();
}

static int setup_with(void **state, bool swapped)
{
	static struct kcov_test test;

	*state = &test;
	if ((!kcov_gadget_bus() || kcov_is_swapped(MODULE) != swapped) &&
	    !swap(swapped ? kcov_swap_in : kcov_swap_back)) {
		print_error("usbcore or what needs it does not load\n");
		return -1;
	}
	return kcov_make(&test, BUFFER_WORDS) ? 0 : -1;
}

static int setup(void **state)
{
	return setup_with(state, /*swapped=*/true);
}

static int setup_stock(void **state)
{
	return setup_with(state, /*swapped=*/false);
}

static int teardown(void **state)
{
	kcov_unplug();
	return kcov_wait_for(kcov_gadget_is_gone, NULL) ? kcov_test_teardown(state) : -1;
}

static int stop(void **state)
{
	(void)state;
	return kcov_gadget_stop() && !kcov_swap_back(MODULE) ? 0 : -1;
}

#define USB_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest usbcore[] = {
		cmocka_unit_test_setup_teardown(stock_module_gives_entries, setup_stock, teardown),
		USB_TEST(plugging_gives_blocks_of_the_hubs_work),
		USB_TEST(own_marks_are_no_nested_sections),
		USB_TEST(another_bus_gets_nothing),
		USB_TEST(who_plugs_gets_no_work_of_the_hub),
		USB_TEST(nothing_is_recorded_behind_disable),
		USB_TEST(device_comes_and_goes_as_ever),
	};

	return cmocka_run_group_tests(usbcore, NULL, stop) != 0;
}
