// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the administrator may do meanwhile: switch ftrace off, load modules and
 * unload them while their functions are traced.
 */
#include "kcov_neighbour.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kcov_log.h"

#define FTRACE_ENABLED	"/proc/sys/kernel/ftrace_enabled"
#define HOOKED		TRACEFS "enabled_functions"
#define ROUNDS		(1 + kcov_rounds())

/* A module of the stock kernel and the file whose open() runs code of it. */
#define TRACED		"tun"
#define TRACED_DEVICE	"/dev/net/tun"

/* What INIT_TRACE answers while ftrace is off; whether the log explains it. */
static int init_with_ftrace_off(int fd, bool *explained)
{
	const char *const cure[] = { "kcov: ", "cannot be seen", "kernel.ftrace_enabled=1", NULL };
	const int log = kcov_log_open();
	int result;

	kcov_log_forget(log);
	if (kcov_write_file(FTRACE_ENABLED, "0"))
		return -1;
	result = kcov_init(fd, KCOV_TEST_SIZE);
	*explained = kcov_log_says(log, cure);
	close(log);
	return kcov_write_file(FTRACE_ENABLED, "1") ? -1 : result;
}

static void ftrace_off_before_arming_is_refused_with_the_cure(void **state)
{
	bool explained = false;
	int fd = kcov_open();

	(void)state;
	assert_int_equal(init_with_ftrace_off(fd, &explained), EBUSY);
	assert_true(explained);
	close(fd);
}

static void ftrace_on_again_cures_the_same_descriptor(void **state)
{
	struct kcov_test test = { .fd = kcov_open(), .size = KCOV_TEST_SIZE };
	bool explained;

	(void)state;
	assert_int_equal(init_with_ftrace_off(test.fd, &explained), EBUSY);
	assert_int_equal(kcov_init(test.fd, test.size), 0);
	test.buffer = kcov_map(test.fd, test.size);
	assert_non_null(test.buffer);
	assert_true(kcov_reached(&test, kcov_trace_read(&test), "ksys_read"));
	assert_true(kcov_sees_exits(&test));
	kcov_release(&test);
}

static void ftrace_off_while_armed_is_busy_and_nothing_is_lost(void **state)
{
	struct kcov_test test;

	(void)state;
	assert_true(kcov_make(&test, KCOV_TEST_SIZE));
	assert_int_equal(kcov_write_file(FTRACE_ENABLED, "0"), EBUSY);
	assert_int_equal(kcov_read_number(FTRACE_ENABLED, ""), 1);
	assert_true(kcov_reached(&test, kcov_trace_read(&test), "ksys_read"));
	assert_true(kcov_sees_exits(&test));
	kcov_release(&test);
}

/* Armed for the next user, although there is none now. */
static void ftrace_off_is_busy_until_the_delay_is_over(void **state)
{
	struct kcov_test test;

	(void)state;
	assert_true(kcov_make(&test, KCOV_TEST_SIZE));
	kcov_release(&test);
	assert_int_equal(kcov_write_file(FTRACE_ENABLED, "0"), EBUSY);
	assert_true(kcov_disarm_at_once());
	assert_int_equal(kcov_write_file(FTRACE_ENABLED, "0"), 0);
	assert_int_equal(kcov_write_file(FTRACE_ENABLED, "1"), 0);
}

static bool load_traced(void)
{
	return !system("modprobe " TRACED);
}

static bool unload_traced(void)
{
	return kcov_wait_for(kcov_is_unused, TRACED) && !kcov_unload(TRACED);
}

static void open_device(void *unused)
{
	const int fd = open(TRACED_DEVICE, O_RDWR | O_CLOEXEC);

	(void)unused;
	if (fd >= 0)
		close(fd);
}

static bool trace_device(const struct kcov_test *t, struct kcov_places *places)
{
	const ssize_t count = kcov_trace(t, open_device, NULL);

	return count >= 0 && kcov_find_places(t, count, TRACED, places);
}

static bool is_traced_module(const char *line)
{
	return strstr(line, "[" TRACED "]");
}

