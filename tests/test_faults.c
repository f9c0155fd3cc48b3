// SPDX-License-Identifier: GPL-2.0-only
/*
 * Without memory: each allocation of a call fails once, one after the other.
 *
 * /proc/thread-self/fail-nth makes the n-th allocation of the calling thread
 * fail, be it the module's own or one that the kernel makes for it. The call
 * then answers ENOMEM, or does without; called again, it works. What is lost on
 * the way is found by the scan for leaks at the end of the run. How many faults
 * each call has been through is printed; about half of them hit what the kernel
 * keeps for its own checks, and are done without.
 *
 * What our works allocate, ahead of need, is not the caller's: there all that
 * the workers ask for fails for a while, and what is lost must be counted.
 */
#include "kcov_instances.h"
#include "kcov_remote.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAILSLAB	"/sys/kernel/debug/failslab/"
#define FAIL_PAGES	"/sys/kernel/debug/fail_page_alloc/"
#define PATCHED		"/sys/kernel/tracing/enabled_functions"
#define PRINTK		"/proc/sys/kernel/printk"
#define PARAMETERS	"/sys/module/kcov/parameters/"
#define DISARM_DELAY	PARAMETERS "disarm_delay"
#define NO_HANDLE	"children_without_the_common_handle"
#define NO_SET		"tasks_outside_of_their_tree"

/* What is kept in store for children. */
#define SPARE_ENTRIES	1024
#define CHILDREN_MAX	1100

/* More than any call makes. */
#define ALLOCATIONS_MAX	1000000U

/* Arming and choosing are done over and over: of few functions. */
#define FEW		"=vfs_read +vfs_write +ksys_*"

/* Answers an errno or 0; begin and end come without faults around each call. */
struct call {
	const char *name;
	bool (*begin)(void);
	int (*act)(void);
	void (*end)(void);
};

/* How the calls with a fault ended. */
struct outcome {
	unsigned int refused, done, wrong;
};

static struct kcov_test own = { .fd = -1 };
/* Keeps armed what a first descriptor arms. */
static struct kcov_test keeper = { .fd = -1 };
static int fail_nth = -1;

static bool set_fail_nth(unsigned int n)
{
	char text[16];
	const int length = snprintf(text, sizeof(text), "%u", n);

	return pwrite(fail_nth, text, length, 0) == length;
}

/* Whether the fault came to pass. */
static bool take_fail_nth(void)
{
	char text[16] = "";
	const ssize_t length = pread(fail_nth, text, sizeof(text) - 1, 0);

	set_fail_nth(0);
	return length > 0 && !strtoul(text, NULL, 10);
}

static void complain(struct outcome *outcome, const struct call *call, unsigned int n,
		     const char *what)
{
	print_error("%s, fault at allocation %u: %s\n", call->name, n, what);
	outcome->wrong++;
}

/* False when the call has fewer allocations than n. */
static bool fail_once(const struct call *call, unsigned int n, struct outcome *outcome)
{
	if (!call->begin()) {
		complain(outcome, call, n, "what it needs is not there, before the fault");
		return false;
	}
	set_fail_nth(n);

	const int err = call->act();
	const bool failed = take_fail_nth();

	outcome->done += failed && !err;
	outcome->refused += failed && err == ENOMEM;
	if (err && (!failed || err != ENOMEM))
		complain(outcome, call, n, strerror(err));
	if (err && call->act())
		complain(outcome, call, n, "called again it does not work");
	call->end();
	return failed;
}

static struct outcome fail_each(const struct call *call)
{
	struct outcome outcome = { 0 };

	for (unsigned int n = 1; n < ALLOCATIONS_MAX && fail_once(call, n, &outcome); n++)
		;
	print_message("%s: %u faults, %u refused, %u done without\n", call->name,
		      outcome.refused + outcome.done, outcome.refused, outcome.done);
	return outcome;
}

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

static void end_nothing(void)
{
}

static void end_closed(void)
{
	close(own.fd);
	own.fd = -1;
}

