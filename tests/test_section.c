// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sections: what is recorded of them, in every context, and nothing else.
 */
#include "kcov_instances.h"
#include "kcov_remote.h"

#include <stdlib.h>
#include <string.h>

static const char *const places[] = {
	"deferred_in_kthread", "deferred_in_work", "deferred_in_delayed", "deferred_in_timer",
	"deferred_in_tasklet", "deferred_here", "deferred_outside", "do_kthread", "run_write",
};

static bool is_exactly(const struct kcov_test *t, const char *place)
{
	const size_t count = kcov_count(t);

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (kcov_reached(t, count, places[i]) != !strcmp(places[i], place))
			return false;
	return true;
}

static void context_records(const struct kcov_test *t, const char *context, const char *place)
{
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_deferred("%s %#llx", context, KCOV_USB_A), 0);
	assert_true(kcov_in_range(t, kcov_count(t)));
	assert_true(is_exactly(t, place));
}

static void kthreads_section_is_recorded(void **state)
{
	context_records(*state, "kthread", "deferred_in_kthread");
}

static void works_section_is_recorded(void **state)
{
	context_records(*state, "work", "deferred_in_work");
}

static void delayed_works_section_is_recorded(void **state)
{
	context_records(*state, "delayed", "deferred_in_delayed");
}

static void timers_section_is_recorded(void **state)
{
	context_records(*state, "timer", "deferred_in_timer");
}

static void tasklets_section_is_recorded(void **state)
{
	context_records(*state, "tasklet", "deferred_in_tasklet");
}

static void section_in_the_owner_itself_is_recorded(void **state)
{
	context_records(*state, "here", "deferred_here");
}

/* The verb's kthread or tasklet, and its helper, lead to sections_inside() only. */
static void helper_records(const struct kcov_test *t, const char *verb, bool recorded)
{
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_SUBSYSTEM_USB | 5), 0);
	assert_int_equal(kcov_sections("%s 5", verb), 0);
	assert_int_equal(kcov_reached(t, kcov_count(t), "sections_inside"), recorded);
	assert_false(kcov_reached(t, kcov_count(t), "sections_outside"));
}

static void usb_helper_names_the_bus(void **state)
{
	helper_records(*state, "usb", true);
}

static void usb_softirq_helper_records_in_softirqs(void **state)
{
	helper_records(*state, "usb_softirq", true);
}

static void usb_softirq_helper_does_nothing_in_tasks(void **state)
{
	helper_records(*state, "usb_softirq_here", false);
}

static void every_record_is_of_the_driver(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_range text;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_deferred("kthread %#llx 20", KCOV_USB_A), 0);
	assert_true(kcov_count(t) > 20);
	assert_true(kcov_module_text("kcov_deferred", &text));
	for (size_t i = 1; i <= kcov_count(t); i++)
		assert_true(kcov_is_within(&text, t->buffer[i]));
}

/* Word 0 is not reset: the second section stands behind the first. */
static void sections_stand_one_behind_the_other(void **state)
{
	const struct kcov_test *t = *state;
	size_t each;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_deferred("work %#llx 7", KCOV_USB_A), 0);
	each = kcov_count(t);
	assert_in_range(each, 8, 1000);
	assert_int_equal(kcov_deferred("work %#llx 7", KCOV_USB_A), 0);
	assert_int_equal(kcov_count(t), 2 * each);
	assert_memory_equal(&t->buffer[1], &t->buffer[1 + each], each * sizeof(t->buffer[0]));
}

static void hundred_sections_are_equal(void **state)
{
	static const char *const contexts[] = { "kthread", "work", "timer", "tasklet", "here" };
	const struct kcov_test *t = *state;
	unsigned long first[64];

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	for (int i = 0; i < 100; i++) {
		const char *const context = contexts[i / 20];

		kcov_set_count(t, 0);
		assert_int_equal(kcov_deferred("%s %#llx 9", context, KCOV_USB_A), 0);
		assert_in_range(kcov_count(t), 10, 63);
		if (i % 20 == 0)
			memcpy(first, t->buffer, sizeof(first));
		assert_memory_equal(first, t->buffer, (first[0] + 1) * sizeof(first[0]));
	}
}

