// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sections as no good driver makes them: nothing is recorded that should not be, nothing is used
 * up, and what comes next works.
 */
#include "kcov_instances.h"
#include "kcov_remote.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NESTED	"sections_inside_a_section"
#define INVALID	"sections_with_an_invalid_handle"

static size_t find(const struct kcov_test *t, const char *name)
{
	const size_t count = kcov_count(t);

	for (size_t i = 1; i <= count; i++)
		if (!strcmp(kcov_symbol_at(t->buffer[i]), name))
			return i;
	return 0;
}

static void assert_works(const struct kcov_test *t)
{
	kcov_set_count(t, 0);
	assert_int_equal(kcov_deferred("kthread %#llx", KCOV_USB_A), 0);
	assert_int_not_equal(find(t, "deferred_in_kthread"), 0);
	kcov_set_count(t, 0);
	assert_int_equal(kcov_deferred("tasklet %#llx", KCOV_USB_A), 0);
	assert_int_not_equal(find(t, "deferred_in_tasklet"), 0);
}

static void stop_without_a_start_does_nothing(void **state)
{
	static const char *const verbs[] = { "stop", "stop_kthread", "stop_softirq" };
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		assert_int_equal(kcov_sections("%s", verbs[i]), 0);
	assert_int_equal(kcov_count(t), 0);
	assert_works(t);
}

static void stop_without_a_start_leaves_a_local_trace_alone(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test local;

	assert_true(kcov_make(&local, KCOV_TEST_SIZE));
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_enable(local.fd), 0);
	assert_int_equal(kcov_sections("stop"), 0);
	assert_int_equal(kcov_sections("stop_softirq"), 0);
	assert_int_equal(kcov_disable(local.fd), 0);
	assert_in_range(find(&local, "sections_behind"), find(&local, "sections_before") + 1,
			kcov_count(&local));
	assert_int_equal(kcov_count(t), 0);
	assert_works(t);
	kcov_release(&local);
}

/* A softirq's stop does not end the section of the kthread that it interrupts, nor the reverse. */
static void stop_in_a_softirq_leaves_the_tasks_section_alone(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_sections("start %#llx", KCOV_USB_A), 0);
	assert_int_equal(kcov_sections("stop_softirq"), 0);
	assert_int_equal(kcov_count(t), 0);
	assert_int_equal(kcov_sections("stop"), 0);
	assert_int_not_equal(find(t, "sections_inside"), 0);
	assert_works(t);
}

static void inner_section_is_part_of_the_outer(const struct kcov_test *t, const char *verb,
					       __u64 outer, __u64 inner)
{
	const unsigned long before = kcov_lost(NESTED);

	kcov_set_count(t, 0);
	assert_int_equal(kcov_sections("%s %#llx %#llx", verb, outer, inner), 0);
	assert_in_range(find(t, "sections_inside"), find(t, "sections_before") + 1, kcov_count(t));
	assert_in_range(find(t, "sections_behind"), find(t, "sections_inside") + 1, kcov_count(t));
	assert_int_equal(find(t, "sections_outside"), 0);
	assert_int_equal(kcov_lost(NESTED), before + 1);
}

static void nested_section_is_part_of_the_outer_one(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	inner_section_is_part_of_the_outer(t, "nested", KCOV_USB_A, KCOV_USB_A);
	inner_section_is_part_of_the_outer(t, "nested", KCOV_USB_A, KCOV_USB_B);
	inner_section_is_part_of_the_outer(t, "nested_softirq", KCOV_USB_A, KCOV_USB_B);
	inner_section_is_part_of_the_outer(t, "nested_softirq", KCOV_USB_A, 0);
	assert_works(t);
}

/* The inner one's stop must not be taken for the outer one's. */
static void nested_section_with_an_invalid_handle_is_part_of_the_outer_one(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_sections("nested %#llx %#llx", KCOV_USB_A, 1ULL << 40), 0);
	assert_int_not_equal(find(t, "sections_behind"), 0);
	assert_int_equal(find(t, "sections_outside"), 0);
	assert_works(t);
}

/* Nobody wants the outer one, so the inner one is not nested. */
static void section_inside_an_unwanted_one_is_recorded(void **state)
{
	const unsigned long before = kcov_lost(NESTED);
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_sections("nested %#llx %#llx", KCOV_USB_B, KCOV_USB_A), 0);
	assert_int_equal(find(t, "sections_before"), 0);
	assert_int_not_equal(find(t, "sections_inside"), 0);
	assert_int_equal(find(t, "sections_behind"), 0);
	assert_int_equal(kcov_lost(NESTED), before);
}

