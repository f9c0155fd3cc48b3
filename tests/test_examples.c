// SPDX-License-Identifier: GPL-2.0-only
/*
 * The programs of tools/examples, as somebody runs them who copies from them.
 */
#include "kcov_remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define EXAMPLES	"/tools/examples"
#define PCS_MAX		4096

/* What a program printed: one PC a line, and nothing else. */
struct output {
	unsigned long pcs[PCS_MAX];
	size_t count;
	int status;
};

static struct output run(const char *command)
{
	FILE *pipe = popen(command, "r");
	struct output output = { .status = -1 };
	char line[64], *end;

	if (!pipe)
		return output;
	while (fgets(line, sizeof(line), pipe) && output.count < PCS_MAX) {
		output.pcs[output.count++] = strtoul(line, &end, 16);
		assert_true(end > line && *end == '\n');
	}
	output.status = pclose(pipe);
	return output;
}

static bool has(const struct output *output, const char *function)
{
	for (size_t i = 0; i < output->count; i++)
		if (!strcmp(kcov_symbol_at(output->pcs[i]), function))
			return true;
	return false;
}

static void kcov_pc_prints_what_a_read_reaches(void **state)
{
	const struct output output = run(EXAMPLES "/kcov_pc");

	(void)state;
	assert_int_equal(output.status, 0);
	assert_true(has(&output, "ksys_read"));
	assert_false(has(&output, "ksys_write"));
}

static void kcov_remote_prints_what_a_kthread_reaches(void **state)
{
	const struct output output =
		run("echo kthread common | " EXAMPLES "/kcov_remote " KCOV_DEFERRED);

	(void)state;
	assert_int_equal(output.status, 0);
	assert_true(has(&output, "deferred_in_kthread"));
}

static void kcov_remote_prints_what_a_softirq_reaches(void **state)
{
	const struct output output =
		run("echo tasklet common | " EXAMPLES "/kcov_remote " KCOV_DEFERRED);

	(void)state;
	assert_int_equal(output.status, 0);
	assert_true(has(&output, "deferred_in_tasklet"));
}

/* The control: a section that is for somebody else. */
static void kcov_remote_prints_nothing_of_other_handles(void **state)
{
	const struct output output =
		run("echo kthread 0x1 | " EXAMPLES "/kcov_remote " KCOV_DEFERRED);

	(void)state;
	assert_int_equal(output.status, 0);
	assert_int_equal(output.count, 0);
}

static void kcov_remote_without_a_file_fails(void **state)
{
	const struct output output = run(EXAMPLES "/kcov_remote 2>/dev/null </dev/null");

	(void)state;
	assert_true(WIFEXITED(output.status) && WEXITSTATUS(output.status) == 1);
	assert_int_equal(output.count, 0);
}

int main(void)
{
	const struct CMUnitTest examples[] = {
		cmocka_unit_test(kcov_pc_prints_what_a_read_reaches),
		cmocka_unit_test(kcov_remote_prints_what_a_kthread_reaches),
		cmocka_unit_test(kcov_remote_prints_what_a_softirq_reaches),
		cmocka_unit_test(kcov_remote_prints_nothing_of_other_handles),
		cmocka_unit_test(kcov_remote_without_a_file_fails),
	};
	const int failed = cmocka_run_group_tests(examples, kcov_load_drivers,
						  kcov_unload_drivers);

	return failed != 0;
}
