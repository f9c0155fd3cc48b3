// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who pays for a buffer: the caller's memory cgroup, and a refusal, never
 * somebody's life, where there is not enough.
 */
#include "kcov_remote.h"
#include "kcov_test.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CGROUPS		"/sys/fs/cgroup/"
#define CGROUP		CGROUPS "kcov_test/"
#define MI		(1024UL * 1024)
#define LIMIT		(64 * MI)
#define BUFFER		(32 * MI)
#define SIZE_LIMIT	((unsigned long)INT_MAX / sizeof(unsigned long))
#define LITTLE		(4 * MI)
#define RACERS		6
#define BUFFERS_MAX	256
#define PARAMETERS	"/sys/module/kcov/parameters/"
#define TASKS		24
#define SET		MI
#define SEEN		(8 * SET)	/* by the tree as a whole */

static unsigned long words(unsigned long bytes)
{
	return bytes / sizeof(unsigned long);
}

static unsigned long charged(void)
{
	return kcov_read_number(CGROUP "memory.current", "");
}

static unsigned long killed_in_cgroup(void)
{
	return kcov_read_number(CGROUP "memory.events", "oom_kill ");
}

static unsigned long killed(void)
{
	return kcov_read_number("/proc/vmstat", "oom_kill ");
}

static int set_limit(unsigned long bytes)
{
	return kcov_write_number(CGROUP "memory.max", bytes);
}

static int make_cgroup(void **state)
{
	(void)state;
	if (access(CGROUPS "cgroup.controllers", F_OK))
		return -1;
	kcov_write_file(CGROUPS "cgroup.subtree_control", "+memory");
	return mkdir(CGROUP, 0755) || set_limit(LIMIT) ? -1 : 0;
}

static bool is_removed(void *unused)
{
	(void)unused;
	return !rmdir(CGROUP);
}

static int remove_cgroup(void **state)
{
	(void)state;
	return kcov_wait_for(is_removed, NULL) ? 0 : -1;
}

struct caller {
	int (*act)(int fd);
	int fd;
};

static int enter_and_act(void *data)
{
	const struct caller *caller = data;

	if (kcov_write_file(CGROUP "cgroup.procs", "0"))
		return 255;
	return caller->act(caller->fd);
}

/* What act() answers in a child in the cgroup, -1 if the child was killed. */
static int in_cgroup(int (*act)(int fd), const struct kcov_test *t)
{
	struct caller caller = { act, t->fd };

	return kcov_in_child(enter_and_act, &caller);
}

static int init_below_the_limit(int fd)
{
	return kcov_init(fd, words(BUFFER));
}

static int init_above_the_limit(int fd)
{
	return kcov_init(fd, words(2 * LIMIT));
}

static void buffer_is_charged_to_the_callers_cgroup(void **state)
{
	assert_int_equal(in_cgroup(init_below_the_limit, *state), 0);
	assert_in_range(charged(), BUFFER, BUFFER + 8 * MI);
}

/* The control: who is in no cgroup charges none. */
static void buffer_of_another_is_not_charged(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_init(t->fd, words(BUFFER)), 0);
	assert_in_range(charged(), 0, 8 * MI);
}

static bool is_uncharged(void *unused)
{
	(void)unused;
	return charged() < 8 * MI;
}

static void close_takes_the_charge_back(void **state)
{
	struct kcov_test *t = *state;

	assert_int_equal(in_cgroup(init_below_the_limit, t), 0);
	assert_true(charged() >= BUFFER);
	close(t->fd);
	t->fd = -1;
	assert_true(kcov_wait_for(is_uncharged, NULL));
}

static void buffer_above_the_cgroups_limit_is_enomem(void **state)
{
	assert_int_equal(in_cgroup(init_above_the_limit, *state), ENOMEM);
	assert_int_equal(killed_in_cgroup(), 0);
}

static int init_large_then_small(int fd)
{
	const int result = init_above_the_limit(fd);

	return result == ENOMEM ? init_below_the_limit(fd) : 255;
}

static void refusal_leaves_the_descriptor_new(void **state)
{
	assert_int_equal(in_cgroup(init_large_then_small, *state), 0);
}

/* The second one does not fit any more. */
static int init_two(int fd)
{
	if (init_below_the_limit(fd))
		return 255;
	return kcov_init(kcov_open(), words(LIMIT - BUFFER / 2));
}

static void all_buffers_of_a_cgroup_count(void **state)
{
	assert_int_equal(in_cgroup(init_two, *state), ENOMEM);
	assert_int_equal(killed_in_cgroup(), 0);
}

static int init_again_and_again(int unused)
{
	int good = 0;

	(void)unused;
	for (int i = 0; i < 100; i++) {
		const int fd = kcov_open();

		good += !kcov_init(fd, words(BUFFER));
		close(fd);
	}
	return good;
}

