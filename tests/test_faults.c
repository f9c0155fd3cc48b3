// SPDX-License-Identifier: GPL-2.0-only
/*
 * Without memory: each allocation of a call fails once, one after the other.
 *
 * What is lost on the way is found by the scan for leaks at the end of the run,
 * but for pages. How many faults each call has been through is printed; about half
 * of them hit what the kernel keeps for its own checks, and are done without.
 *
 * What our works allocate, ahead of need, is not the caller's: there all that
 * the workers ask for fails for a while, and what is lost must be counted.
 */
#include "kcov_faults.h"
#include "kcov_instances.h"
#include "kcov_remote.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PARAMETERS	"/sys/module/kcov/parameters/"
#define DISARM_DELAY	PARAMETERS "disarm_delay"
#define SWITCH		PARAMETERS "function_entries"
#define NO_HANDLE	"children_without_the_common_handle"
#define NO_SET		"tasks_outside_of_their_tree"

/* What is kept in store for children, and more children than that. */
#define SPARE_TASKS	16
#define CHILDREN_MAX	100

/* Buffers that are refused half-way: if one page in four stayed, the VM had not enough. */
#define BUFFERS		200
#define BUFFER_PAGES	1024UL

static struct kcov_test own = { .fd = -1 };
/* Keeps armed what a first descriptor arms. */
static struct kcov_test keeper = { .fd = -1 };

static bool begin_open(void)
{
	own.fd = kcov_open();
	return own.fd >= 0;
}

static bool begin_initialised(void)
{
	return begin_open() && !kcov_init(own.fd, KCOV_TEST_SIZE);
}

static bool begin_nothing(void)
{
	return true;
}

static bool end_nothing(void)
{
	return true;
}

static bool end_closed(void)
{
	const int err = close(own.fd);

	own.fd = -1;
	return !err;
}

static bool end_disabled(void)
{
	const int err = kcov_disable(own.fd);

	return end_closed() && !err;
}

static int act_open(void)
{
	own.fd = kcov_open();
	return own.fd < 0 ? errno : 0;
}

static int act_init(void)
{
	return kcov_init(own.fd, KCOV_TEST_SIZE);
}

static int act_mmap(void)
{
	const size_t bytes = KCOV_TEST_SIZE * sizeof(unsigned long);
	void *area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, own.fd, 0);

	if (area == MAP_FAILED)
		return errno;
	/* It may need memory itself, and a mapping that stays pins the module. */
	while (munmap(area, bytes))
		;
	return 0;
}

static int act_enable_and_disable(void)
{
	const int err = kcov_enable(own.fd);

	return err ? err : kcov_disable(own.fd);
}

static int act_remote_enable(void)
{
	struct kcov_remote remote = kcov_common(KCOV_COMMON_A);

	remote.num_handles = 2;
	remote.handles[0] = KCOV_USB_A;
	remote.handles[1] = KCOV_USB_B;
	return kcov_remote_enable(own.fd, &remote);
}

static int act_tree_enable(void)
{
	return kcov_ioctl(own.fd, KCOV_TREE_ENABLE, 0);
}

static bool begin_common(void)
{
	return begin_initialised() && !kcov_enable_common(own.fd, KCOV_COMMON_A);
}

static bool begin_tree(void)
{
	return begin_initialised() && !act_tree_enable();
}

/*
 * The kernel's own answer may be either. vfork(), as behind fork() the page that holds the
 * caller's rseq is to be copied, and who has no memory for that is killed.
 */
static int act_fork(void)
{
	const pid_t child = vfork();

	if (!child)
		_exit(0);
	if (child < 0)
		return errno == EAGAIN ? ENOMEM : errno;
	return waitpid(child, NULL, 0) == child ? 0 : errno;
}

static int act_read_instances(void)
{
	return kcov_read_file(KCOV_INSTANCES);
}

static int act_read_functions(void)
{
	return kcov_read_file(KCOV_FUNCTIONS);
}

static int act_follow(void)
{
	return kcov_write_file(KCOV_FOLLOW, "1");
}

