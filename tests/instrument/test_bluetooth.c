// SPDX-License-Identifier: GPL-2.0-only
/*
 * bluetooth with callbacks: frames are parsed by a work, which follows the task that has handed
 * them in. Through a controller of hci_vhci's.
 */
#include "controller.h"
#include "kcov_instrumented.h"
#include "kcov_remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_WORDS	(512UL << 10)
#define AREA_WORDS	(64U << 10)
#define HANDLE		0x4254UL
#define FRAMES		20
#define NO_TYPE		0x5a

/* Events, and what parses them. */
#define INQUIRY_RESULT	0x02
#define PARSES_INQUIRY	"hci_inquiry_result_evt"
#define NAME		0x07
#define PARSES_NAME	"hci_remote_name_evt"

static struct controller controller;

static int enable_common(const struct kcov_test *t, unsigned long handle)
{
	struct kcov_remote remote = kcov_common(handle);

	remote.area_size = AREA_WORDS;
	return kcov_remote_enable(t->fd, &remote);
}

/* One device that was found: its address, how it listens, its class, its clock. */
static int send_inquiry_result(void)
{
	static const unsigned char found[] = {
		1, 6, 5, 4, 3, 2, 1, 1, 2, 0, 0x0c, 2, 0x5a, 0, 0
	};

	return controller_send(&controller, INQUIRY_RESULT, found, sizeof(found));
}

static int send_name(void)
{
	const char name[255] = { 0, 6, 5, 4, 3, 2, 1, 'k', 'c', 'o', 'v' };

	return controller_send(&controller, NAME, name, sizeof(name));
}

static unsigned long received(void)
{
	struct controller_info info;

	return controller_info(&controller, &info) ? 0 : info.event_rx;
}

static bool all_are_received(void *wanted)
{
	return received() >= *(unsigned long *)wanted;
}

/* Whether the kernel has parsed that many more. */
static bool wait_for_frames(unsigned long before, unsigned long count)
{
	unsigned long wanted = before + count;

	return kcov_wait_for(all_are_received, &wanted) && received() == wanted;
}

/* A section is merged when its work ends, which is after the frame is counted. */
static bool has_inquiry(void *test)
{
	const struct kcov_test *t = test;

	return kcov_reached(t, kcov_count(t), PARSES_INQUIRY);
}

static bool has_name(void *test)
{
	const struct kcov_test *t = test;

	return kcov_reached(t, kcov_count(t), PARSES_NAME);
}

static void controller_is_what_it_says(void **state)
{
	struct controller_info info;

	(void)state;
	assert_int_equal(controller_info(&controller, &info), 0);
	assert_true(controller_is_up(&controller));
	assert_memory_equal(info.address, CONTROLLER_ADDRESS, sizeof(info.address));
	assert_int_equal(info.acl_mtu, CONTROLLER_MTU);
	assert_true(atomic_load(&controller.answered) > 5);
}

static void frames_give_blocks_of_what_parses_them(void **state)
{
	const struct kcov_test *t = *state;
	const char *const functions[] = { "hci_rx_work", "hci_event_packet", PARSES_INQUIRY };
	size_t count;

	assert_int_equal(enable_common(t, HANDLE), 0);
	kcov_set_count(t, 0);
	assert_int_equal(send_inquiry_result(), 0);
	assert_true(kcov_wait_for(has_inquiry, (void *)t));
	count = kcov_count(t);
	assert_true(count + 1 < t->size && kcov_in_range(t, count));
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (kcov_blocks(t, count, functions[i]) < 3)
			fail_msg("%s: %zu blocks", functions[i],
				 kcov_blocks(t, count, functions[i]));
	assert_int_equal(kcov_entries_within(t, count, "bluetooth"), 0);
	assert_int_equal(kcov_blocks(t, count, PARSES_NAME), 0);
}