static void charges_of_closed_buffers_do_not_pile_up(void **state)
{
	assert_int_equal(in_cgroup(init_again_and_again, *state), 100);
}

/* Takes what there is, in pieces of this size; answers the errno that ended it. */
static int take_all(void *size)
{
	int result = 0;

	for (int i = 0; i < BUFFERS_MAX && !result; i++)
		result = kcov_init(kcov_open(), *(unsigned long *)size);
	return result;
}

static pid_t start_taking(unsigned long size)
{
	const pid_t pid = fork();

	if (pid == 0)
		_exit(take_all(&size));
	return pid;
}

/* How many of the processes that raced for memory ended with ENOMEM. */
static int race_for_memory(unsigned long size)
{
	pid_t racers[RACERS];
	int refused = 0, status;

	for (int i = 0; i < RACERS; i++)
		racers[i] = start_taking(size);
	for (int i = 0; i < RACERS; i++)
		if (waitpid(racers[i], &status, 0) == racers[i] && WIFEXITED(status))
			refused += WEXITSTATUS(status) == ENOMEM;
	return refused;
}

static void processes_that_race_for_all_memory_are_refused_not_killed(void **state)
{
	const unsigned long before = killed();

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(race_for_memory(words(48 * MI)), RACERS);
	assert_int_equal(killed(), before);
}

static void largest_size_is_refused_not_killed(void **state)
{
	const unsigned long before = killed();
	unsigned long size = SIZE_LIMIT;

	(void)state;
	for (int i = 0; i < 20; i++)
		assert_int_equal(kcov_in_child(take_all, &size), ENOMEM);
	assert_int_equal(killed(), before);
}

/* Every piece that is given, from large ones down to single pages. */
static void take_to_the_last_page(void)
{
	for (unsigned long bytes = 64 * MI; bytes >= KCOV_PAGE; bytes /= 2)
		for (int i = 0; i < BUFFERS_MAX / 4; i++)
			if (kcov_init(kcov_open(), words(bytes)))
				break;
}

static int use_little(void *unused)
{
	char *memory = mmap(NULL, LITTLE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	(void)unused;
	return memory == MAP_FAILED || !memset(memory, 1, LITTLE);
}

static int take_all_and_let_another_live(void *unused)
{
	take_to_the_last_page();
	return kcov_in_child(use_little, unused);
}

static void buffers_leave_others_enough_to_live(void **state)
{
	const unsigned long before = killed();

	(void)state;
	assert_int_equal(kcov_in_child(take_all_and_let_another_live, NULL), 0);
	assert_int_equal(killed(), before);
}

/* Once the others are gone all they had is there again. */
static void memory_is_back_after_the_exits(void **state)
{
	const unsigned long before = kcov_read_number("/proc/meminfo", "MemAvailable:");
	unsigned long size = words(16 * MI);

	(void)state;
	assert_int_equal(kcov_in_child(take_all, &size), ENOMEM);
	assert_true(kcov_wait_for(kcov_is_unused, "kcov"));
	assert_true(kcov_read_number("/proc/meminfo", "MemAvailable:") > before - before / 4);
}

static bool is_charged_some(void *unused)
{
	(void)unused;
	return charged() >= MI / 2;
}

static bool has_done_it(void *pid)
{
	int status;

	return waitpid(*(pid_t *)pid, &status, WNOHANG) > 0 && WIFEXITED(status) &&
	       !WEXITSTATUS(status);
}

static int use_everything(void *unused)
{
	const int fd = kcov_open();

	return kcov_init(fd, words(LITTLE)) || kcov_ioctl(fd, KCOV_TREE_ENABLE, 0) ||
	       kcov_in_child(use_little, unused) || kcov_disable(fd) ||
	       kcov_enable_common(fd, KCOV_COMMON_A) || kcov_disable(fd);
}

/*
 * A task above its cgroup's memory.high is made to wait, for seconds, every few pages;
 * it has far to go when others have long done what they like.
 */
static void others_do_not_wait_with(int (*act)(int fd), const struct kcov_test *t)
{
	struct caller caller = { act, t->fd };
	pid_t slow, other;

	assert_int_equal(kcov_write_number(CGROUP "memory.high", 0), 0);
	slow = fork();
	if (slow == 0)
		_exit(enter_and_act(&caller));
	assert_true(kcov_wait_for(is_charged_some, NULL));
	other = fork();
	if (other == 0)
		_exit(use_everything(NULL));
	assert_true(kcov_wait_for(has_done_it, &other));
	assert_int_equal(waitpid(slow, NULL, WNOHANG), 0);
	kill(slow, SIGKILL);
	assert_int_equal(waitpid(slow, NULL, 0), slow);
}

static void nobody_waits_for_an_init_that_its_cgroup_makes_wait(void **state)
{
	others_do_not_wait_with(init_below_the_limit, *state);
}

static int enable_for_sections(int fd)
{
	return kcov_enable_common(fd, KCOV_COMMON_B);
}

static void nor_for_one_that_is_enabled_for_sections(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_init(t->fd, words(KCOV_PAGE)), 0);
	others_do_not_wait_with(enable_for_sections, t);
}

