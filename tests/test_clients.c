// SPDX-License-Identifier: GPL-2.0-only
/*
 * What programs that are out there do with kcov, step by step: a fuzzer with
 * processes and threads, a tracer of other programs, a fuzzer inside its own
 * target, a sandbox's test, a library that is preloaded into any program.
 * Run with an argument it is the program that is traced.
 */
#include "kcov_mark.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MI		(1024UL * 1024)
#define ADDRESS_SPACE	(336 * MI)
#define FUZZ_THREADS	8
#define FUZZ_SIZE	(MI / 2)
#define FUZZ_EXTRA_SIZE	MI
#define FUZZ_PROGRAMS	30
#define TRACER_SIZE	(16 * MI)
#define SHIM_SIZE	(2 * MI)
#define SHIM_THREADS	4
#define INPUTS		1000

static void make_mark(void)
{
	kcov_make_mark(KCOV_MARK_HOSTNAME);
}

static bool has_mark(const struct kcov_test *t)
{
	const size_t count = kcov_count(t);	/* first: reading symbols makes calls */

	return kcov_has_mark(t, count, KCOV_MARK_HOSTNAME);
}

static void map_a_page(void *unused)
{
	(void)unused;
	munmap(mmap(NULL, KCOV_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), KCOV_PAGE);
}

static bool limit_address_space(void)
{
	const struct rlimit limit = { ADDRESS_SPACE, ADDRESS_SPACE };

	return !setrlimit(RLIMIT_AS, &limit);
}

/* syzkaller: one process opens all, threads of its grandchildren enable. */

static struct kcov_test covers[FUZZ_THREADS];
static struct kcov_test extra;
static atomic_int threads_done, threads_bad;

static bool open_covers(void)
{
	for (int i = 0; i < FUZZ_THREADS; i++)
		if (!kcov_make(&covers[i], FUZZ_SIZE))
			return false;
	return kcov_make(&extra, FUZZ_EXTRA_SIZE);
}

static int by_value(const void *left, const void *right)
{
	const unsigned long a = *(unsigned long *)left, b = *(unsigned long *)right;

	return (a > b) - (a < b);
}

/* Signal of one call, found as the fuzzer finds it: sorted where it was recorded. */
static size_t signal_of(void (*call)(void *), const struct kcov_test *t)
{
	size_t count;

	kcov_set_count(t, 0);
	call(NULL);
	count = kcov_count(t);
	if (count >= t->size || !kcov_in_range(t, count))
		return 0;
	qsort(&t->buffer[1], count, sizeof(t->buffer[1]), by_value);
	return count;
}

static void *execute_calls(void *data)
{
	const struct kcov_test *t = data;
	size_t first;
	bool bad = kcov_enable(t->fd) || !signal_of(map_a_page, t);

	signal_of(kcov_read_nothing, t);	/* with the page faults of a first call */
	first = signal_of(kcov_read_nothing, t);
	memset(&t->buffer[1], 0xff, first * sizeof(t->buffer[1]));
	bad |= !first || signal_of(kcov_read_nothing, t) != first;
	if (bad)
		threads_bad++;
	threads_done++;
	pause();	/* until the process ends */
	return NULL;
}

/* One test program: it ends while all its threads are enabled. */
static int execute_program(void *unused)
{
	pthread_t thread;

	(void)unused;
	for (int i = 0; i < FUZZ_THREADS; i++)
		if (pthread_create(&thread, NULL, execute_calls, &covers[i]))
			return 1;
	while (threads_done < FUZZ_THREADS)
		sched_yield();
	return threads_bad ? 2 : 0;
}

static int run_programs(void *unused)
{
	(void)unused;
	for (int i = 0; i < FUZZ_PROGRAMS; i++)
		if (kcov_in_child(execute_program, NULL))
			return 1;
	return 0;
}

static int run_fuzzer(void *unused)
{
	(void)unused;
	if (!limit_address_space() || !open_covers())
		return 255;
	return kcov_in_child(run_programs, NULL);
}

static void fuzzers_grandchildren_trace_in_all_threads_and_never_disable(void **state)
{
	(void)state;
	assert_int_equal(kcov_in_child(run_fuzzer, NULL), 0);
}

static int open_covers_in_little_space(void *unused)
{
	(void)unused;
	return limit_address_space() && open_covers() ? 0 : 1;
}

static void fuzzers_descriptors_fit_its_address_space(void **state)
{
	(void)state;
	assert_int_equal(kcov_in_child(open_covers_in_little_space, NULL), 0);
}

