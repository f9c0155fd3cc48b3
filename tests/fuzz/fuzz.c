// SPDX-License-Identifier: GPL-2.0-only
/*
 * The group "fuzz": the inputs of the corpus, then inputs made from these at random.
 *
 * KCOV_SEED is what they are made from, KCOV_SECONDS for how long; without it a fixed number is
 * made from a fixed seed.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kcov_remote.h"

#define CORPUS		"/tests/corpus"
#define INPUTS_MAX	64
#define INPUTS		100
#define SEED		6
#define REPORT_SECONDS	10

static struct fuzz_input corpus[INPUTS_MAX];
static size_t corpus_size;

static uint64_t environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void corpus_keeps_the_rules(void **state)
{
	struct dirent **entries;
	const int count = scandir(CORPUS, &entries, is_file, alphasort);
	char path[512];

	(void)state;
	assert_in_range(count, 1, INPUTS_MAX);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), CORPUS "/%s", entries[i]->d_name);
		free(entries[i]);
		if (!fuzz_read_input(path, &corpus[corpus_size]))
			fail_msg("%s is not 1 to %d operations", path, FUZZ_OPS);
		if (!fuzz_run(&corpus[corpus_size++]))
			fail_msg("%s breaks the rules", path);
	}
	free(entries);
}

static void report(uint64_t seed, unsigned long made)
{
	static time_t last;

	if (time(NULL) < last + REPORT_SECONDS)
		return;
	last = time(NULL);
	printf("# seed %#lx: %lu inputs\n", seed, made);
	fflush(stdout);
}

static bool goes_on(unsigned long made)
{
	static time_t end;

	if (!environment("KCOV_SECONDS", 0))
		return made < INPUTS;
	if (!end)
		end = time(NULL) + environment("KCOV_SECONDS", 0);
	return time(NULL) < end;
}

/* Each from a stream of its own, so that one can be made without those before it. */
static void inputs_made_from_it_keep_the_rules(void **state)
{
	const uint64_t seed = environment("KCOV_SEED", SEED);
	unsigned long made;

	(void)state;
	assert_true(corpus_size > 0);
	for (made = 0; goes_on(made); made++) {
		struct kcov_random random = kcov_random_fork(seed, made);
		struct fuzz_input input = corpus[kcov_random_below(&random, corpus_size)];

		fuzz_mutate(&input, &corpus[kcov_random_below(&random, corpus_size)], &random);
		report(seed, made);
		if (!fuzz_run(&input))
			fail_msg("seed %#lx, input %lu breaks the rules: keep it in the corpus",
				 seed, made);
	}
	printf("# seed %#lx: %lu inputs, %lu words scribbled\n", seed, made, fuzz_world->scribbled);
}

/* The control: what was never done was never tested. */
static void every_operation_was_made_while_somebody_scribbled(void **state)
{
	(void)state;
	for (size_t code = 0; code < fuzz_codes; code++) {
		printf("# %-12s %8lu, refused %8lu\n", fuzz_name(code), fuzz_world->made[code],
		       fuzz_world->refused[code]);
		assert_true(fuzz_world->made[code] > 0);
	}
	assert_true(fuzz_world->scribbled > 0);
}

/* Rules and parameters are as they were before, too. */
static void module_unloads_and_loads(void **state)
{
	assert_int_equal(kcov_unload_drivers(state), 0);
	assert_true(kcov_wait_for(kcov_is_unused, "kcov"));
	assert_int_equal(kcov_unload("kcov"), 0);
	assert_int_equal(kcov_load("kcov"), 0);
}

static int setup(void **state)
{
	fuzz_world = kcov_shared(sizeof(*fuzz_world));
	if (!fuzz_world || !kcov_make_areas_small() || kcov_write_file(KCOV_FUNCTIONS, "=vfs_*"))
		return -1;
	return kcov_load_drivers(state);
}

int main(void)
{
	const struct CMUnitTest fuzz[] = {
		cmocka_unit_test(corpus_keeps_the_rules),
		cmocka_unit_test(inputs_made_from_it_keep_the_rules),
		cmocka_unit_test(every_operation_was_made_while_somebody_scribbled),
		cmocka_unit_test(module_unloads_and_loads),
	};

	return cmocka_run_group_tests(fuzz, setup, NULL) != 0;
}
