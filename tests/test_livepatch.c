// SPDX-License-Identifier: GPL-2.0-only
/*
 * Beside a livepatch of a function that kcov hooks: the entry is recorded, and
 * what runs is the patch.
 */
#include "kcov_neighbour.h"

#include <limits.h>
#include <unistd.h>

#define PATCH		"/sys/kernel/livepatch/kcov_patch"
#define CALLS		"/sys/module/kcov_patch/parameters/calls"

static unsigned long calls_before;

static bool is_applied(void *unused)
{
	(void)unused;
	return kcov_read_number(PATCH "/transition", "") == 0;
}

static bool is_gone(void *unused)
{
	(void)unused;
	return access(PATCH, F_OK) != 0;
}

static int start_livepatch(void)
{
	int err = kcov_load("kcov_patch");

	calls_before = 0;
	if (err)
		return err;
	return kcov_wait_for(is_applied, NULL) ? 0 : ETIMEDOUT;
}

static int stop_livepatch(void)
{
	if (!kcov_is_loaded("kcov_patch"))
		return 0;
	if (!is_gone(NULL))
		kcov_write_file(PATCH "/enabled", "0");
	return kcov_wait_for(is_gone, NULL) && kcov_wait_for(kcov_is_unused, "kcov_patch") ?
	       kcov_unload("kcov_patch") : ETIMEDOUT;
}

static long count_calls(void)
{
	const unsigned long calls = kcov_read_number(CALLS, "");
	const unsigned long since = calls - calls_before;

	calls_before = calls;
	return calls == ULONG_MAX ? -1 : (long)since;
}

static const struct kcov_neighbour livepatch = {
	start_livepatch, stop_livepatch, count_calls
};

int main(void)
{
	const struct CMUnitTest patches[] = {
		KCOV_NEIGHBOUR_DURING(livepatch),
		KCOV_NEIGHBOUR_BEFORE(livepatch),
		KCOV_NEIGHBOUR_AFTER(livepatch),
	};
	const int failed = cmocka_run_group_tests(patches, kcov_test_setup_neighbours,
						  kcov_test_teardown_neighbours);

	return failed != 0;
}