static void owners_system_calls_are_not_recorded(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	for (int i = 0; i < 1000; i++)
		kcov_read_nothing(NULL);
	assert_int_equal(kcov_count(t), 0);
}

static void section_with_a_handle_of_nobody_is_not_recorded(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_deferred("kthread %#llx", KCOV_USB_B), 0);
	assert_int_equal(kcov_deferred("tasklet %#llx", KCOV_USB_B), 0);
	assert_int_equal(kcov_count(t), 0);
}

static void section_with_handle_0_is_not_recorded(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_common(t->fd, KCOV_COMMON_A), 0);
	assert_int_equal(kcov_deferred("kthread 0"), 0);
	assert_int_equal(kcov_deferred("tasklet 0"), 0);
	assert_int_equal(kcov_count(t), 0);
}

static void instance_of_another_subsystem_is_another_handle(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_common(t->fd, KCOV_COMMON_A), 0);
	assert_int_equal(kcov_deferred("kthread %#llx", KCOV_SUBSYSTEM_USB | KCOV_COMMON_A), 0);
	assert_int_equal(kcov_count(t), 0);
}

static void sections_before_enable_and_after_disable_are_not_recorded(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_deferred("kthread %#llx", KCOV_USB_A), 0);
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_deferred("kthread %#llx", KCOV_USB_A), 0);
	assert_int_equal(kcov_count(t), 0);
}

static void section_is_its_owners_only(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_owner owner;
	struct kcov_test other;

	assert_true(kcov_make(&other, KCOV_TEST_SIZE));
	assert_int_equal(kcov_owner_begin(&owner, other.fd, kcov_usb(KCOV_USB_B)), 0);
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_deferred("kthread %#llx", KCOV_USB_A), 0);
	assert_int_equal(kcov_count(&other), 0);
	assert_int_equal(kcov_deferred("timer %#llx", KCOV_USB_B), 0);
	kcov_owner_end(&owner);
	assert_true(is_exactly(t, "deferred_in_kthread"));
	assert_true(is_exactly(&other, "deferred_in_timer"));
	kcov_release(&other);
}

static void each_of_256_handles_counts(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_remote remote = kcov_usb(0);

	for (int i = 0; i < 256; i++)
		remote.handles[i] = KCOV_SUBSYSTEM_USB | i;
	remote.num_handles = 256;
	assert_int_equal(kcov_remote_enable(t->fd, &remote), 0);
	for (int i = 0; i < 256; i++) {
		kcov_set_count(t, 0);
		assert_int_equal(kcov_deferred("work %#llx", KCOV_SUBSYSTEM_USB | i), 0);
		assert_true(kcov_count(t) > 0);
	}
}

static void section_in_cmp_mode_records_comparisons(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_remote remote = kcov_usb(KCOV_USB_A);
	const unsigned long *record;

	remote.trace_mode = KCOV_TRACE_CMP;
	assert_int_equal(kcov_remote_enable(t->fd, &remote), 0);
	assert_int_equal(kcov_deferred("tasklet %#llx 3", KCOV_USB_A), 0);
	record = kcov_comparison_with(t, 0x7005);
	assert_non_null(record);
	assert_int_equal(record[0], KCOV_CMP_CONST | KCOV_CMP_SIZE(2));
	assert_int_equal(record[2], 3);
	assert_string_equal(kcov_symbol_at(record[3]), "deferred_in_tasklet");
}

/* The kthread sleeps in its section, and every CPU has run it. */
static void section_that_sleeps_and_migrates_is_whole(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_sections("begin 0 %#llx", KCOV_USB_A), 0);
	assert_int_equal(kcov_sections("roam 0"), 0);
	assert_int_equal(kcov_count(t), 0);
	assert_int_equal(kcov_sections("end 0"), 0);
	assert_true(kcov_reached(t, kcov_count(t), "sections_inside"));
	assert_true(kcov_reached(t, kcov_count(t), "sections_roamed"));
}

static size_t find(const struct kcov_test *t, const char *name)
{
	for (size_t i = 1; i <= kcov_count(t); i++)
		if (!strcmp(kcov_symbol_at(t->buffer[i]), name))
			return i;
	return 0;
}