static bool end_follow(void)
{
	const int err = kcov_write_file(KCOV_FOLLOW, "0");

	return end_disabled() && !err;
}

static int act_choose(void)
{
	return kcov_write_file(KCOV_FUNCTIONS, KCOV_FAULTS_FEW);
}

static const struct kcov_faults_call
	opens = { "open", begin_nothing, act_open, end_closed },
	initialises = { "INIT_TRACE", begin_open, act_init, end_closed },
	maps = { "mmap", begin_initialised, act_mmap, end_closed },
	enables = { "ENABLE, DISABLE", begin_initialised, act_enable_and_disable, end_closed },
	enables_remote = { "REMOTE_ENABLE", begin_initialised, act_remote_enable, end_disabled },
	enables_tree = { "TREE_ENABLE", begin_initialised, act_tree_enable, end_disabled },
	forks_with_handle = {
		"fork with a common handle", begin_nothing, act_fork, end_nothing
	},
	forks_in_tree = { "fork in a tree", begin_nothing, act_fork, end_nothing },
	reads_table = { "instances, read", begin_nothing, act_read_instances, end_nothing },
	reads_functions = { "functions, read", begin_nothing, act_read_functions, end_nothing },
	chooses = { "functions, written", begin_nothing, act_choose, end_nothing },
	follows = { "follow, written", begin_common, act_follow, end_follow };

static void fail_each_of(const struct kcov_faults_call *call)
{
	const struct kcov_faults outcome = kcov_faults_each(call);

	assert_int_equal(outcome.wrong, 0);
	assert_true(outcome.refused > 0);
}

static void each_is_enomem(void **state)
{
	fail_each_of(*state);
}

/* Also where more is asked for, elsewhere, when there is nothing at first. */
static void each_and_all_behind_is_enomem(void **state)
{
	struct kcov_faults outcome;

	fail_each_of(*state);
	outcome = kcov_faults_each_and_all_behind(*state);
	assert_int_equal(outcome.wrong, 0);
	assert_true(outcome.refused > 0);
}

static void each_is_enomem_or_done(void **state)
{
	const struct kcov_faults outcome = kcov_faults_each(*state);

	assert_int_equal(outcome.wrong, 0);
}

static void none_matters(void **state)
{
	const struct kcov_faults outcome = kcov_faults_each(*state);

	assert_int_equal(outcome.wrong, 0);
	assert_int_equal(outcome.refused, 0);
}

static void fork_with_a_common_handle_without_memory_is_refused(void **state)
{
	(void)state;
	assert_true(begin_common());
	fail_each_of(&forks_with_handle);
	assert_true(end_disabled());
}

static void fork_in_a_tree_without_memory_is_refused(void **state)
{
	(void)state;
	assert_true(begin_tree());
	fail_each_of(&forks_in_tree);
	assert_true(end_disabled());
}

static bool is_disarmed(void *unused)
{
	(void)unused;
	return kcov_count_patched() == 0;
}

static bool begin_disarmed(void)
{
	return kcov_wait_for(is_disarmed, NULL) && begin_open();
}

/* Who was not refused records, and who is next, too. */
static bool end_armed(void)
{
	struct kcov_test next;
	bool records;

	own.size = KCOV_TEST_SIZE;
	own.buffer = kcov_map(own.fd, own.size);
	records = own.buffer && kcov_trace_read(&own) > 0;
	kcov_release(&own);
	if (!kcov_make(&next, KCOV_TEST_SIZE))
		return false;
	records = kcov_trace_read(&next) > 0 && records;
	kcov_release(&next);
	return records;
}

/* For what only the first has to do. */
static int let_go(void **state)
{
	(void)state;
	kcov_release(&keeper);
	return kcov_write_file(DISARM_DELAY, "0");
}

static int keep_again(void **state)
{
	(void)state;
	return kcov_write_file(DISARM_DELAY, "10") || !kcov_make(&keeper, KCOV_TEST_SIZE);
}