static void end_disabled(void)
{
	kcov_disable(own.fd);
	end_closed();
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

static void end_follow(void)
{
	kcov_write_file(KCOV_FOLLOW, "0");
	end_disabled();
}

static int act_choose(void)
{
	return kcov_write_file(KCOV_FUNCTIONS, FEW);
}

static const struct call
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

static void fail_each_of(const struct call *call)
{
	const struct outcome outcome = fail_each(call);

	assert_int_equal(outcome.wrong, 0);
	assert_true(outcome.refused > 0);
}

static void each_is_enomem(void **state)
{
	fail_each_of(*state);
}

static void each_is_enomem_or_done(void **state)
{
	const struct outcome outcome = fail_each(*state);

	assert_int_equal(outcome.wrong, 0);
}

static void none_matters(void **state)
{
	const struct outcome outcome = fail_each(*state);

	assert_int_equal(outcome.wrong, 0);
	assert_int_equal(outcome.refused, 0);
}

static void fork_with_a_common_handle_without_memory_is_refused(void **state)
{
	(void)state;
	assert_true(begin_common());
	fail_each_of(&forks_with_handle);
	end_disabled();
}

static void fork_in_a_tree_without_memory_is_refused(void **state)
{
	(void)state;
	assert_true(begin_tree());
	fail_each_of(&forks_in_tree);
	end_disabled();
}

/* What could not be armed, with an allocation for each function, is tried again by the next. */
static unsigned int unarmed;

static void end_armed(void)
{
	struct kcov_test next;

	end_closed();
	if (!kcov_make(&next, KCOV_TEST_SIZE) || kcov_trace_read(&next) <= 0)
		unarmed++;
	kcov_release(&next);
}

static bool is_any(const char *line)
{
	(void)line;
	return true;
}

static bool is_disarmed(void *unused)
{
	(void)unused;
	return kcov_count_lines(PATCHED, is_any) == 0;
}

static bool begin_disarmed(void)
{
	return kcov_wait_for(is_disarmed, NULL) && begin_open();
}

static void arming_without_memory_is_enomem_or_records_less(void **state)
{
	(void)state;
	kcov_release(&keeper);
	assert_int_equal(kcov_write_file(DISARM_DELAY, "0"), 0);

	const struct call call = { "INIT_TRACE, the first", begin_disarmed, act_init, end_armed };
	const struct outcome outcome = fail_each(&call);

	assert_int_equal(kcov_write_file(DISARM_DELAY, "10"), 0);
	assert_true(kcov_make(&keeper, KCOV_TEST_SIZE));
	assert_int_equal(outcome.wrong + unarmed, 0);
}

/* What ftrace has patched, and what of it is not ours. */
static long patched(void)
{
	return kcov_count_lines(PATCHED, is_any);
}

static long patched_by_others;
static unsigned int set_and_hooks_differ;

static bool begin_loaded(void)
{
	return !kcov_load_stock("arch/x86/kernel/cpuid.ko");
}

static int act_unload(void)
{
	return kcov_unload("cpuid");
}

/* What is covered is covered still, and what is in the set is hooked. */
static void end_unloaded(void)
{
	const unsigned long functions = kcov_read_number(KCOV_FUNCTIONS, "# ");
	const long hooked = patched() - patched_by_others;
	const long count = kcov_trace_read(&keeper);

	if (!functions || hooked != (long)functions || count <= 0) {
		print_error("%lu functions, %ld hooked, %ld records\n", functions, hooked, count);
		set_and_hooks_differ++;
	}
}

static void module_that_goes_without_memory_takes_its_functions_along(void **state)
{
	const struct call call = { "rmmod", begin_loaded, act_unload, end_unloaded };
	const unsigned long before = kcov_read_number(KCOV_FUNCTIONS, "# ");

	(void)state;
	patched_by_others = patched() - (long)before;
	/* a rule must match something now; it holds for what comes later, too */
	assert_true(begin_loaded());
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "+cpuid:*"), 0);
	assert_int_equal(act_unload(), 0);

	const struct outcome outcome = fail_each(&call);

	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, FEW), 0);
	assert_int_equal(outcome.wrong + set_and_hooks_differ, 0);
	assert_true(outcome.done > 0);
}

static bool set(const char *directory, const char *file, const char *value)
{
	char path[100];

	snprintf(path, sizeof(path), "%s%s", directory, file);
	return !kcov_write_file(path, value);
}

static bool is_worker(const char *pid)
{
	char path[300], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = isdigit(*pid) ? fopen(path, "re") : NULL;
	if (!file)
		return false;
	if (!fgets(name, sizeof(name), file))
		name[0] = '\0';
	fclose(file);
	return !strncmp(name, "kworker/", strlen("kworker/"));
}