struct over {
	struct kcov_test local;
	size_t before, inside, behind;
};

/* The sections are another thread's. */
static bool trace_over(const struct kcov_test *t, struct over *over)
{
	struct kcov_owner owner;
	bool done = !kcov_owner_begin(&owner, t->fd, kcov_usb(KCOV_USB_A)) &&
		    kcov_make(&over->local, KCOV_TEST_SIZE) && !kcov_enable(over->local.fd) &&
		    !kcov_sections("over %#llx", KCOV_USB_A) && !kcov_disable(over->local.fd);

	over->before = find(&over->local, "sections_before");
	over->inside = find(&over->local, "sections_inside");
	over->behind = find(&over->local, "sections_behind");
	kcov_release(&over->local);
	kcov_owner_end(&owner);
	return done;
}

static void softirq_over_a_traced_task_leaves_its_trace_whole(void **state)
{
	struct over over;

	assert_true(trace_over(*state, &over));
	assert_in_range(over.before, 1, KCOV_TEST_SIZE);
	assert_in_range(over.behind, over.before + 1, KCOV_TEST_SIZE);
	assert_int_equal(over.inside, 0);
}

static void softirq_over_a_traced_task_is_recorded(void **state)
{
	const struct kcov_test *t = *state;
	struct over over;

	assert_true(trace_over(t, &over));
	assert_int_not_equal(find(t, "sections_inside"), 0);
	assert_int_equal(find(t, "sections_before"), 0);
	assert_int_equal(find(t, "sections_behind"), 0);
}

static int trace_section_here(void *data)
{
	const struct kcov_test *local = data;

	return kcov_enable(local->fd) || kcov_deferred("here %#llx", KCOV_USB_A) ||
	       kcov_disable(local->fd);
}

/* The function inside the section is the section's, those around it the task's. */
static void section_in_a_traced_task_leaves_its_trace_whole(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test local;

	assert_true(kcov_make(&local, KCOV_TEST_SIZE));
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_in_thread(trace_section_here, &local), 0);
	assert_true(is_exactly(t, "deferred_here"));
	assert_int_not_equal(find(&local, "deferred_outside"), 0);
	assert_int_equal(find(&local, "deferred_here"), 0);
	kcov_release(&local);
}

int main(void)
{
	const struct CMUnitTest section[] = {
		KCOV_TEST(kthreads_section_is_recorded),
		KCOV_TEST(works_section_is_recorded),
		KCOV_TEST(delayed_works_section_is_recorded),
		KCOV_TEST(timers_section_is_recorded),
		KCOV_TEST(tasklets_section_is_recorded),
		KCOV_TEST(section_in_the_owner_itself_is_recorded),
		KCOV_TEST(usb_helper_names_the_bus),
		KCOV_TEST(usb_softirq_helper_records_in_softirqs),
		KCOV_TEST(usb_softirq_helper_does_nothing_in_tasks),
		KCOV_TEST(every_record_is_of_the_driver),
		KCOV_TEST(sections_stand_one_behind_the_other),
		KCOV_TEST(hundred_sections_are_equal),
		KCOV_TEST(owners_system_calls_are_not_recorded),
		KCOV_TEST(section_with_a_handle_of_nobody_is_not_recorded),
		KCOV_TEST(section_with_handle_0_is_not_recorded),
		KCOV_TEST(instance_of_another_subsystem_is_another_handle),
		KCOV_TEST(sections_before_enable_and_after_disable_are_not_recorded),
		KCOV_TEST(section_is_its_owners_only),
		KCOV_TEST(each_of_256_handles_counts),
		KCOV_TEST(section_in_cmp_mode_records_comparisons),
		KCOV_TEST(section_that_sleeps_and_migrates_is_whole),
		KCOV_TEST(softirq_over_a_traced_task_leaves_its_trace_whole),
		KCOV_TEST(softirq_over_a_traced_task_is_recorded),
		KCOV_TEST(section_in_a_traced_task_leaves_its_trace_whole),
	};
	const int failed = cmocka_run_group_tests(section, kcov_load_drivers_exact,
						  kcov_unload_drivers_exact);

	return failed != 0;
}
