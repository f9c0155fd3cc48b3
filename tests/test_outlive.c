// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sections that outlive what they are for: DISABLE, the owner, its buffer, their own task.
 */
#include "kcov_instances.h"
#include "kcov_remote.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define REFERENCES	"/sys/module/kcov/refcnt"
#define OUTLIVED	"sections_that_outlived_their_owner"

#define ROUNDS		100

/* Of the last descriptor that was opened. */
static unsigned long lost(void)
{
	struct kcov_row row;

	assert_true(kcov_read_rows(&row) > 0);
	return strtoul(row.lost, NULL, 10);
}

static void enable_and_begin(const struct kcov_test *t)
{
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_sections("begin 0 %#llx", KCOV_USB_A), 0);
}

static void assert_dropped(const struct kcov_test *t, unsigned long before)
{
	assert_int_equal(kcov_count(t), 0);
	assert_int_equal(lost(), 1);
	assert_int_equal(kcov_lost(OUTLIVED), before + 1);
}

static void section_over_disable_is_dropped_and_counted(void **state)
{
	const unsigned long before = kcov_lost(OUTLIVED);
	const struct kcov_test *t = *state;

	enable_and_begin(t);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_sections("end 0"), 0);
	assert_dropped(t, before);
}

static void section_that_ends_in_time_is_not_counted(void **state)
{
	const unsigned long before = kcov_lost(OUTLIVED);
	const struct kcov_test *t = *state;

	enable_and_begin(t);
	assert_int_equal(kcov_sections("end 0"), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(kcov_count(t) > 0);
	assert_int_equal(lost(), 0);
	assert_int_equal(kcov_lost(OUTLIVED), before);
}

static void softirqs_section_over_disable_is_dropped_and_counted(void **state)
{
	const unsigned long before = kcov_lost(OUTLIVED);
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_sections("hold %#llx", KCOV_USB_A), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_sections("release"), 0);
	assert_dropped(t, before);
}

/* The owner's thread ends; it is joined, so its exit has been seen. */
static void section_over_the_owners_exit_is_dropped_and_counted(void **state)
{
	const unsigned long before = kcov_lost(OUTLIVED);
	const struct kcov_test *t = *state;
	struct kcov_owner owner;

	assert_int_equal(kcov_owner_begin(&owner, t->fd, kcov_usb(KCOV_USB_A)), 0);
	assert_int_equal(kcov_sections("begin 0 %#llx", KCOV_USB_A), 0);
	kcov_owner_end(&owner);
	assert_int_equal(kcov_sections("end 0"), 0);
	assert_dropped(t, before);
}

static int begin_and_die(void *data)
{
	const struct kcov_test *t = data;

	if (kcov_enable_usb(t->fd, KCOV_USB_A) || kcov_sections("begin 0 %#llx", KCOV_USB_A))
		return 1;
	raise(SIGKILL);
	return 2;
}

static void section_over_the_owners_sigkill_is_dropped_and_counted(void **state)
{
	const unsigned long before = kcov_lost(OUTLIVED);
	struct kcov_test *t = *state;

	assert_int_equal(kcov_in_child(begin_and_die, t), -1);
	assert_int_equal(kcov_sections("end 0"), 0);
	assert_dropped(t, before);
}

static void local_trace_gets_nothing_of_an_older_section(void **state)
{
	const struct kcov_test *t = *state;

	enable_and_begin(t);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_sections("end 0"), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(kcov_count(t) > 0);
	assert_false(kcov_reached(t, kcov_count(t), "sections_inside"));
}

static void new_owner_gets_nothing_of_an_older_section(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_owner owner;

	enable_and_begin(t);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_owner_begin(&owner, t->fd, kcov_usb(KCOV_USB_B)), 0);
	assert_int_equal(kcov_sections("end 0"), 0);
	kcov_owner_end(&owner);
	assert_int_equal(kcov_count(t), 0);
}

/* Same descriptor, same handle, same thread: it is another enabling all the same. */
static void same_handle_again_gets_nothing_of_an_older_section(void **state)
{
	const struct kcov_test *t = *state;

	enable_and_begin(t);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_sections("end 0"), 0);
	assert_int_equal(kcov_count(t), 0);
	assert_int_equal(kcov_deferred("kthread %#llx", KCOV_USB_A), 0);
	assert_true(kcov_reached(t, kcov_count(t), "deferred_in_kthread"));
}

