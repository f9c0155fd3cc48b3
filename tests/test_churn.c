// SPDX-License-Identifier: GPL-2.0-only
/*
 * Modules that come and go while function entries are armed, one thread of
 * this process traces without a pause and another sleeps enabled: after every
 * load the module's functions are recorded, after every unload nothing of it
 * is left.
 */
#include "kcov_test.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of the others' ten: a load and an unload are quick. */
#define ROUNDS		(10 * kcov_rounds())
/* The list of all patched functions takes two seconds to print. */
#define ROUNDS_A_LIST	100
/* Words of the other thread's trace, which is short. */
#define WORDS_MAX	64
/* Of millions of traces a few meet a page that the kernel moves. */
#define DIFFERENT_MAX	8

#define PATCHED		"/sys/kernel/tracing/enabled_functions"
#define CPUID_DEVICE	"/dev/cpu/0/cpuid"
#define SAMPLE_INPUT	"/sys/kernel/debug/kcov_sample/input"

/* Stands for the stock modules: it is small and needs no other. */
static int load_cpuid(void)
{
	return kcov_load_stock("arch/x86/kernel/cpuid.ko");
}

static void use_cpuid(void *failed)
{
	unsigned int registers[4];
	const int fd = open(CPUID_DEVICE, O_RDONLY);

	if (fd < 0 || read(fd, registers, sizeof(registers)) != sizeof(registers))
		*(bool *)failed = true;
	close(fd);
}

static void use_sample(void *failed)
{
	const int fd = open(SAMPLE_INPUT, O_WRONLY);

	if (fd < 0 || write(fd, "a", 1) != 1)
		*(bool *)failed = true;
	close(fd);
}

static size_t count_of(const struct kcov_test *t, size_t count, const char *name)
{
	size_t found = 0;

	for (size_t i = 1; i <= count; i++)
		found += !strcmp(kcov_symbol_at(t->buffer[i]), name);
	return found;
}

static unsigned long set_size(void)
{
	return kcov_read_number(KCOV_FUNCTIONS, "# ");
}

static bool is_of_cpuid(const char *line)
{
	return strstr(line, "[cpuid]");
}

static bool is_of_sample(const char *line)
{
	return strstr(line, "[kcov_sample]");
}

static void assert_nothing_left(int round, unsigned long before, bool (*is_left)(const char *))
{
	assert_int_equal(set_size(), before);
	if (round % ROUNDS_A_LIST == 0 || round == ROUNDS - 1)
		assert_int_equal(kcov_count_lines(PATCHED, is_left), 0);
}

static void stock_module_is_covered_after_each_load(void **state)
{
	const struct kcov_test *t = *state;
	const unsigned long before = set_size();
	struct kcov_places first = { 0 }, now;
	bool failed = false;
	ssize_t count;

	for (int round = 0; round < ROUNDS; round++) {
		assert_int_equal(load_cpuid(), 0);
		assert_true(set_size() > before);
		count = kcov_trace(t, use_cpuid, &failed);
		assert_false(failed);
		assert_true(kcov_find_places(t, count, "cpuid", &now));
		if (round == 0)
			first = now;
		assert_true(now.count > 0 && kcov_same_places(&now, &first));
		assert_int_equal(kcov_unload("cpuid"), 0);
		assert_nothing_left(round, before, is_of_cpuid);
	}
}

static void callbacks_and_nothing_else_are_recorded_after_each_load(void **state)
{
	const struct kcov_test *t = *state;
	const unsigned long before = set_size();
	struct kcov_places first = { 0 }, now;
	bool failed = false;
	ssize_t count;

	for (int round = 0; round < ROUNDS; round++) {
		assert_int_equal(kcov_load("kcov_sample"), 0);
		assert_int_equal(set_size(), before);
		count = kcov_trace(t, use_sample, &failed);
		assert_false(failed);
		assert_true(kcov_find_places(t, count, "kcov_sample", &now));
		if (round == 0)
			first = now;
		assert_true(now.count > 0 && kcov_same_places(&now, &first));
		assert_int_equal(kcov_unload("kcov_sample"), 0);
		assert_nothing_left(round, before, is_of_sample);
	}
}

/* The controls: what the rounds compare is what it should be, and can be seen. */
static void each_function_of_a_stock_module_is_recorded_once_a_call(void **state)
{
	const struct kcov_test *t = *state;
	bool failed = false;
	ssize_t count;

	assert_int_equal(load_cpuid(), 0);
	count = kcov_trace(t, use_cpuid, &failed);
	assert_false(failed);
	assert_int_equal(count_of(t, count, "cpuid_open"), 1);
	/* 7.3 has given it another name */
	assert_int_equal(count_of(t, count, "cpuid_read") + count_of(t, count, "cpuid_read_f"), 1);
	assert_true(kcov_enters(t, count, "cpuid_open"));
	assert_true(kcov_count_lines(PATCHED, is_of_cpuid) > 0);
}

