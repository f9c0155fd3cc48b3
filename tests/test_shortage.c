// SPDX-License-Identifier: GPL-2.0-only
/*
 * Without memory while modules come and go: ours, and one that it covers. As
 * test_faults.c, but that the kernel's loader makes most of the allocations.
 */
#include "kcov_faults.h"
#include "kcov_instances.h"
#include "kcov_log.h"
#include "kcov_test.h"

#include <stdio.h>
#include <unistd.h>

#define NOT_COVERED	"modules_without_function_entries"

/* The loader's own come first. */
#define LAST_OF_KCOV	200
#define LAST_OF_MODULE	60

/* Keeps armed what a first descriptor arms. */
static struct kcov_test keeper = { .fd = -1 };
static int kernel_log = -1;

/* --- a module that is covered -------------------------------------------------------------- */

/* What is not ours of what ftrace has patched. */
static long patched_by_others;

static unsigned long functions(void)
{
	return kcov_read_number(KCOV_FUNCTIONS, "# ");
}

/* What is covered is covered still, and what is in the set is hooked. */
static bool set_is_hooked(void)
{
	const unsigned long count = functions();
	const long hooked = kcov_count_patched() - patched_by_others;
	const long records = kcov_trace_read(&keeper);

	if (count && hooked == (long)count && records > 0)
		return true;
	print_error("%lu functions, %ld hooked, %ld records\n", count, hooked, records);
	return false;
}

/* Without memory for its device, cpuid's own answer is another. */
static int act_load(void)
{
	const int err = kcov_load_stock("arch/x86/kernel/cpuid.ko");

	return err == EBUSY ? ENOMEM : err;
}

static int act_unload(void)
{
	return kcov_unload("cpuid");
}

static unsigned long without_it, lost;

static bool begin_unloaded(void)
{
	without_it = functions();
	lost = kcov_lost(NOT_COVERED);
	return true;
}

/* The module is covered, or the loss is counted. */
static bool covered_or_counted(void)
{
	const unsigned long more_lost = kcov_lost(NOT_COVERED) - lost;
	const unsigned long count = functions();
	const bool is_covered = count > without_it;

	if (is_covered + more_lost == 1)
		return true;
	print_error("%lu functions, %lu before, %lu lost\n", count, without_it, more_lost);
	return false;
}

static bool end_loaded(void)
{
	const bool is_right = set_is_hooked() && covered_or_counted();

	return !act_unload() && is_right;
}

static bool begin_loaded(void)
{
	return !act_load();
}

/* A rule must match something now; it holds for what comes later, too. */
static int cover_module(void **state)
{
	(void)state;
	if (kcov_write_file(KCOV_FUNCTIONS, KCOV_FAULTS_FEW) || !kcov_make(&keeper, KCOV_TEST_SIZE))
		return -1;
	patched_by_others = kcov_count_patched() - (long)functions();
	return act_load() || kcov_write_file(KCOV_FUNCTIONS, "+cpuid:*") || act_unload();
}

static int stop_covering(void **state)
{
	(void)state;
	kcov_release(&keeper);
	return kcov_write_file(KCOV_FUNCTIONS, "default");
}

static void covered_module_comes_without_memory(void **state)
{
	const struct kcov_faults_call call = {
		"insmod of a covered module", begin_unloaded, act_load, end_loaded
	};
	const unsigned long before = kcov_lost(NOT_COVERED);
	const struct kcov_faults outcome = kcov_faults_each_of_last(&call, LAST_OF_MODULE);

	(void)state;
	print_message("%lu times it was not covered\n", kcov_lost(NOT_COVERED) - before);
	assert_int_equal(outcome.wrong, 0);
	assert_true(kcov_lost(NOT_COVERED) > before);
}

static void covered_module_goes_without_memory(void **state)
{
	const struct kcov_faults_call call = {
		"rmmod of a covered module", begin_loaded, act_unload, set_is_hooked
	};
	const struct kcov_faults outcome = kcov_faults_each(&call);

	(void)state;
	assert_int_equal(outcome.wrong, 0);
	assert_true(outcome.done > 0);
}

/* --- our own ------------------------------------------------------------------------------- */

static bool begin_none(void)
{
	kcov_log_forget(kernel_log);
	return !kcov_is_loaded("kcov");
}

static int act_load_kcov(void)
{
	return kcov_load_with("kcov", "functions=\"" KCOV_FAULTS_FEW "\"");
}

/* Each file of kcov_mod/ is there, or said to be missing. */
static bool has_files(void)
{
	static const char *const names[] = { "instances", "lost", "follow", "functions" };
	char path[100];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *const missing[] = {
			"cannot create the file kcov_mod/", names[i], "load the module again", NULL
		};

		snprintf(path, sizeof(path), KCOV_MOD "/%s", names[i]);
		if (access(path, F_OK) && !kcov_log_says(kernel_log, missing))
			return false;
	}
	return true;
}

static bool records(void)
{
	struct kcov_test t;
	bool recorded;

	if (!kcov_make(&t, KCOV_TEST_SIZE))
		return false;
	recorded = kcov_trace_read(&t) > 0;
	kcov_release(&t);
	return recorded;
}

static bool end_kcov(void)
{
	const bool is_whole = has_files() && records();

	if (!is_whole)
		print_error("a file is missing without a word, or nothing is recorded\n");
	return kcov_wait_for(kcov_is_unused, "kcov") && !kcov_unload("kcov") && is_whole;
}

static int unload_kcov(void **state)
{
	(void)state;
	return kcov_wait_for(kcov_is_unused, "kcov") ? kcov_unload("kcov") : -1;
}

static int load_kcov(void **state)
{
	(void)state;
	return kcov_load("kcov");
}

static void insmod_without_memory_is_enomem_or_whole(void **state)
{
	const struct kcov_faults_call call = { "insmod", begin_none, act_load_kcov, end_kcov };
	const struct kcov_faults outcome = kcov_faults_each_of_last(&call, LAST_OF_KCOV);

	(void)state;
	assert_int_equal(outcome.wrong, 0);
	assert_true(outcome.refused > 0);
}

static int set_up(void **state)
{
	(void)state;
	kernel_log = kcov_log_open();
	return kcov_faults_open() ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	kcov_faults_close();
	close(kernel_log);
	return 0;
}

int main(void)
{
	const struct CMUnitTest shortage[] = {
		cmocka_unit_test_setup_teardown(covered_module_comes_without_memory, cover_module,
						stop_covering),
		cmocka_unit_test_setup_teardown(covered_module_goes_without_memory, cover_module,
						stop_covering),
		cmocka_unit_test_setup_teardown(insmod_without_memory_is_enomem_or_whole,
						unload_kcov, load_kcov),
	};
	const int failed = cmocka_run_group_tests(shortage, set_up, tear_down);

	return failed != 0;
}
