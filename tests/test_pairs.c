// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two calls at once, one on each CPU, over and over: each pair that shares something.
 *
 * The stress makes all calls in any order, so two that race meet rarely. Here they do nothing
 * else, which is what the kcsan and debug kernels need to see what is not marked or not locked.
 * On any kernel each call must answer as it may, and all must be left as it was.
 */
#include "kcov_instances.h"
#include "kcov_remote.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long a pair meets at least, and for each round. */
#define MILLISECONDS	300U
#define ROUND_MILLISECONDS 15U
#define FORKS		10
#define MAY(error)	(1ULL << (error))

/* What one of the two does: answers an errno, or 0. */
struct action {
	const char *name;
	int (*act)(void);
	unsigned long long may;
};

/* Both use these. */
static struct kcov_test shared = { .fd = -1 }, other = { .fd = -1 };
static atomic_bool stop;

static void fork_and_wait(void)
{
	const pid_t child = fork();

	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
}

static int enable_shared(void)
{
	const int err = kcov_enable(shared.fd);

	if (!err)
		kcov_trace_read(&other);
	return err ? err : kcov_disable(shared.fd);
}

static int enable_usb_shared(void)
{
	const int err = kcov_enable_usb(shared.fd, KCOV_USB_A);

	return err ? err : kcov_disable(shared.fd);
}

static int enable_common_shared(void)
{
	const int err = kcov_enable_common(shared.fd, KCOV_COMMON_A);

	if (!err)
		fork_and_wait();
	return err ? err : kcov_disable(shared.fd);
}

static int enable_tree_shared(void)
{
	const int err = kcov_ioctl(shared.fd, KCOV_TREE_ENABLE, 0);

	if (!err)
		fork_and_wait();
	return err ? err : kcov_disable(shared.fd);
}

static int disable_shared(void)
{
	return kcov_disable(shared.fd);
}

static int reset_shared(void)
{
	return kcov_ioctl(shared.fd, KCOV_RESET_TRACE, 0);
}

static int map_shared(void)
{
	unsigned long *buffer = kcov_map(shared.fd, KCOV_TEST_SIZE);

	if (!buffer)
		return errno;
	kcov_unmap(buffer, KCOV_TEST_SIZE);
	return 0;
}

static int enable_own(void)
{
	struct kcov_test own;
	int err;

	if (!kcov_make(&own, KCOV_TEST_SIZE))
		return errno;
	err = kcov_enable(own.fd);
	if (!err)
		kcov_read_nothing(NULL);
	if (!err)
		err = kcov_disable(own.fd);
	kcov_release(&own);
	return err;
}

/* Each CPU has a handle of its own. */
static int enable_own_common(struct kcov_test *own)
{
	return kcov_enable_common(own->fd, KCOV_COMMON_A + sched_getcpu());
}

static int enable_own_usb(struct kcov_test *own)
{
	return kcov_enable_usb(own->fd, KCOV_USB_A + sched_getcpu());
}

static int enable_own_tree(struct kcov_test *own)
{
	return kcov_ioctl(own->fd, KCOV_TREE_ENABLE, 0);
}

static int fork_under_own(int (*enable)(struct kcov_test *own))
{
	struct kcov_test own;
	int err;

	if (!kcov_make(&own, KCOV_TEST_SIZE))
		return errno;
	err = enable(&own);
	for (int i = 0; i < FORKS && !err; i++)
		fork_and_wait();
	if (!err)
		err = kcov_disable(own.fd);
	kcov_release(&own);
	return err;
}

static int fork_under_own_handle(void)
{
	return fork_under_own(enable_own_common);
}

static int fork_under_own_usb(void)
{
	return fork_under_own(enable_own_usb);
}

static int fork_in_own_tree(void)
{
	return fork_under_own(enable_own_tree);
}

/* It ends enabled. */
static void *enable_and_exit(void *unused)
{
	struct kcov_test own;

	(void)unused;
	if (!kcov_make(&own, KCOV_TEST_SIZE))
		return (void *)(long)errno;

	const long err = kcov_enable(own.fd);

	kcov_release(&own);
	return (void *)err;
}

static int exit_enabled(void)
{
	void *result = NULL;
	pthread_t thread;

	int err = pthread_create(&thread, NULL, enable_and_exit, NULL);

	err = err ? err : pthread_join(thread, &result);
	if (err)
		return err;
	return (long)result;
}

static int read_instances(void)
{
	return kcov_read_file(KCOV_INSTANCES);
}

static int read_lost(void)
{
	return kcov_read_file(KCOV_LOST);
}

static int read_functions(void)
{
	return kcov_read_file(KCOV_FUNCTIONS);
}