static void arming_without_memory_is_enomem(void **state)
{
	const struct kcov_faults_call call = {
		"INIT_TRACE, the first", begin_disarmed, act_init, end_armed
	};

	(void)state;
	fail_each_of(&call);
}

static bool begin_first_remote(void)
{
	return begin_disarmed() && !kcov_init(own.fd, KCOV_TEST_SIZE);
}

static int let_go_with_all_on(void **state)
{
	return let_go(state) || act_follow() || system("modprobe usbcore");
}

static int keep_again_with_all_off(void **state)
{
	return keep_again(state) || kcov_write_file(KCOV_FOLLOW, "0") ||
	       system("modprobe -r usbcore");
}

/* What is there at the first: forks are watched, works followed, USB's probe set. */
static void first_remote_enable_without_memory_is_enomem(void **state)
{
	const struct kcov_faults_call call = {
		"REMOTE_ENABLE, the first", begin_first_remote, act_remote_enable, end_disabled
	};

	(void)state;
	fail_each_of(&call);
}

static bool begin_switched_off(void)
{
	return !kcov_write_file(SWITCH, "N");
}

static int act_switch_on(void)
{
	return kcov_write_file(SWITCH, "Y");
}

static bool end_switched_on(void)
{
	return kcov_trace_read(&keeper) > 0;
}

static void switching_on_without_memory_is_enomem(void **state)
{
	const struct kcov_faults_call call = {
		"function_entries, switched on", begin_switched_off, act_switch_on, end_switched_on
	};

	(void)state;
	fail_each_of(&call);
}

/* The scan for leaks knows no pages. */
static void buffers_that_are_refused_leave_no_page(void **state)
{
	const unsigned long words = BUFFER_PAGES * KCOV_PAGE_WORDS;
	const unsigned long all = BUFFERS * BUFFER_PAGES * (KCOV_PAGE / 1024);
	const unsigned long before = kcov_read_number("/proc/meminfo", "MemAvailable:");
	unsigned int refused = 0;
	unsigned long behind;

	(void)state;
	for (unsigned int i = 0; i < BUFFERS; i++) {
		assert_true(begin_open());
		kcov_faults_make_once(BUFFER_PAGES / 2 + i);
		refused += kcov_init(own.fd, words) == ENOMEM;
		refused -= !kcov_faults_were_made();
		end_closed();
	}
	behind = kcov_read_number("/proc/meminfo", "MemAvailable:");
	print_message("%lu kB available, %lu behind %u refused buffers\n", before, behind, refused);
	assert_int_equal(refused, BUFFERS);
	assert_true(behind + all / 8 > before);
}

static pid_t children[CHILDREN_MAX];

static pid_t fork_waiting(void)
{
	const pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	return pid;
}

static void fork_all(unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		children[i] = fork_waiting();
}

/* How many there were. */
static unsigned int end_all(unsigned int count)
{
	unsigned int ended = 0;

	for (unsigned int i = 0; i < count; i++)
		if (children[i] > 0 && !kill(children[i], SIGKILL))
			ended += waitpid(children[i], NULL, 0) == children[i];
	return ended;
}

/* How many of these children are not recorded, as there was nothing for them. */
static unsigned long lose_without_workers(const char *loss, unsigned int count)
{
	const unsigned long before = kcov_lost(loss);

	assert_true(kcov_faults_starve_workers(true));
	fork_all(count);
	assert_true(kcov_faults_starve_workers(false));
	assert_int_equal(end_all(count), count);
	return kcov_lost(loss) - before;
}

static bool loses_no_child(void *loss)
{
	const unsigned long before = kcov_lost(loss);
	const pid_t child = fork_waiting();

	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return kcov_lost(loss) == before;
}

static void children_without_an_entry_are_counted(void **state)
{
	unsigned long lost;

	(void)state;
	assert_true(begin_common());
	lost = lose_without_workers(NO_HANDLE, CHILDREN_MAX);
	assert_true(kcov_wait_for(loses_no_child, NO_HANDLE));
	assert_true(end_disabled());
	print_message("%lu of %u children have no common handle\n", lost, CHILDREN_MAX);
	assert_in_range(lost, 1, CHILDREN_MAX - SPARE_TASKS / 2);
}