static void mode_of_the_next_enabling_does_not_matter(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_remote remote = kcov_usb(KCOV_USB_A);

	enable_and_begin(t);
	assert_int_equal(kcov_disable(t->fd), 0);
	remote.trace_mode = KCOV_TRACE_CMP;
	assert_int_equal(kcov_remote_enable(t->fd, &remote), 0);
	assert_int_equal(kcov_sections("end 0"), 0);
	assert_int_equal(kcov_count(t), 0);
}

struct ender {
	atomic_bool stop;
	int failed;
};

static void *make_sections(void *data)
{
	struct ender *ender = data;

	while (!atomic_load(&ender->stop))
		ender->failed += kcov_deferred("kthread %#llx 1000", KCOV_USB_A) != 0;
	return NULL;
}

/* Enables for sections, then at once for the thread itself: records of the driver then. */
static int mixed_records(const struct kcov_test *t, const struct kcov_range *driver)
{
	int mixed = 0;

	if (kcov_enable_usb(t->fd, KCOV_USB_A))
		return -1;
	kcov_set_count(t, 0);
	while (!kcov_count(t))
		kcov_read_nothing(NULL);
	if (kcov_disable(t->fd) || kcov_enable(t->fd))
		return -1;
	kcov_set_count(t, 0);
	for (int i = 0; i < 50; i++)
		kcov_read_nothing(NULL);
	if (kcov_disable(t->fd))
		return -1;
	for (size_t i = 1; i <= kcov_count(t); i++)
		mixed += kcov_is_within(driver, t->buffer[i]);
	return mixed;
}

static void sections_that_end_at_any_moment_do_not_mix_with_the_next_trace(void **state)
{
	const struct kcov_test *t = *state;
	struct ender ender = { .stop = false };
	struct kcov_range driver;
	pthread_t thread;
	int mixed = 0;

	assert_true(kcov_module_text("kcov_deferred", &driver));
	pthread_create(&thread, NULL, make_sections, &ender);
	for (int i = 0; i < ROUNDS; i++)
		mixed += mixed_records(t, &driver);
	atomic_store(&ender.stop, true);
	pthread_join(thread, NULL);
	assert_int_equal(mixed, 0);
	assert_int_equal(ender.failed, 0);
}

/* A descriptor's or a task's of KCOV_TEST_SIZE words, or a softirq's. */
static bool is_buffer(const char *line)
{
	return strstr(line, "[kcov]") && (strstr(line, "pages=8 ") || strstr(line, "pages=512 "));
}

/*
 * Never too many, but perhaps too few: the file is read in pieces, and what goes from the list
 * between two of them, as areas freed before do, takes others out of sight.
 */
static long buffers(void)
{
	return kcov_count_lines("/proc/vmallocinfo", is_buffer);
}

static bool no_buffer_is_left(void *unused)
{
	(void)unused;
	return buffers() == 0;
}

static bool one_buffer_is_left(void *unused)
{
	(void)unused;
	return buffers() == 1;
}

/* The descriptor's own, four of tasks, two of softirqs. */
static bool buffers_of_remote_are_there(void *unused)
{
	(void)unused;
	return buffers() >= 1 + 4 + 2;
}

static bool buffers_of_tasks_are_there(void *unused)
{
	(void)unused;
	return buffers() > 1;
}

/* Those of sections that ended late, in tests before, are freed by a workqueue. */
static void buffers_go_with_disable(void **state)
{
	const struct kcov_test *t = *state;

	assert_true(kcov_wait_for(one_buffer_is_left, NULL));
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_true(kcov_wait_for(buffers_of_remote_are_there, NULL));
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(buffers() <= 1);
	assert_true(kcov_wait_for(one_buffer_is_left, NULL));
}

static void buffers_go_with_the_owners_exit(void **state)
{
	struct kcov_owner owner;
	struct kcov_test test;

	(void)state;
	assert_true(kcov_make(&test, KCOV_TEST_SIZE));
	assert_int_equal(kcov_owner_begin(&owner, test.fd, kcov_usb(KCOV_USB_A)), 0);
	assert_true(kcov_wait_for(buffers_of_tasks_are_there, NULL));
	kcov_owner_end(&owner);
	kcov_release(&test);
	assert_true(kcov_wait_for(no_buffer_is_left, NULL));
}

static bool is_used_by_drivers_only(void *expected)
{
	return kcov_read_number(REFERENCES, "") == *(unsigned long *)expected;
}