/* How many there are. One that has gone meanwhile is no matter. */
static unsigned int mark_workers(const char *value)
{
	DIR *proc = opendir("/proc");
	unsigned int workers = 0;
	struct dirent *entry;
	char path[300];

	while (proc && (entry = readdir(proc))) {
		if (!is_worker(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/make-it-fail", entry->d_name);
		workers += !kcov_write_file(path, value);
	}
	if (proc)
		closedir(proc);
	return workers;
}

/* At no time without the filter: everybody's would fail. */
static bool set_failing(const char *directory, bool fails)
{
	if (fails)
		return set(directory, "task-filter", "Y") && set(directory, "times", "-1") &&
		       set(directory, "probability", "100");
	return set(directory, "probability", "0") && set(directory, "times", "1") &&
	       set(directory, "task-filter", "N");
}

/* All that workers allocate. */
static bool starve_workers(bool fails)
{
	return mark_workers(fails ? "1" : "0") > 0 && set_failing(FAILSLAB, fails) &&
	       set_failing(FAIL_PAGES, fails);
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

	assert_true(starve_workers(true));
	fork_all(count);
	assert_true(starve_workers(false));
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
	end_disabled();
	print_message("%lu of %u children have no common handle\n", lost, CHILDREN_MAX);
	assert_in_range(lost, 1, CHILDREN_MAX - SPARE_ENTRIES);
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
	end_disabled();
	print_message("%lu of %u children have no set\n", lost, count);
	assert_in_range(lost, count - 2, count);
}

/* The first two sets of a tree stand for all, and a page for a softirq's buffer. */
static int set_up_module(void)
{
	if (kcov_write_file(PARAMETERS "tree_sets", "2") ||
	    kcov_write_file(PARAMETERS "tree_set_size", "256") ||
	    kcov_write_file(PARAMETERS "softirq_area_size", "512") ||
	    kcov_write_file(KCOV_FUNCTIONS, FEW))
		return -1;
	return kcov_make(&keeper, KCOV_TEST_SIZE) ? 0 : -1;
}

/* Each allocation may fail, without a trace of calls in the log. */
static bool set_up_faults(void)
{
	return set(FAILSLAB, "verbose", "0") && set(FAILSLAB, "ignore-gfp-wait", "N") &&
	       set(FAIL_PAGES, "verbose", "0") && set(FAIL_PAGES, "ignore-gfp-wait", "N") &&
	       set(FAIL_PAGES, "ignore-gfp-highmem", "N") && set(FAIL_PAGES, "min-order", "0");
}

static int set_up(void **state)
{
	(void)state;
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	/* the kernel warns of its own allocations that fail: from here on only errors */
	if (fail_nth < 0 || !set_up_faults() || kcov_write_file(PRINTK, "4"))
		return -1;
	return set_up_module();
}

/* What was changed goes with the module. */
static int tear_down(void **state)
{
	(void)state;
	kcov_release(&keeper);
	close(fail_nth);
	kcov_write_file(PRINTK, "7");
	return kcov_wait_for(kcov_is_unused, "kcov") && !kcov_unload("kcov") &&
	       !kcov_load("kcov") ? 0 : -1;
}

/* What is named after the call, and gets it. */
#define OF_CALL(name, test, call) { name, test, NULL, NULL, (void *)&(call) }

int main(void)
{
	const struct CMUnitTest faults[] = {
		OF_CALL("open_without_memory_is_enomem", each_is_enomem, opens),
		OF_CALL("init_without_memory_is_enomem", each_is_enomem, initialises),
		OF_CALL("mmap_without_memory_is_enomem", each_is_enomem, maps),
		OF_CALL("enable_and_disable_need_no_memory", none_matters, enables),
		OF_CALL("remote_enable_without_memory_is_enomem", each_is_enomem, enables_remote),
		OF_CALL("tree_enable_without_memory_is_enomem", each_is_enomem, enables_tree),
		cmocka_unit_test(fork_with_a_common_handle_without_memory_is_refused),
		cmocka_unit_test(fork_in_a_tree_without_memory_is_refused),
		OF_CALL("table_of_descriptors_without_memory_is_enomem", each_is_enomem,
			reads_table),
		OF_CALL("list_of_functions_without_memory_is_enomem", each_is_enomem,
			reads_functions),
		OF_CALL("following_without_memory_is_enomem_or_done", each_is_enomem_or_done,
			follows),
		OF_CALL("rules_without_memory_are_enomem", each_is_enomem, chooses),
		cmocka_unit_test(arming_without_memory_is_enomem_or_records_less),
		cmocka_unit_test(module_that_goes_without_memory_takes_its_functions_along),
		cmocka_unit_test(children_without_an_entry_are_counted),
		cmocka_unit_test(children_without_a_set_are_counted),
	};
	const int failed = cmocka_run_group_tests(faults, set_up, tear_down);

	return failed != 0;
}