/* Two of them beside each other, as they run on a machine with two CPUs. */
static void *run_fuzzer_beside(void *unused)
{
	return (void *)(intptr_t)kcov_in_child(run_fuzzer, unused);
}

static void two_fuzzers_do_not_see_each_other(void **state)
{
	pthread_t other;
	void *result;

	(void)state;
	assert_int_equal(pthread_create(&other, NULL, run_fuzzer_beside, NULL), 0);
	const int here = kcov_in_child(run_fuzzer, NULL);

	pthread_join(other, &result);
	assert_int_equal(here, 0);
	assert_null(result);
}

/* Its descriptors keep fixed numbers far above all others. */
static void fuzzers_moved_descriptor_works(void **state)
{
	struct kcov_test *t = *state;

	assert_int_equal(dup2(t->fd, 223), 223);
	close(t->fd);
	t->fd = 223;
	assert_true(kcov_trace_read(t) > 0);
}

/* kcovtrace: the child enables and becomes another program. */

static int enable_and_exec(void *data)
{
	const struct kcov_test *t = data;

	if (kcov_enable(t->fd))
		return 255;
	execl("/proc/self/exe", "traced", "traced", NULL);
	return 254;
}

static void tracer_reads_what_the_program_it_ran_recorded(void **state)
{
	struct kcov_test test;
	bool marked;

	(void)state;
	assert_true(kcov_make(&test, TRACER_SIZE));
	assert_int_equal(kcov_in_child(enable_and_exec, &test), 0);
	marked = has_mark(&test);
	kcov_release(&test);
	assert_true(marked);
}

static void tracer_runs_one_program_after_the_other(void **state)
{
	struct kcov_test test;
	int good = 0;

	(void)state;
	assert_true(kcov_make(&test, TRACER_SIZE));
	for (int i = 0; i < 20; i++) {
		kcov_set_count(&test, 0);
		good += !kcov_in_child(enable_and_exec, &test) && has_mark(&test);
	}
	kcov_release(&test);
	assert_int_equal(good, 20);
}

/* libFuzzer's glue keeps the mapping only. How many of its inputs were not seen. */
static int fuzz_in_process(void *data)
{
	struct kcov_test *t = data;
	int unseen = 0;

	if (kcov_enable(t->fd) || close(t->fd))
		return -1;
	t->fd = -1;
	for (int i = 0; i < INPUTS; i++) {
		kcov_set_count(t, 0);
		make_mark();
		unseen += kcov_count(t) == 0;
	}
	return unseen;
}

static void fuzzer_in_its_target_needs_only_the_mapping(void **state)
{
	assert_int_equal(kcov_in_thread(fuzz_in_process, *state), 0);
	assert_true(has_mark(*state));
}

/* gVisor's test, this and the next two. */
static void failing_ioctls_of_the_descriptor_itself_give_pcs(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	kcov_set_count(t, 0);
	for (int i = 0; i < 10; i++)
		kcov_enable(t->fd);
	assert_true(kcov_count(t) > 0 && kcov_in_range(t, kcov_count(t)));
}

static int enable_and_exit(void *data)
{
	const struct kcov_test *t = data;

	return kcov_enable(t->fd);
}

static void thread_that_exits_leaves_the_descriptor_to_the_next(void **state)
{
	for (int i = 0; i < 100; i++)
		assert_int_equal(kcov_in_thread(enable_and_exit, *state), 0);
	assert_true(kcov_trace_read(*state) > 0);
}

struct side {
	pthread_barrier_t *both;
	struct kcov_test test;
};

static int trace_beside_the_other(void *data)
{
	struct side *side = data;
	const bool enabled = !kcov_enable(side->test.fd);

	kcov_set_count(&side->test, 0);
	pthread_barrier_wait(side->both);
	make_mark();
	pthread_barrier_wait(side->both);
	return enabled && has_mark(&side->test) ? 0 : 1;
}

static void *trace_side(void *data)
{
	return (void *)(intptr_t)trace_beside_the_other(data);
}

static void two_enabled_threads_record_each_its_own(void **state)
{
	pthread_barrier_t both;
	struct side sides[2];
	pthread_t thread;
	void *result;

	(void)state;
	kcov_symbol("_text");	/* symbols are read by one thread at a time */
	pthread_barrier_init(&both, NULL, 2);
	for (int i = 0; i < 2; i++) {
		sides[i].both = &both;
		assert_true(kcov_make(&sides[i].test, KCOV_TEST_SIZE));
	}
	assert_int_equal(pthread_create(&thread, NULL, trace_side, &sides[1]), 0);
	const int here = trace_beside_the_other(&sides[0]);

	pthread_join(thread, &result);
	for (int i = 0; i < 2; i++)
		kcov_release(&sides[i].test);
	assert_int_equal(here, 0);
	assert_null(result);
}