static void an_instrumented_function_is_recorded_once_a_call(void **state)
{
	const struct kcov_test *t = *state;
	bool failed = false;
	ssize_t count;

	assert_int_equal(kcov_load("kcov_sample"), 0);
	count = kcov_trace(t, use_sample, &failed);
	assert_false(failed);
	assert_int_equal(count_of(t, count, "sample_path_a"), 1);
	assert_false(kcov_enters(t, count, "sample_path_a"));
	assert_int_equal(kcov_count_lines(PATCHED, is_of_sample), 0);
}

/* --- beside others ---------------------------------------------------------------------- */

static struct {
	pthread_t tracer, sleeper;
	sem_t enabled, end;
	atomic_bool stop, broken;
	atomic_long traces, different;
	/* for the main thread, as symbols are read by one */
	unsigned long first[WORDS_MAX], others[DIFFERENT_MAX][WORDS_MAX];
} others;

static bool is_first_of_a_fault(unsigned long pc)
{
	const char *name = kcov_symbol_at(pc);

	return !strcmp(name, "lock_mm_and_find_vma") || !strcmp(name, "lock_vma_under_rcu") ||
	       !strcmp(name, "fault_in_kernel_space");
}

/*
 * The same call, but with a page fault in user space before or behind it: the kernel moves pages
 * to make larger ones, and whoever comes by waits for that.
 */
static bool is_same_but_for_a_fault(const unsigned long *trace, const unsigned long *first)
{
	const unsigned long before = trace[0] - first[0];

	if (trace[0] <= first[0])
		return false;
	if (is_first_of_a_fault(trace[first[0] + 1]) &&
	    !memcmp(trace + 1, first + 1, first[0] * sizeof(long)))
		return true;
	return trace[0] < WORDS_MAX && is_first_of_a_fault(trace[1]) &&
	       !memcmp(trace + 1 + before, first + 1, first[0] * sizeof(long));
}

static void print_trace(const char *which, const unsigned long *trace)
{
	printf("# %s: %lu records", which, trace[0]);
	for (unsigned long i = 1; i <= trace[0] && i < WORDS_MAX; i++)
		printf(" %s", kcov_symbol_at(trace[i]));
	printf("\n");
}

static bool is_bad(const unsigned long *trace)
{
	const bool bad = !is_same_but_for_a_fault(trace, others.first);

	print_trace(bad ? "bad" : "with a page fault", trace);
	return bad;
}

static long count_bad(void)
{
	const long different = others.different;
	long bad = different > DIFFERENT_MAX ? different - DIFFERENT_MAX : 0;

	for (long i = 0; i < different && i < DIFFERENT_MAX; i++)
		bad += is_bad(others.others[i]);
	return bad;
}

static void keep_if_different(const unsigned long *trace)
{
	if (trace[0] == others.first[0] &&
	    !memcmp(trace, others.first, (trace[0] + 1) * sizeof(long)))
		return;

	const long i = atomic_fetch_add(&others.different, 1);

	if (i < DIFFERENT_MAX)
		memcpy(others.others[i], trace, sizeof(others.others[i]));
}

/* Traces all the time; each trace is to be like the first. */
static void *run_tracer(void *unused)
{
	struct kcov_test t;
	ssize_t count;

	(void)unused;
	if (!kcov_make(&t, KCOV_TEST_SIZE)) {
		atomic_store(&others.broken, true);
		return NULL;
	}
	count = kcov_trace_read(&t);
	memcpy(others.first, t.buffer, sizeof(others.first));
	if (count <= 0 || count >= WORDS_MAX)
		atomic_store(&others.broken, true);
	while (!atomic_load(&others.broken) && !atomic_load(&others.stop)) {
		if (kcov_trace_read(&t) < 0)
			atomic_store(&others.broken, true);
		keep_if_different(t.buffer);
		atomic_fetch_add(&others.traces, 1);
	}
	kcov_release(&t);
	return NULL;
}

/* Sleeps in the kernel with its descriptor enabled. */
static void *run_sleeper(void *unused)
{
	struct kcov_test t;

	(void)unused;
	if (!kcov_make(&t, KCOV_TEST_SIZE) || kcov_enable(t.fd))
		atomic_store(&others.broken, true);
	sem_post(&others.enabled);
	while (sem_wait(&others.end))
		;
	kcov_release(&t);
	return NULL;
}

static bool tracer_traces(void *unused)
{
	(void)unused;
	return atomic_load(&others.traces) || atomic_load(&others.broken);
}

static int start_others(void **state)
{
	memset(&others, 0, sizeof(others));
	sem_init(&others.enabled, 0, 0);
	sem_init(&others.end, 0, 0);
	if (pthread_create(&others.tracer, NULL, run_tracer, NULL) ||
	    pthread_create(&others.sleeper, NULL, run_sleeper, NULL))
		return -1;
	while (sem_wait(&others.enabled))
		;
	kcov_wait_for(tracer_traces, NULL);
	/* one that calls a CPU calls its own */
	return kcov_pin(0) ? kcov_test_setup_ready(state) : -1;
}

static int unload_all(void **state)
{
	(void)state;
	kcov_unload("cpuid");
	kcov_unload("kcov_sample");
	return 0;
}