static void stock_module_gives_entries(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(enable_common(t, HANDLE), 0);
	kcov_set_count(t, 0);
	assert_int_equal(send_inquiry_result(), 0);
	assert_true(kcov_wait_for(has_inquiry, (void *)t));
	assert_true(kcov_entries_within(t, kcov_count(t), "bluetooth") > 0);
	assert_int_equal(kcov_blocks_within(t, kcov_count(t), "bluetooth"), 0);
}

/* One work may parse several: the marks between them are for others' handles. */
static void every_frame_is_recorded(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(enable_common(t, HANDLE), 0);
	for (int round = 0; round < kcov_rounds(); round++) {
		kcov_set_count(t, 0);
		for (int i = 0; i < FRAMES; i++)
			assert_int_equal(send_inquiry_result(), 0);
		assert_int_equal(send_name(), 0);
		assert_true(kcov_wait_for(has_name, (void *)t));
		assert_true(has_inquiry((void *)t));
	}
}

static void each_frame_is_counted(void **state)
{
	const struct kcov_test *t = *state;
	const unsigned long before = received();

	assert_int_equal(enable_common(t, HANDLE), 0);
	for (int i = 0; i < FRAMES; i++)
		assert_int_equal(i % 2 ? send_name() : send_inquiry_result(), 0);
	assert_true(wait_for_frames(before, FRAMES));
}

/* Some other task, that was there before: what it hands in is for nobody. */
struct sender {
	pthread_t thread;
	sem_t go;
	int result;
};

static void *send_when_told(void *data)
{
	struct sender *sender = data;

	while (sem_wait(&sender->go))
		;
	sender->result = send_inquiry_result();
	return NULL;
}

static void frames_of_another_task_are_not_recorded(void **state)
{
	const struct kcov_test *t = *state;
	const unsigned long before = received();
	struct sender sender = { .result = -1 };

	sem_init(&sender.go, 0, 0);
	assert_int_equal(pthread_create(&sender.thread, NULL, send_when_told, &sender), 0);
	assert_int_equal(enable_common(t, HANDLE), 0);
	kcov_set_count(t, 0);
	sem_post(&sender.go);
	pthread_join(sender.thread, NULL);
	assert_int_equal(sender.result, 0);
	assert_true(wait_for_frames(before, 1));
	assert_int_equal(send_name(), 0);
	assert_true(kcov_wait_for(has_name, (void *)t));
	assert_false(has_inquiry((void *)t));
}

static void who_has_another_handle_gets_nothing(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_owner owner;
	struct kcov_test other;

	assert_true(kcov_make(&other, BUFFER_WORDS));
	assert_int_equal(kcov_owner_begin(&owner, other.fd, kcov_common(HANDLE + 1)), 0);
	assert_int_equal(enable_common(t, HANDLE), 0);
	assert_int_equal(send_inquiry_result(), 0);
	assert_true(kcov_wait_for(has_inquiry, (void *)t));
	assert_int_equal(kcov_count(&other), 0);
	kcov_owner_end(&owner);
	kcov_release(&other);
}

static void nothing_is_recorded_while_it_does_not_follow(void **state)
{
	const struct kcov_test *t = *state;
	const unsigned long before = received();

	assert_int_equal(kcov_write_file(KCOV_FOLLOW, "0"), 0);
	assert_int_equal(enable_common(t, HANDLE), 0);
	kcov_set_count(t, 0);
	assert_int_equal(send_inquiry_result(), 0);
	assert_true(wait_for_frames(before, 1));
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_count(t), 0);
}

/* The task's own part: what hands the frame in. */
static int send_one(void *unused)
{
	(void)unused;
	return send_inquiry_result();
}

static void writing_gives_blocks_of_the_controller(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_call call = { send_one, NULL, -1 };
	const ssize_t count = kcov_record(t, KCOV_TRACE_PC, &call);

	assert_int_equal(call.result, 0);
	assert_true(count > 0 && kcov_blocks(t, count, "vhci_write") >= 3);
	assert_true(kcov_blocks(t, count, "hci_recv_frame") >= 3);
	assert_int_equal(kcov_blocks(t, count, PARSES_INQUIRY), 0);
}