/* Descriptor, buffers and module stay as long as somebody may still write there. */
static void section_keeps_what_it_needs_behind_the_last_close(void **state)
{
	unsigned long references = kcov_read_number(REFERENCES, "");
	struct kcov_test test;

	(void)state;
	assert_true(kcov_make(&test, KCOV_TEST_SIZE));
	enable_and_begin(&test);
	kcov_release(&test);
	assert_true(kcov_wait_for(buffers_of_tasks_are_there, NULL));
	assert_true(kcov_read_number(REFERENCES, "") > references);
	assert_int_equal(kcov_unload("kcov"), EAGAIN);
	assert_int_equal(kcov_sections("end 0"), 0);
	assert_true(kcov_wait_for(no_buffer_is_left, NULL));
	assert_true(kcov_wait_for(is_used_by_drivers_only, &references));
}

static void task_that_exits_inside_its_section_leaves_no_record(void **state)
{
	const unsigned long before = kcov_lost(OUTLIVED);
	const struct kcov_test *t = *state;

	enable_and_begin(t);
	assert_int_equal(kcov_sections("leave 0"), 0);
	assert_int_equal(kcov_deferred("kthread %#llx", KCOV_USB_A), 0);
	assert_false(kcov_reached(t, kcov_count(t), "sections_inside"));
	assert_true(kcov_reached(t, kcov_count(t), "deferred_in_kthread"));
	assert_int_equal(kcov_lost(OUTLIVED), before + 1);
}

/* Each gives its buffer back: there are only four. */
static void tasks_that_exit_inside_their_sections_use_nothing_up(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(kcov_sections("begin 0 %#llx", KCOV_USB_A), 0);
		assert_int_equal(kcov_sections("leave 0"), 0);
	}
	assert_int_equal(kcov_deferred("kthread %#llx", KCOV_USB_A), 0);
	assert_true(kcov_reached(t, kcov_count(t), "deferred_in_kthread"));
	assert_int_equal(lost(), 20);
}

static int start_and_exit(void *unused)
{
	(void)unused;
	return kcov_sections("start %#llx", KCOV_USB_A);
}

static void process_that_exits_inside_its_section_leaves_no_record(void **state)
{
	const unsigned long before = kcov_lost(OUTLIVED);
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_in_child(start_and_exit, NULL), 0);
	assert_dropped(t, before);
}

static int own_start_and_exit(void *data)
{
	const struct kcov_test *t = data;

	return kcov_enable_usb(t->fd, KCOV_USB_A) || kcov_sections("start %#llx", KCOV_USB_A);
}

static void owner_that_exits_inside_its_section_frees_all(void **state)
{
	struct kcov_test *t = *state;

	assert_int_equal(kcov_in_thread(own_start_and_exit, t), 0);
	assert_int_equal(kcov_count(t), 0);
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_deferred("kthread %#llx", KCOV_USB_A), 0);
	assert_true(kcov_reached(t, kcov_count(t), "deferred_in_kthread"));
}

int main(void)
{
	const struct CMUnitTest outlive[] = {
		KCOV_TEST(section_over_disable_is_dropped_and_counted),
		KCOV_TEST(section_that_ends_in_time_is_not_counted),
		KCOV_TEST(softirqs_section_over_disable_is_dropped_and_counted),
		KCOV_TEST(section_over_the_owners_exit_is_dropped_and_counted),
		KCOV_TEST(section_over_the_owners_sigkill_is_dropped_and_counted),
		KCOV_TEST(local_trace_gets_nothing_of_an_older_section),
		KCOV_TEST(new_owner_gets_nothing_of_an_older_section),
		KCOV_TEST(same_handle_again_gets_nothing_of_an_older_section),
		KCOV_TEST(mode_of_the_next_enabling_does_not_matter),
		KCOV_TEST(sections_that_end_at_any_moment_do_not_mix_with_the_next_trace),
		KCOV_TEST(buffers_go_with_disable),
		cmocka_unit_test(buffers_go_with_the_owners_exit),
		cmocka_unit_test(section_keeps_what_it_needs_behind_the_last_close),
		KCOV_TEST(task_that_exits_inside_its_section_leaves_no_record),
		KCOV_TEST(tasks_that_exit_inside_their_sections_use_nothing_up),
		KCOV_TEST(process_that_exits_inside_its_section_leaves_no_record),
		KCOV_TEST(owner_that_exits_inside_its_section_frees_all),
	};
	const int failed = cmocka_run_group_tests(outlive, kcov_load_drivers,
						  kcov_unload_drivers);

	return failed != 0;
}