/* The others had nothing but what they asked for, and the tracer never stopped. */
static int stop_others(void **state)
{
	atomic_store(&others.stop, true);
	sem_post(&others.end);
	pthread_join(others.tracer, NULL);
	pthread_join(others.sleeper, NULL);
	kcov_pin(-1);
	unload_all(state);

	const long bad = count_bad();

	printf("# the other thread made %ld traces, %ld of them bad\n", others.traces, bad);
	return kcov_test_teardown(state) || others.broken || bad || others.traces < ROUNDS ? -1 : 0;
}

static int release_and_unload(void **state)
{
	unload_all(state);
	return kcov_test_teardown(state);
}

/* A read with something more before or behind it is to pass for the read alone, or is not. */
static void check_passes(const struct kcov_test *t, const unsigned long *first, bool expected,
			 void (*before)(void *), void (*behind)(void *), void *data)
{
	size_t count;

	assert_int_equal(kcov_enable(t->fd), 0);
	kcov_set_count(t, 0);
	before(data);
	kcov_read_nothing(NULL);
	behind(data);
	count = kcov_count(t);
	assert_int_equal(kcov_disable(t->fd), 0);
	kcov_set_count(t, count);
	assert_true(count > first[0] && count < WORDS_MAX);
	if (is_same_but_for_a_fault(t->buffer, first) == expected)
		return;
	print_trace("alone", first);
	print_trace(expected ? "does not pass" : "passes", t->buffer);
	fail();
}

static void do_nothing(void *unused)
{
	(void)unused;
}

static void call(void *unused)
{
	(void)unused;
	syscall(SYS_getppid);
}

static void touch(void *page)
{
	__atomic_store_n((char *)page, 1, __ATOMIC_RELAXED);
}

/* The control of what is said of traces that differ: a dropped page stands for one that moves. */
static void page_fault_is_told_from_a_wrong_record(void **state)
{
	const struct kcov_test *t = *state;
	unsigned long first[WORDS_MAX];
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(page, MAP_FAILED);
	touch(page);
	assert_in_range(kcov_trace_read(t), 1, WORDS_MAX - 1);
	memcpy(first, t->buffer, sizeof(first));
	assert_int_equal(madvise(page, 4096, MADV_DONTNEED), 0);
	check_passes(t, first, true, do_nothing, touch, page);
	assert_int_equal(madvise(page, 4096, MADV_DONTNEED), 0);
	check_passes(t, first, true, touch, do_nothing, page);
	check_passes(t, first, false, do_nothing, call, NULL);
	check_passes(t, first, false, call, do_nothing, NULL);
	munmap(page, 4096);
}

/* --- while the set is chosen anew ------------------------------------------------------- */

#define CPUID_TOO	"=ksys_* +cpuid_*"

static void *choose(void *unused)
{
	(void)unused;
	kcov_write_file(KCOV_FUNCTIONS, CPUID_TOO);
	return NULL;
}

static bool is_gone(const char *line)
{
	return strstr(line, "(gone)");
}

/* A choice goes through all symbols, the modules' last: the module comes while it does. */
static bool load_while_choosing(int round)
{
	pthread_t thread;
	bool loaded;

	if (pthread_create(&thread, NULL, choose, NULL))
		return false;
	usleep(1000 * round);
	loaded = load_cpuid() == 0;
	pthread_join(thread, NULL);
	return loaded;
}

/* It may be seen by the choice and then come: that is one module. */
static void module_that_comes_while_functions_are_chosen_is_there_once(void **state)
{
	long functions;
	int odd = 0;

	(void)state;
	assert_int_equal(load_cpuid(), 0);
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, CPUID_TOO), 0);
	functions = kcov_count_lines(KCOV_FUNCTIONS, is_of_cpuid);
	assert_int_equal(kcov_unload("cpuid"), 0);
	for (int round = 0; round < kcov_rounds(); round++) {
		odd += !load_while_choosing(round);
		odd += kcov_count_lines(KCOV_FUNCTIONS, is_of_cpuid) != functions;
		odd += kcov_unload("cpuid") != 0;
		odd += kcov_count_lines(KCOV_FUNCTIONS, is_gone) != 0;
	}
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "default"), 0);
	assert_true(functions > 0);
	assert_int_equal(odd, 0);
}

#define CHURN_TEST(name) cmocka_unit_test_setup_teardown(name, start_others, stop_others)
#define ONE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, kcov_test_setup_ready, release_and_unload)

int main(void)
{
	const struct CMUnitTest churn[] = {
		ONE_TEST(each_function_of_a_stock_module_is_recorded_once_a_call),
		ONE_TEST(an_instrumented_function_is_recorded_once_a_call),
		ONE_TEST(page_fault_is_told_from_a_wrong_record),
		ONE_TEST(module_that_comes_while_functions_are_chosen_is_there_once),
		CHURN_TEST(stock_module_is_covered_after_each_load),
		CHURN_TEST(callbacks_and_nothing_else_are_recorded_after_each_load),
	};
	const int failed = cmocka_run_group_tests(churn, NULL, NULL);

	return failed != 0;
}