/* A preloaded library: each thread of a program it knows nothing of. */

static pthread_key_t shim_key;
static atomic_int shim_reports;
static __thread struct kcov_test shim;

/* What the library does when a thread starts, and when it ends. */
static bool shim_start(void)
{
	if (!kcov_make(&shim, SHIM_SIZE) || kcov_enable(shim.fd))
		return false;
	return !pthread_setspecific(shim_key, &shim);
}

static void shim_end(void *data)
{
	struct kcov_test *t = data;

	if (has_mark(t) && !kcov_disable(t->fd))
		shim_reports++;
	kcov_release(t);
}

static void *shimmed_thread(void *unused)
{
	if (!shim_start())
		return unused;
	make_mark();
	return NULL;
}

static int shimmed_program(void *unused)
{
	pthread_t threads[SHIM_THREADS];

	(void)unused;
	kcov_symbol("_text");
	if (pthread_key_create(&shim_key, shim_end))
		return 255;
	for (int i = 0; i < SHIM_THREADS; i++)
		pthread_create(&threads[i], NULL, shimmed_thread, NULL);
	for (int i = 0; i < SHIM_THREADS; i++)
		pthread_join(threads[i], NULL);
	return shim_reports;
}

static void preloaded_library_reports_each_thread(void **state)
{
	(void)state;
	assert_int_equal(kcov_in_child(shimmed_program, NULL), SHIM_THREADS);
}

/* As daemons do, whatever was preloaded into them. */
static int close_everything(void *unused)
{
	(void)unused;
	if (!kcov_make(&shim, SHIM_SIZE) || kcov_enable(shim.fd))
		return 255;
	syscall(SYS_close_range, 3, ~0U, 0);
	kcov_set_count(&shim, 0);
	make_mark();
	return has_mark(&shim) ? 0 : 1;
}

static void preloaded_library_survives_a_program_that_closes_all_files(void **state)
{
	(void)state;
	assert_int_equal(kcov_in_child(close_everything, NULL), 0);
}

/* The child of an enabled thread starts afresh, its parent goes on. */
static int shimmed_child(void *unused)
{
	(void)unused;
	if (!kcov_make(&shim, SHIM_SIZE) || kcov_enable(shim.fd))
		return 255;
	make_mark();
	return has_mark(&shim) ? 0 : 1;
}

static int shimmed_parent(void *unused)
{
	(void)unused;
	if (!kcov_make(&shim, SHIM_SIZE) || kcov_enable(shim.fd))
		return 255;
	if (kcov_in_child(shimmed_child, NULL))
		return 254;
	kcov_set_count(&shim, 0);
	make_mark();
	return has_mark(&shim) ? 0 : 1;
}

static void preloaded_library_traces_parent_and_child(void **state)
{
	(void)state;
	assert_int_equal(kcov_in_child(shimmed_parent, NULL), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest clients[] = {
		cmocka_unit_test(fuzzers_descriptors_fit_its_address_space),
		cmocka_unit_test(fuzzers_grandchildren_trace_in_all_threads_and_never_disable),
		cmocka_unit_test(two_fuzzers_do_not_see_each_other),
		KCOV_TEST(fuzzers_moved_descriptor_works),
		cmocka_unit_test(tracer_reads_what_the_program_it_ran_recorded),
		cmocka_unit_test(tracer_runs_one_program_after_the_other),
		KCOV_TEST(fuzzer_in_its_target_needs_only_the_mapping),
		KCOV_TEST(failing_ioctls_of_the_descriptor_itself_give_pcs),
		KCOV_TEST(thread_that_exits_leaves_the_descriptor_to_the_next),
		cmocka_unit_test(two_enabled_threads_record_each_its_own),
		cmocka_unit_test(preloaded_library_reports_each_thread),
		cmocka_unit_test(preloaded_library_survives_a_program_that_closes_all_files),
		cmocka_unit_test(preloaded_library_traces_parent_and_child),
	};
	int failed;

	if (argc > 1 && !strcmp(argv[1], "traced")) {
		make_mark();
		return 0;
	}
	failed = cmocka_run_group_tests(clients, NULL, NULL);
	return failed != 0;
}