static int send_of_no_type(void *unused)
{
	const unsigned char frame[] = { NO_TYPE, 0, 0 };

	(void)unused;
	return controller_write(&controller, frame, sizeof(frame));
}

static void comparisons_show_the_type_of_a_frame(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_call call = { send_one, NULL, -1 };
	const ssize_t count = kcov_record(t, KCOV_TRACE_CMP, &call);

	assert_int_equal(call.result, 0);
	assert_true(count > 0);
	assert_true(kcov_compared(t, count, "vhci_write", VENDOR_PACKET, EVENT_PACKET));
	assert_false(kcov_compared(t, count, "vhci_write", VENDOR_PACKET, NO_TYPE));
}

/* The control of the above. */
static void another_type_is_seen_and_refused(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_call call = { send_of_no_type, NULL, -1 };
	const ssize_t count = kcov_record(t, KCOV_TRACE_CMP, &call);

	assert_int_equal(call.result, EINVAL);
	assert_true(count > 0);
	assert_true(kcov_compared(t, count, "vhci_write", VENDOR_PACKET, NO_TYPE));
	assert_false(kcov_compared(t, count, "vhci_write", VENDOR_PACKET, EVENT_PACKET));
}

static void end_controller(void)
{
	if (controller.fd > 0)
		controller_end(&controller);
	controller.fd = 0;
}

static bool with_controller(int (*swap)(const char *module))
{
	end_controller();
	if (kcov_swap_out("hci_vhci") || kcov_swap_out("bluetooth") || swap("bluetooth") ||
	    swap("hci_vhci"))
		return false;
	if (controller_begin(&controller))
		return true;
	print_error("controller: %s\n", strerror(errno));
	end_controller();
	return false;
}

static int setup_with(void **state, bool swapped)
{
	static struct kcov_test test;

	*state = &test;
	if ((controller.fd <= 0 || kcov_is_swapped("bluetooth") != swapped) &&
	    !with_controller(swapped ? kcov_swap_in : kcov_swap_back))
		return -1;
	kcov_symbol(PARSES_INQUIRY);
	return kcov_write_file(KCOV_FOLLOW, "1") || !kcov_make(&test, BUFFER_WORDS) ? -1 : 0;
}

static int setup(void **state)
{
	return setup_with(state, /*swapped=*/true);
}

static int setup_stock(void **state)
{
	return setup_with(state, /*swapped=*/false);
}

static int stop(void **state)
{
	(void)state;
	kcov_write_file(KCOV_FOLLOW, "0");
	end_controller();
	return kcov_swap_out("hci_vhci") || kcov_swap_out("bluetooth") ? -1 : 0;
}

#define FRAME_TEST(name) cmocka_unit_test_setup_teardown(name, setup, kcov_test_teardown)

int main(void)
{
	const struct CMUnitTest bluetooth[] = {
		cmocka_unit_test_setup_teardown(stock_module_gives_entries, setup_stock,
						kcov_test_teardown),
		FRAME_TEST(controller_is_what_it_says),
		FRAME_TEST(frames_give_blocks_of_what_parses_them),
		FRAME_TEST(every_frame_is_recorded),
		FRAME_TEST(each_frame_is_counted),
		FRAME_TEST(frames_of_another_task_are_not_recorded),
		FRAME_TEST(who_has_another_handle_gets_nothing),
		FRAME_TEST(nothing_is_recorded_while_it_does_not_follow),
		FRAME_TEST(writing_gives_blocks_of_the_controller),
		FRAME_TEST(comparisons_show_the_type_of_a_frame),
		FRAME_TEST(another_type_is_seen_and_refused),
	};

	return cmocka_run_group_tests(bluetooth, NULL, stop) != 0;
}
