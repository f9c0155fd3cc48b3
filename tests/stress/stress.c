// SPDX-License-Identifier: GPL-2.0-only
/*
 * The group "stress": runs all of it, and looks at what must hold at the end.
 *
 * KCOV_SECONDS is how long, KCOV_SEED what the actors' decisions follow from. A failure names
 * seed, epoch, actor, life and step, the call, what was expected and what was answered.
 */
#include "stress.h"

#include <assert.h>
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

/* What must be seen of a call: what is always refused is not tested, and neither is a refusal. */
enum {
	WORKS = 1,
	REFUSED = 2,
	BOTH = WORKS | REFUSED,
	RARE = 4,
};

/* A slow kernel does not come by what is rare in a minute: that takes so many calls. */
#define CALLS_FOR_ALL	15000

static const unsigned char wanted[] = {
	[STRESS_OPEN] = WORKS,
	[STRESS_CLOSE] = WORKS,
	[STRESS_INIT] = BOTH,
	[STRESS_MAP] = BOTH,
	[STRESS_UNMAP] = WORKS,
	[STRESS_ENABLE] = BOTH,
	[STRESS_REMOTE_ENABLE] = BOTH,
	[STRESS_TREE_ENABLE] = BOTH,
	[STRESS_DISABLE] = BOTH,
	[STRESS_RESET] = BOTH,
	[STRESS_ODD_IOCTL] = REFUSED,
	[STRESS_ODD_FILE] = REFUSED,
	[STRESS_TRACE] = WORKS,
	[STRESS_OVERFLOW] = WORKS | RARE,
	[STRESS_SECTION] = WORKS,
	[STRESS_SECTION_START] = WORKS | RARE,
	[STRESS_SECTION_STOP] = WORKS | RARE,
	[STRESS_SHARED_INIT] = BOTH | RARE,
	[STRESS_SHARED_ENABLE] = BOTH,
	[STRESS_SHARED_DISABLE] = BOTH,
	[STRESS_FORK] = WORKS,
	[STRESS_VFORK] = BOTH,
	[STRESS_VFORK_COMMON] = BOTH | RARE,
	[STRESS_VFORK_TREE] = BOTH | RARE,
	[STRESS_EXEC] = BOTH | RARE,
	[STRESS_EXEC_COMMON] = BOTH | RARE,
	[STRESS_EXEC_TREE] = BOTH | RARE,
	[STRESS_VFORK_BELOW_COMMON] = WORKS | RARE,
	[STRESS_VFORK_BELOW_TREE] = WORKS | RARE,
	[STRESS_EXEC_BELOW_COMMON] = WORKS | RARE,
	[STRESS_EXEC_BELOW_TREE] = WORKS | RARE,
	[STRESS_KILL] = BOTH,
	[STRESS_MOVE] = WORKS,
	[STRESS_END] = WORKS,
	[STRESS_FUNCTIONS] = BOTH,
	[STRESS_FOLLOW] = BOTH,
	[STRESS_PARAMETER] = BOTH,
	[STRESS_INSTANCES] = WORKS,
	[STRESS_CPU] = WORKS,
	[STRESS_PREEMPT] = BOTH,
	[STRESS_LOAD] = WORKS,
	[STRESS_UNLOAD] = WORKS,
	[STRESS_INSMOD] = REFUSED,
	[STRESS_RMMOD] = REFUSED,
	[STRESS_RMMOD_LAST] = BOTH | RARE,
};

static_assert(ARRAY_SIZE(wanted) == STRESS_CALLS, "what is wanted of each call");

static bool has_worked(enum stress_call call)
{
	return stress_world->refused[call] < stress_world->made[call];
}

static bool was_refused(enum stress_call call)
{
	return stress_world->refused[call];
}

/* What is not in every kernel; tests/KERNEL.differences lists the case that is about it. */
static bool can_be_had(enum stress_call call)
{
	if (call == STRESS_PREEMPT)
		return stress_has_models();
	return call != STRESS_CPU || stress_has_hotplug();
}

static bool must_be_seen(enum stress_call call, unsigned char what)
{
	return wanted[call] & what &&
	       (!(wanted[call] & RARE) || stress_count_calls() >= CALLS_FOR_ALL);
}

static bool must_have_worked(enum stress_call call)
{
	return must_be_seen(call, WORKS) && can_be_had(call);
}

static bool is_done(enum stress_call call)
{
	return (!must_have_worked(call) || has_worked(call)) &&
	       (!must_be_seen(call, REFUSED) || was_refused(call));
}

/* Whether there was enough of everything. */
static bool has_done_all(void)
{
	bool done = stress_world->epoch > 1 && stress_world->kills && stress_world->records;

	for (int call = 0; call < STRESS_CALLS; call++)
		done = done && is_done(call);
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

/* Those that were online when all began; with one there is enough to do for two. */
static unsigned int cpus(void)
{
	const long online = sysconf(_SC_NPROCESSORS_ONLN);

	return online < 2 ? 2 : online > STRESS_CPUS_MAX ? STRESS_CPUS_MAX : online;
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
	stress_world->many = cpus() + 1;
	printf("# seed %#lx, %u s\n", stress_world->seed, seconds);
	fflush(stdout);
	kcov_offset();	/* what it takes to find out, no actor has to do */
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
		fail_msg("%s; to run it again: make stress CPUS=%ld SECONDS=%lu SEED=%#lx",
			 stress_world->failure, sysconf(_SC_NPROCESSORS_CONF),
			 environment("KCOV_SECONDS", SECONDS), stress_world->seed);
}

/* The controls: what never happened was never tested. */
static void every_call_worked(void **state)
{
	(void)state;
	for (int call = 0; call < STRESS_CALLS; call++)
		if (must_have_worked(call) && !has_worked(call))
			fail_msg("%s: not once", stress_call_name(call));
}

static void every_call_that_can_be_refused_was_refused(void **state)
{
	(void)state;
	for (int call = 0; call < STRESS_CALLS; call++)
		if (must_be_seen(call, REFUSED) && !was_refused(call))
			fail_msg("%s: never refused", stress_call_name(call));
}

static void preemption_model_was_changed(void **state)
{
	(void)state;
	if (!stress_has_models())
		fail_msg("CONFIG_PREEMPT_DYNAMIC is not set: tests/KERNEL.differences must say so");
	assert_true(has_worked(STRESS_PREEMPT));
}

static void cpus_went_and_came(void **state)
{
	(void)state;
	if (sysconf(_SC_NPROCESSORS_CONF) < 2) {
		print_message("a machine with one CPU\n");
		skip();
	}
	if (!stress_has_hotplug())
		fail_msg("CONFIG_HOTPLUG_CPU is not set: tests/KERNEL.differences must say so");
	assert_true(has_worked(STRESS_CPU));
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
		cmocka_unit_test(every_call_worked),
		cmocka_unit_test(every_call_that_can_be_refused_was_refused),
		cmocka_unit_test(preemption_model_was_changed),
		cmocka_unit_test(cpus_went_and_came),
		cmocka_unit_test(processes_were_killed_and_records_were_made),
		cmocka_unit_test(module_came_and_went),
	};

	if (count > 2 && !strcmp(arguments[1], STRESS_EXECUTED))
		return stress_executed(arguments + 2);
	return cmocka_run_group_tests(stress, run_stress, NULL) != 0;
}
