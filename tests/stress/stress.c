// SPDX-License-Identifier: GPL-2.0-only
/*
 * The group "stress": runs all of it, and looks at what must hold at the end.
 *
 * KCOV_SECONDS is how long, KCOV_SEED what the actors' decisions follow from. A failure names
 * seed, epoch, actor, life and step, the call, what was expected and what was answered.
 */
#include "stress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define SECONDS		60
#define SEED		6
#define MORE_SECONDS	300
#define EPOCH_SECONDS	12
#define BASELINE	"/tmp/leftovers"
#define PREEMPT		"/sys/kernel/debug/sched/preempt"

struct stress_world *stress_world;

static uint64_t environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

/* What a module that was never there would leave; the runner knows it before the first insmod. */
static bool have_baseline(void)
{
	if (!access(BASELINE, F_OK))
		return true;
	return !kcov_unload("kcov") && !system("/vm/leftovers save") && !kcov_load("kcov");
}

/* The word in brackets. */
static void read_preemption(char *model, size_t room)
{
	char line[64];
	const char *open;

	stress_read_models(line, sizeof(line));
	open = strchr(line, '(');
	*model = '\0';
	if (open)
		snprintf(model, room, "%.*s", (int)strcspn(open + 1, ")"), open + 1);
}

static void put_back(const char *model)
{
	char path[64];

	if (*model)
		kcov_write_file(PREEMPT, model);
	for (int cpu = 1; cpu < sysconf(_SC_NPROCESSORS_CONF); cpu++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
		kcov_write_file(path, "1");
	}
}

/* Calls that must be seen to be refused, and not to be. */
static const enum stress_call both_ways[] = {
	STRESS_INIT, STRESS_MAP, STRESS_ENABLE, STRESS_REMOTE_ENABLE, STRESS_TREE_ENABLE,
	STRESS_DISABLE, STRESS_RESET, STRESS_SHARED_ENABLE, STRESS_SHARED_DISABLE,
	STRESS_VFORK, STRESS_KILL,
};

static bool went_both_ways(enum stress_call call)
{
	return stress_world->refused[call] &&
	       stress_world->refused[call] < stress_world->made[call];
}

/* Whether there was enough of everything. */
static bool has_done_all(void)
{
	bool done = stress_world->epoch > 1 && stress_world->kills && stress_world->records;

	for (int call = 0; call < STRESS_CALLS; call++)
		done = done && stress_world->made[call];
	for (size_t i = 0; i < ARRAY_SIZE(both_ways); i++)
		done = done && went_both_ways(both_ways[i]);
	return done;
}

/* A slow kernel gets more time, so that speed decides nothing. */
static void run(unsigned int seconds)
{
	const time_t end = time(NULL) + seconds;
	bool goes_on = true;

	while (goes_on && (time(NULL) < end ||
			   (time(NULL) < end + MORE_SECONDS && !has_done_all())))
		goes_on = stress_run_epoch(EPOCH_SECONDS);
}

/* All of it; the tests only look. */
static int run_stress(void **state)
{
	const unsigned int seconds = environment("KCOV_SECONDS", SECONDS);
	char model[16];

	(void)state;
	stress_world = kcov_shared(sizeof(*stress_world));
	if (!stress_world || prctl(PR_SET_CHILD_SUBREAPER, 1) || !have_baseline())
		return -1;
	stress_world->seed = environment("KCOV_SEED", SEED);
	printf("# seed %#lx, %u s\n", stress_world->seed, seconds);
	fflush(stdout);
	read_preemption(model, sizeof(model));
	run(seconds);
	put_back(model);
	stress_print_counts();
	fflush(stdout);
	return 0;
}

static void every_answer_and_record_is_as_the_oracle_says(void **state)
{
	(void)state;
	if (stress_world->has_failed)
		fail_msg("%s; to run it again: make stress SECONDS=%lu SEED=%#lx",
			 stress_world->failure, environment("KCOV_SECONDS", SECONDS),
			 stress_world->seed);
}

/* The controls: what never happened was never tested. */
static void every_call_was_made(void **state)
{
	(void)state;
	for (int call = 0; call < STRESS_CALLS; call++)
		if (!stress_world->made[call])
			fail_msg("%s: not once", stress_call_name(call));
}

static void every_call_that_can_be_refused_was_refused_and_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(both_ways); i++)
		if (!went_both_ways(both_ways[i]))
			fail_msg("%s: only one of the two", stress_call_name(both_ways[i]));
}

static void processes_were_killed_and_records_were_made(void **state)
{
	(void)state;
	assert_true(stress_world->kills > 0);
	assert_true(stress_world->records > 0);
}

static void module_came_and_went(void **state)
{
	(void)state;
	assert_true(stress_world->epoch > 1);
	assert_true(kcov_is_loaded("kcov"));
	assert_true(kcov_wait_for(kcov_is_unused, "kcov"));
}

int main(int count, char **arguments)
{
	const struct CMUnitTest stress[] = {
		cmocka_unit_test(every_answer_and_record_is_as_the_oracle_says),
		cmocka_unit_test(every_call_was_made),
		cmocka_unit_test(every_call_that_can_be_refused_was_refused_and_not),
		cmocka_unit_test(processes_were_killed_and_records_were_made),
		cmocka_unit_test(module_came_and_went),
	};

	if (count == 3 && !strcmp(arguments[1], "executed"))
		return stress_executed(arguments + 2);
	return cmocka_run_group_tests(stress, run_stress, NULL) != 0;
}