static int change_functions(void)
{
	const int err = kcov_write_file(KCOV_FUNCTIONS, "=ksys_read");

	return err ? err : kcov_write_file(KCOV_FUNCTIONS, "=vfs_read +ksys_*");
}

static int follow_and_not(void)
{
	const int err = kcov_write_file(KCOV_FOLLOW, "1");

	return err ? err : kcov_write_file(KCOV_FOLLOW, "0");
}

static int hand_to(const char *context)
{
	return kcov_deferred("%s %#llx 5", context, KCOV_USB_A);
}

static int hand_to_kthread(void)
{
	return hand_to("kthread");
}

static int hand_to_tasklet(void)
{
	return hand_to("tasklet");
}

static int hand_to_work(void)
{
	return hand_to("work");
}

static int hand_to_timer(void)
{
	return hand_to("timer");
}

#define SHARED_MAY	(MAY(0) | MAY(EBUSY) | MAY(EINVAL) | MAY(EEXIST))

static const struct action
	enables = { "ENABLE", enable_shared, SHARED_MAY },
	enables_usb = { "REMOTE_ENABLE", enable_usb_shared, SHARED_MAY },
	enables_common = { "REMOTE_ENABLE and fork", enable_common_shared, SHARED_MAY },
	enables_tree = { "KCOV_TREE_ENABLE and fork", enable_tree_shared, SHARED_MAY },
	disables = { "DISABLE", disable_shared, MAY(0) | MAY(EINVAL) },
	resets = { "KCOV_RESET_TRACE", reset_shared, MAY(0) | MAY(EINVAL) | MAY(EBUSY) },
	maps = { "mmap", map_shared, MAY(0) },
	lives = { "open to close", enable_own, MAY(0) },
	forks_with_handle = { "forks under a common handle", fork_under_own_handle, MAY(0) },
	forks_with_usb = { "forks under USB", fork_under_own_usb, MAY(0) },
	forks_in_tree = { "forks in a tree", fork_in_own_tree, MAY(0) },
	exits = { "exit, enabled", exit_enabled, MAY(0) },
	reads_table = { "read of the table", read_instances, MAY(0) },
	reads_losses = { "read of the losses", read_lost, MAY(0) },
	reads_functions = { "read of the functions", read_functions, MAY(0) },
	changes_functions = { "change of the functions", change_functions, MAY(0) },
	follows = { "follow on and off", follow_and_not, MAY(0) },
	runs_kthread = { "section of a kthread", hand_to_kthread, MAY(0) },
	runs_tasklet = { "section of a tasklet", hand_to_tasklet, MAY(0) },
	runs_work = { "section of a work", hand_to_work, MAY(0) },
	runs_timer = { "section of a timer", hand_to_timer, MAY(0) };

struct runner {
	const struct action *action;
	int cpu;
	atomic_ulong times;
	unsigned long wrong;
	int error;		/* the last wrong one */
};

static bool has_been_there(void *runner)
{
	return atomic_load(&((struct runner *)runner)->times) > 0;
}

static void *run(void *data)
{
	struct runner *runner = data;

	kcov_pin(runner->cpu);
	while (!atomic_load(&stop)) {
		const int err = runner->action->act();

		atomic_fetch_add(&runner->times, 1);
		if (runner->action->may & MAY(err))
			continue;
		runner->wrong++;
		runner->error = err;
	}
	return NULL;
}

static void sleep_for(unsigned int milliseconds)
{
	const struct timespec time = {
		.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L
	};

	nanosleep(&time, NULL);
}

static unsigned long answers_that_may_not_be(const struct runner *runner)
{
	if (runner->wrong)
		print_error("%s on CPU %d: %lu of %lu times wrong, the last time %s\n",
			    runner->action->name, runner->cpu, runner->wrong,
			    atomic_load(&runner->times), strerror(runner->error));
	return runner->wrong;
}

/* Each has been there, and has answered as it may. */
static void meet(const struct action *first, const struct action *second)
{
	struct runner runners[] = {
		{ .action = first, .cpu = 0 }, { .action = second, .cpu = 1 },
	};
	pthread_t threads[2];
	const unsigned int milliseconds = ROUND_MILLISECONDS * kcov_rounds();
	unsigned long wrong = 0;
	bool have_met;

	atomic_store(&stop, false);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run, &runners[i]), 0);
	sleep_for(milliseconds > MILLISECONDS ? milliseconds : MILLISECONDS);
	/* Where all is slow, one may not have begun. */
	have_met = kcov_wait_for(has_been_there, &runners[0]) &&
		   kcov_wait_for(has_been_there, &runners[1]);
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 2; i++)
		wrong += answers_that_may_not_be(&runners[i]);
	assert_int_equal(wrong, 0);
	assert_true(have_met);
}