static void invalid_handles_are_counted_and_record_nothing(void **state)
{
	static const __u64 invalid[] = { 1ULL << 32, KCOV_USB_A | 1ULL << 55, 2ULL << 56 | 1,
					 0x7fULL << 56, ~0ULL };
	const unsigned long before = kcov_lost(INVALID);
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	for (size_t i = 0; i < ARRAY_SIZE(invalid); i++) {
		assert_int_equal(kcov_deferred("kthread %#llx", invalid[i]), 0);
		assert_int_equal(kcov_deferred("tasklet %#llx", invalid[i]), 0);
	}
	assert_int_equal(kcov_count(t), 0);
	assert_int_equal(kcov_lost(INVALID), before + 2 * ARRAY_SIZE(invalid));
	assert_works(t);
}

static void valid_handles_of_nobody_are_not_counted(void **state)
{
	const unsigned long before = kcov_lost(INVALID);
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_deferred("kthread 0"), 0);
	assert_int_equal(kcov_deferred("kthread %#lx", KCOV_COMMON_A), 0);
	assert_int_equal(kcov_deferred("kthread %#llx", KCOV_USB_B), 0);
	assert_int_equal(kcov_lost(INVALID), before);
}

static void hard_interrupts_section_is_not_recorded(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_sections("hard %#llx", KCOV_USB_A), 0);
	assert_int_equal(kcov_count(t), 0);
	assert_works(t);
}

static void hard_interrupts_section_leaves_a_local_trace_alone(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test local;

	assert_true(kcov_make(&local, KCOV_TEST_SIZE));
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_enable(local.fd), 0);
	assert_int_equal(kcov_sections("hard %#llx", KCOV_USB_A), 0);
	assert_int_equal(kcov_disable(local.fd), 0);
	assert_int_equal(find(&local, "sections_in_hardirq"), 0);
	assert_int_not_equal(find(&local, "sections_before"), 0);
	assert_int_not_equal(find(&local, "sections_behind"), 0);
	assert_int_equal(kcov_count(t), 0);
	kcov_release(&local);
}

static void hard_interrupts_stop_leaves_the_interrupted_section_alone(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_sections("interrupted %#llx %#llx", KCOV_USB_A, KCOV_USB_A), 0);
	assert_int_not_equal(find(t, "sections_before"), 0);
	assert_int_not_equal(find(t, "sections_behind"), 0);
	assert_int_equal(find(t, "sections_in_hardirq"), 0);
	assert_works(t);
}

/* --- a section that a thread never ends, and then its own ioctls ----------------- */

static int start_then_disable(void *data)
{
	const struct kcov_test *t = data;

	if (kcov_enable_usb(t->fd, KCOV_USB_A) || kcov_sections("start %#llx", KCOV_USB_A))
		return -1;
	return kcov_disable(t->fd);
}

static void owner_inside_its_own_section_disables(void **state)
{
	struct kcov_test *t = *state;

	assert_int_equal(start_then_disable(t), 0);
	assert_int_equal(kcov_count(t), 0);
	assert_int_equal(kcov_sections("stop"), 0);
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_works(t);
}

/* Whatever the section used must not be used behind the close. */
static void owner_inside_its_own_section_closes_and_goes_on(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test own;

	for (int i = 0; i < 20; i++) {
		assert_true(kcov_make(&own, KCOV_TEST_SIZE));
		assert_int_equal(start_then_disable(&own), 0);
		kcov_release(&own);
		usleep(1000);
		assert_int_equal(kcov_sections("stop"), 0);
	}
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_works(t);
}

static void thread_inside_a_section_disables_its_local_trace(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test local;
	struct kcov_owner owner;

	assert_true(kcov_make(&local, KCOV_TEST_SIZE));
	assert_int_equal(kcov_owner_begin(&owner, t->fd, kcov_usb(KCOV_USB_A)), 0);
	assert_int_equal(kcov_enable(local.fd), 0);
	assert_int_equal(kcov_sections("start %#llx", KCOV_USB_A), 0);
	assert_int_equal(kcov_disable(local.fd), 0);
	assert_int_equal(kcov_sections("stop"), 0);
	assert_true(kcov_trace_read(&local) > 0);
	kcov_owner_end(&owner);
	kcov_release(&local);
}

/* What lies below the section is not the section's. */
static void local_trace_goes_on_behind_a_section_that_disable_dropped(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test local;

	assert_true(kcov_make(&local, KCOV_TEST_SIZE));
	assert_int_equal(kcov_enable(local.fd), 0);
	assert_int_equal(start_then_disable(*state), 0);
	kcov_set_count(&local, 0);
	kcov_read_nothing(NULL);
	assert_true(kcov_count(&local) > 0);
	assert_int_equal(kcov_enable(t->fd), EBUSY);
	kcov_release(&local);
}