static void modules_are_recorded_whenever_they_were_loaded(void **state)
{
	struct kcov_places before, after;
	struct kcov_test test;

	(void)state;
	assert_true(load_traced());
	assert_true(kcov_make(&test, KCOV_TEST_SIZE));
	assert_true(trace_device(&test, &before));
	assert_true(before.count > 0);
	assert_true(unload_traced());
	assert_int_equal(kcov_count_lines(HOOKED, is_traced_module), 0);
	assert_true(load_traced());
	assert_true(kcov_count_lines(HOOKED, is_traced_module) > 0);
	assert_true(trace_device(&test, &after));
	assert_true(kcov_same_places(&before, &after));
	kcov_release(&test);
}

static void module_loaded_after_disarming_is_not_hooked(void **state)
{
	(void)state;
	assert_true(load_traced());
	assert_int_equal(kcov_count_lines(HOOKED, is_traced_module), 0);
}

static void module_that_comes_and_goes_is_recorded_every_time(void **state)
{
	struct kcov_places first, places;
	struct kcov_test test;
	int same = 0;

	(void)state;
	assert_true(kcov_make(&test, KCOV_TEST_SIZE));
	for (int i = 0; i < ROUNDS; i++) {
		assert_true(load_traced());
		assert_true(trace_device(&test, &places));
		assert_true(unload_traced());
		if (i == 0)
			first = places;
		same += kcov_same_places(&first, &places);
	}
	assert_true(first.count > 0);
	assert_int_equal(same, ROUNDS);
	kcov_release(&test);
}

struct busy_thread {
	bool stop;
	long opens;
};

/* Is recording all the time, inside the module whenever there is one. */
static void *open_again_and_again(void *data)
{
	struct busy_thread *thread = data;
	struct kcov_test test;

	if (!kcov_make(&test, KCOV_TEST_SIZE))
		return NULL;
	if (!kcov_enable(test.fd)) {
		while (!__atomic_load_n(&thread->stop, __ATOMIC_RELAXED)) {
			kcov_set_count(&test, 0);
			open_device(NULL);
			thread->opens++;
		}
	}
	kcov_release(&test);
	return NULL;
}

/* A module that is in use stays; only that may happen. */
static bool try_round(void)
{
	int result;

	if (!load_traced())
		return false;
	result = kcov_unload(TRACED);
	return !result || result == EWOULDBLOCK;
}

static void module_goes_while_its_functions_are_recorded(void **state)
{
	struct busy_thread thread = { 0 };
	struct kcov_test test;
	struct kcov_places places;
	pthread_t id;
	int good = 0;

	(void)state;
	assert_int_equal(pthread_create(&id, NULL, open_again_and_again, &thread), 0);
	for (int i = 0; i < ROUNDS; i++)
		good += try_round();
	__atomic_store_n(&thread.stop, true, __ATOMIC_RELAXED);
	pthread_join(id, NULL);
	assert_int_equal(good, ROUNDS);
	assert_true(thread.opens > 0);
	assert_true(kcov_make(&test, KCOV_TEST_SIZE));
	assert_true(load_traced());
	assert_true(trace_device(&test, &places));
	assert_true(places.count > 0);
	kcov_release(&test);
}

/* Whatever a test left behind. */
static int teardown(void **state)
{
	(void)state;
	kcov_write_file(FTRACE_ENABLED, "1");
	if (kcov_is_loaded(TRACED) && !unload_traced())
		return -1;
	return 0;
}

#define DISARMED(name) \
	cmocka_unit_test_setup_teardown(name, kcov_test_setup_disarmed, teardown)
#define ARMED(name) \
	cmocka_unit_test_setup_teardown(name, kcov_test_setup_stay_armed, teardown)

int main(void)
{
	const struct CMUnitTest surroundings[] = {
		ARMED(ftrace_off_while_armed_is_busy_and_nothing_is_lost),
		ARMED(module_that_comes_and_goes_is_recorded_every_time),
		ARMED(module_goes_while_its_functions_are_recorded),
		ARMED(ftrace_off_is_busy_until_the_delay_is_over),
		DISARMED(ftrace_off_before_arming_is_refused_with_the_cure),
		DISARMED(ftrace_on_again_cures_the_same_descriptor),
		DISARMED(modules_are_recorded_whenever_they_were_loaded),
		DISARMED(module_loaded_after_disarming_is_not_hooked),
	};
	const int failed = cmocka_run_group_tests(surroundings, NULL,
						  kcov_test_teardown_neighbours);

	return failed != 0;
}