#define PAIR(name, first, second)			\
static void name(void **state)				\
{							\
	(void)state;					\
	meet(&(first), &(second));			\
}

PAIR(enable_meets_enable, enables, enables)
PAIR(enable_meets_disable, enables, disables)
PAIR(enable_meets_reset, enables, resets)
PAIR(enable_meets_mmap, enables, maps)
PAIR(enable_meets_remote_enable, enables, enables_usb)
PAIR(enable_meets_the_table, enables, reads_table)
PAIR(enable_meets_the_functions, enables, changes_functions)
PAIR(remote_enable_meets_disable, enables_usb, disables)
PAIR(remote_enable_meets_a_kthread, enables_usb, runs_kthread)
PAIR(remote_enable_meets_a_tasklet, enables_usb, runs_tasklet)
PAIR(remote_enable_meets_a_work, enables_usb, runs_work)
PAIR(remote_enable_meets_a_timer, enables_usb, runs_timer)
PAIR(kthread_meets_tasklet, runs_kthread, runs_tasklet)
PAIR(work_meets_timer, runs_work, runs_timer)
PAIR(following_meets_a_work, follows, runs_work)
PAIR(forks_meet_disable, enables_common, disables)
PAIR(forks_meet_the_losses, enables_common, reads_losses)
PAIR(forks_meet_forks, forks_with_handle, forks_with_handle)
PAIR(forks_meet_remote_enable, forks_with_handle, forks_with_usb)
PAIR(remote_enable_meets_remote_enable, forks_with_usb, forks_with_usb)
PAIR(tree_meets_tree, forks_in_tree, forks_in_tree)
PAIR(tree_meets_forks, forks_in_tree, forks_with_handle)
PAIR(tree_meets_disable, enables_tree, disables)
PAIR(tree_meets_reset, enables_tree, resets)
PAIR(tree_meets_the_table, enables_tree, reads_table)
PAIR(life_meets_life, lives, lives)
PAIR(life_meets_the_table, lives, reads_table)
PAIR(exit_meets_exit, exits, exits)
PAIR(exit_meets_the_functions, exits, changes_functions)
PAIR(functions_read_meet_functions_changed, reads_functions, changes_functions)

/* To patch all functions again and again would take most of the time. */
static int set_up(void **state)
{
	if (kcov_load_drivers(state) || !kcov_make_areas_small() ||
	    kcov_write_file(KCOV_FUNCTIONS, "=vfs_read +ksys_*"))
		return -1;
	return kcov_make(&shared, KCOV_TEST_SIZE) && kcov_make(&other, KCOV_TEST_SIZE) ? 0 : -1;
}

/* What was changed goes with the module. */
static int tear_down(void **state)
{
	kcov_release(&shared);
	kcov_release(&other);
	if (kcov_unload_drivers(state))
		return -1;
	return kcov_wait_for(kcov_is_unused, "kcov") && !kcov_unload("kcov") &&
	       !kcov_load("kcov") ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest pairs[] = {
		cmocka_unit_test(enable_meets_enable),
		cmocka_unit_test(enable_meets_disable),
		cmocka_unit_test(enable_meets_reset),
		cmocka_unit_test(enable_meets_mmap),
		cmocka_unit_test(enable_meets_remote_enable),
		cmocka_unit_test(enable_meets_the_table),
		cmocka_unit_test(enable_meets_the_functions),
		cmocka_unit_test(remote_enable_meets_disable),
		cmocka_unit_test(remote_enable_meets_a_kthread),
		cmocka_unit_test(remote_enable_meets_a_tasklet),
		cmocka_unit_test(remote_enable_meets_a_work),
		cmocka_unit_test(remote_enable_meets_a_timer),
		cmocka_unit_test(kthread_meets_tasklet),
		cmocka_unit_test(work_meets_timer),
		cmocka_unit_test(following_meets_a_work),
		cmocka_unit_test(forks_meet_disable),
		cmocka_unit_test(forks_meet_the_losses),
		cmocka_unit_test(forks_meet_forks),
		cmocka_unit_test(forks_meet_remote_enable),
		cmocka_unit_test(remote_enable_meets_remote_enable),
		cmocka_unit_test(tree_meets_tree),
		cmocka_unit_test(tree_meets_forks),
		cmocka_unit_test(tree_meets_disable),
		cmocka_unit_test(tree_meets_reset),
		cmocka_unit_test(tree_meets_the_table),
		cmocka_unit_test(life_meets_life),
		cmocka_unit_test(life_meets_the_table),
		cmocka_unit_test(exit_meets_exit),
		cmocka_unit_test(exit_meets_the_functions),
		cmocka_unit_test(functions_read_meet_functions_changed),
	};
	const int failed = cmocka_run_group_tests(pairs, set_up, tear_down);

	return failed != 0;
}