static _Noreturn void sleep_for_good(void)
{
	for (;;)
		pause();
}

/* A tree with many tasks that do nothing, and what is to be done next. */
struct grove {
	pid_t tasks[TASKS];
	bool is_full;
	bool may_fall;
	bool may_end;
};

static struct grove *grove;

static void tell(bool *flag)
{
	__atomic_store_n(flag, true, __ATOMIC_RELEASE);
}

static bool is_told(void *flag)
{
	return __atomic_load_n((bool *)flag, __ATOMIC_ACQUIRE);
}

static bool plant(void)
{
	for (int i = 0; i < TASKS; i++) {
		const pid_t pid = fork();

		if (pid == 0)
			sleep_for_good();
		if (pid < 0)
			return false;
		grove->tasks[i] = pid;
		/* Sets are made in the background. */
		usleep(50000);
	}
	return true;
}

static void fell(void)
{
	for (int i = 0; i < TASKS && grove->tasks[i] > 0; i++) {
		kill(grove->tasks[i], SIGKILL);
		waitpid(grove->tasks[i], NULL, 0);
	}
}

static int grow_tree(int fd)
{
	bool grown;

	if (kcov_init(fd, words(KCOV_PAGE)) || kcov_ioctl(fd, KCOV_TREE_ENABLE, 0))
		return 1;
	grown = plant();
	tell(&grove->is_full);
	grown = kcov_wait_for(is_told, &grove->may_fall) && grown;
	fell();
	return kcov_wait_for(is_told, &grove->may_end) && grown ? 0 : 2;
}

static bool has_paid_for_few(void *unused)
{
	(void)unused;
	return charged() < SEEN + TASKS / 2 * SET;
}

static void who_enabled_a_tree_pays_for_its_sets(void **state)
{
	const struct kcov_test *t = *state;
	struct caller caller = { grow_tree, t->fd };
	int status;
	pid_t pid;

	grove = kcov_shared(sizeof(*grove));
	pid = fork();
	if (pid == 0)
		_exit(enter_and_act(&caller));
	assert_true(kcov_wait_for(is_told, &grove->is_full));
	assert_in_range(charged(), SEEN + (TASKS - 2) * SET, LIMIT);
	assert_false(has_paid_for_few(NULL));
	tell(&grove->may_fall);
	/* The tree is still there, with one task. */
	assert_true(kcov_wait_for(has_paid_for_few, NULL));
	tell(&grove->may_end);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int set_sizes(const char *set, const char *sets)
{
	return kcov_write_file(PARAMETERS "tree_set_size", set) ||
	       kcov_write_file(PARAMETERS "tree_sets", sets) ? -1 : 0;
}

static int setup_new_in_cgroup(void **state)
{
	return make_cgroup(state) || kcov_test_setup_new(state) ? -1 : 0;
}

static int teardown_in_cgroup(void **state)
{
	return kcov_test_teardown(state) || remove_cgroup(state) ? -1 : 0;
}

static int setup_few_large_sets(void **state)
{
	return setup_new_in_cgroup(state) || set_sizes("131072", "4") ? -1 : 0;
}

static int teardown_few_large_sets(void **state)
{
	return set_sizes("16384", "64") || teardown_in_cgroup(state) ? -1 : 0;
}

#define CGROUP_TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup_new_in_cgroup, teardown_in_cgroup)

int main(void)
{
	const struct CMUnitTest memory[] = {
		CGROUP_TEST(buffer_is_charged_to_the_callers_cgroup),
		CGROUP_TEST(buffer_of_another_is_not_charged),
		CGROUP_TEST(close_takes_the_charge_back),
		CGROUP_TEST(buffer_above_the_cgroups_limit_is_enomem),
		CGROUP_TEST(refusal_leaves_the_descriptor_new),
		CGROUP_TEST(all_buffers_of_a_cgroup_count),
		CGROUP_TEST(charges_of_closed_buffers_do_not_pile_up),
		CGROUP_TEST(nobody_waits_for_an_init_that_its_cgroup_makes_wait),
		CGROUP_TEST(nor_for_one_that_is_enabled_for_sections),
		cmocka_unit_test_setup_teardown(who_enabled_a_tree_pays_for_its_sets,
						setup_few_large_sets, teardown_few_large_sets),
		cmocka_unit_test(largest_size_is_refused_not_killed),
		cmocka_unit_test(processes_that_race_for_all_memory_are_refused_not_killed),
		cmocka_unit_test(buffers_leave_others_enough_to_live),
		cmocka_unit_test(memory_is_back_after_the_exits),
	};
	const int failed = cmocka_run_group_tests(memory, NULL, NULL);

	return failed != 0;
}