static int enable_inside_a_section(void *data)
{
	const struct kcov_test *t = data;
	int result;

	if (kcov_sections("start %#llx", KCOV_USB_A))
		return -1;
	result = kcov_enable_usb(t->fd, KCOV_USB_B);
	if (kcov_sections("stop") || (!result && kcov_disable(t->fd)))
		return -1;
	return result;
}

/* As in mainline: the thread has something to record into. */
static void thread_inside_a_section_enables_nothing(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test own;

	assert_true(kcov_make(&own, KCOV_TEST_SIZE));
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_in_thread(enable_inside_a_section, &own), EBUSY);
	assert_int_equal(kcov_in_child(enable_inside_a_section, &own), EBUSY);
	assert_int_equal(kcov_count(&own), 0);
	assert_works(t);
	kcov_release(&own);
}

static int start_twice_and_exit(void *unused)
{
	(void)unused;
	return kcov_sections("start %#llx", KCOV_USB_A) || kcov_sections("start %#llx", KCOV_USB_B);
}

static int start_as_an_heir_and_exit(void *unused)
{
	(void)unused;
	return kcov_sections("start %#lx", KCOV_COMMON_A);
}

static void tasks_that_inherited_exit_inside_a_section(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_remote remote = kcov_usb(KCOV_USB_A);

	remote.common_handle = KCOV_COMMON_A;
	assert_int_equal(kcov_remote_enable(t->fd, &remote), 0);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(kcov_in_child(start_as_an_heir_and_exit, NULL), 0);
		assert_int_equal(kcov_in_thread(start_twice_and_exit, NULL), 0);
	}
	assert_int_equal(kcov_count(t), 0);
	assert_works(t);
}

/* Nobody waits for it any more, and its stop never comes: others do not pay for that. */
static void section_left_behind_by_its_owner_is_none(void **state)
{
	const unsigned long before = kcov_lost(NESTED);
	const struct kcov_test *t = *state;
	struct kcov_owner owner;
	struct kcov_test gone;

	assert_true(kcov_make(&gone, KCOV_TEST_SIZE));
	assert_int_equal(kcov_owner_begin(&owner, gone.fd, kcov_usb(KCOV_USB_A)), 0);
	assert_int_equal(kcov_sections("start %#llx", KCOV_USB_A), 0);
	kcov_owner_end(&owner);
	/* no KCOV_DISABLE here, which would end it */
	assert_int_equal(kcov_owner_begin(&owner, t->fd, kcov_usb(KCOV_USB_B)), 0);
	assert_int_equal(kcov_deferred("here %#llx", KCOV_USB_B), 0);
	kcov_owner_end(&owner);
	kcov_release(&gone);
	assert_true(kcov_count(t) > 0);
	assert_int_equal(kcov_lost(NESTED), before);
}

int main(void)
{
	const struct CMUnitTest misuse[] = {
		KCOV_TEST(stop_without_a_start_does_nothing),
		KCOV_TEST(stop_without_a_start_leaves_a_local_trace_alone),
		KCOV_TEST(stop_in_a_softirq_leaves_the_tasks_section_alone),
		KCOV_TEST(nested_section_is_part_of_the_outer_one),
		KCOV_TEST(nested_section_with_an_invalid_handle_is_part_of_the_outer_one),
		KCOV_TEST(section_inside_an_unwanted_one_is_recorded),
		KCOV_TEST(invalid_handles_are_counted_and_record_nothing),
		KCOV_TEST(valid_handles_of_nobody_are_not_counted),
		KCOV_TEST(hard_interrupts_section_is_not_recorded),
		KCOV_TEST(hard_interrupts_section_leaves_a_local_trace_alone),
		KCOV_TEST(hard_interrupts_stop_leaves_the_interrupted_section_alone),
		KCOV_TEST(owner_inside_its_own_section_disables),
		KCOV_TEST(owner_inside_its_own_section_closes_and_goes_on),
		KCOV_TEST(thread_inside_a_section_disables_its_local_trace),
		KCOV_TEST(local_trace_goes_on_behind_a_section_that_disable_dropped),
		KCOV_TEST(thread_inside_a_section_enables_nothing),
		KCOV_TEST(tasks_that_inherited_exit_inside_a_section),
		KCOV_TEST(section_left_behind_by_its_owner_is_none),
	};
	const int failed = cmocka_run_group_tests(misuse, kcov_load_drivers, kcov_unload_drivers);

	return failed != 0;
}