/* Two sets there are, one of them the caller's own. */
static void children_without_a_set_are_counted(void **state)
{
	const unsigned int count = 20;
	unsigned long lost;

	(void)state;
	assert_true(begin_tree());
	lost = lose_without_workers(NO_SET, count);
	assert_true(kcov_wait_for(loses_no_child, NO_SET));
	assert_true(end_disabled());
	print_message("%lu of %u children have no set\n", lost, count);
	assert_in_range(lost, count - 2, count);
}

/*
 * Few of everything stand for all: two sets of a tree, a page for a softirq's buffer. The
 * module comes anew, as what earlier tests have filled stays full for a while.
 */
static int set_up_module(void)
{
	if (!kcov_wait_for(kcov_is_unused, "kcov") || kcov_unload("kcov") || kcov_load("kcov") ||
	    kcov_write_number(PARAMETERS "spare_tasks", SPARE_TASKS) ||
	    kcov_write_file(PARAMETERS "tree_sets", "2") ||
	    kcov_write_file(PARAMETERS "tree_set_size", "256") ||
	    kcov_write_file(PARAMETERS "softirq_area_size", "512") ||
	    kcov_write_file(KCOV_FUNCTIONS, KCOV_FAULTS_FEW))
		return -1;
	return kcov_make(&keeper, KCOV_TEST_SIZE) ? 0 : -1;
}

static int set_up(void **state)
{
	(void)state;
	return kcov_faults_open() ? set_up_module() : -1;
}

/* What was changed goes with the module. */
static int tear_down(void **state)
{
	(void)state;
	kcov_release(&keeper);
	kcov_faults_close();
	return kcov_wait_for(kcov_is_unused, "kcov") && !kcov_unload("kcov") &&
	       !kcov_load("kcov") ? 0 : -1;
}

/* What is named after the call, and gets it. */
#define OF_CALL(name, test, call) { name, test, NULL, NULL, (void *)&(call) }

int main(void)
{
	const struct CMUnitTest faults[] = {
		OF_CALL("open_without_memory_is_enomem", each_is_enomem, opens),
		OF_CALL("init_without_memory_is_enomem", each_and_all_behind_is_enomem,
			initialises),
		OF_CALL("mmap_without_memory_is_enomem", each_is_enomem, maps),
		OF_CALL("enable_and_disable_need_no_memory", none_matters, enables),
		OF_CALL("remote_enable_without_memory_is_enomem", each_and_all_behind_is_enomem,
			enables_remote),
		OF_CALL("tree_enable_without_memory_is_enomem", each_and_all_behind_is_enomem,
			enables_tree),
		cmocka_unit_test(fork_with_a_common_handle_without_memory_is_refused),
		cmocka_unit_test(fork_in_a_tree_without_memory_is_refused),
		OF_CALL("table_of_descriptors_without_memory_is_enomem", each_is_enomem,
			reads_table),
		OF_CALL("list_of_functions_without_memory_is_enomem",
			each_and_all_behind_is_enomem, reads_functions),
		OF_CALL("following_without_memory_is_enomem_or_done", each_is_enomem_or_done,
			follows),
		OF_CALL("rules_without_memory_are_enomem", each_and_all_behind_is_enomem, chooses),
		cmocka_unit_test(switching_on_without_memory_is_enomem),
		cmocka_unit_test(buffers_that_are_refused_leave_no_page),
		cmocka_unit_test(children_without_an_entry_are_counted),
		cmocka_unit_test(children_without_a_set_are_counted),
		cmocka_unit_test_setup_teardown(arming_without_memory_is_enomem, let_go,
						keep_again),
		cmocka_unit_test_setup_teardown(first_remote_enable_without_memory_is_enomem,
						let_go_with_all_on, keep_again_with_all_off),
	};
	const int failed = cmocka_run_group_tests(faults, set_up, tear_down);

	return failed != 0;
}
