// SPDX-License-Identifier: GPL-2.0-only
/*
 * What must not be recorded: interrupts, other tasks, time in user space, and
 * whatever else would make two traces of one call differ.
 */
#include "kcov_test.h"
#include "kcov_variance.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TICKS		"/sys/kernel/debug/kcov_sample/ticks"
#define SPIN		"/sys/kernel/debug/kcov_plain/spin"
#define TRACES		1000
#define RECORDS_MAX	256

/* One process for each of these on each CPU. */
static void load_calls(void)
{
	syscall(SYS_getppid);
	syscall(SYS_read, -1, NULL, 0);
}

static void load_forks(void)
{
	const pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void load_faults(void)
{
	char *pages = mmap(NULL, 16 * KCOV_PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(pages, 1, 16 * KCOV_PAGE);
	munmap(pages, 16 * KCOV_PAGE);
}

static void load_timers(void)
{
	const struct timespec short_time = { .tv_nsec = 50000 };

	nanosleep(&short_time, NULL);
}

static int ping[2], pong[2];

static void load_pipe_there(void)
{
	char byte = 0;

	if (write(ping[1], &byte, 1) != 1 || read(pong[0], &byte, 1) != 1)
		_exit(1);
}

static void load_pipe_back(void)
{
	char byte = 0;

	if (read(ping[0], &byte, 1) != 1 || write(pong[1], &byte, 1) != 1)
		_exit(1);
}

static void (*const loads[])(void) = {
	load_calls, load_forks, load_faults, load_timers, load_pipe_there, load_pipe_back,
};

#define LOADS	ARRAY_SIZE(loads)
#define CPUS	2

static pid_t load_pids[CPUS][LOADS];

static pid_t start_load(void (*load)(void), int cpu)
{
	const pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	kcov_pin(cpu);
	for (;;)
		load();
}

static int start_loads(void **state)
{
	if (pipe(ping) || pipe(pong))
		return -1;
	for (int cpu = 0; cpu < CPUS; cpu++)
		for (size_t i = 0; i < LOADS; i++)
			load_pids[cpu][i] = start_load(loads[i], cpu);
	return kcov_test_setup_ready(state);
}

static int stop_loads(void **state)
{
	for (int cpu = 0; cpu < CPUS; cpu++) {
		for (size_t i = 0; i < LOADS; i++) {
			kill(load_pids[cpu][i], SIGKILL);
			waitpid(load_pids[cpu][i], NULL, 0);
		}
	}
	for (int end = 0; end < 2; end++) {
		close(ping[end]);
		close(pong[end]);
	}
	return kcov_test_teardown(state);
}

/* The loads are there, and each has been running. */
static bool loads_run(void *unused)
{
	unsigned long time;
	char path[64];
	FILE *file;
	bool ran;

	(void)unused;
	for (size_t i = 0; i < CPUS * LOADS; i++) {
		snprintf(path, sizeof(path), "/proc/%d/schedstat", load_pids[i / LOADS][i % LOADS]);
		file = fopen(path, "re");
		if (!file)
			return false;
		ran = fscanf(file, "%lu", &time) == 1 && time > 0;
		fclose(file);
		if (!ran)
			return false;
	}
	return true;
}

static void print_trace(const char *title, const unsigned long *words)
{
	print_error("%s:", title);
	for (unsigned long i = 1; i <= words[0] && i < RECORDS_MAX; i++)
		print_error(" %s", kcov_symbol_at(words[i]));
	print_error("\n");
}

/* Alike as far as kcov_variance.c asks of a read: it may be preempted. */
static bool same_trace(const unsigned long *first, const unsigned long *second)
{
	const struct kcov_variant variants[] = {
		{ first + 1, first[0], 1 }, { second + 1, second[0], 1 },
	};

	return first[0] < RECORDS_MAX && second[0] < RECORDS_MAX &&
	       kcov_alike(KCOV_READ, &variants[0], &variants[1]);
}

static void assert_same_trace(const unsigned long *first, const unsigned long *second)
{
	if (same_trace(first, second))
		return;
	print_trace("first", first);
	print_trace("then", second);
	fail();
}

static void keep_trace(const struct kcov_test *t, unsigned long *words)
{
	memcpy(words, t->buffer, RECORDS_MAX * sizeof(words[0]));
}

static void thousand_traces_under_load_are_identical(void **state)
{
	static unsigned long first[RECORDS_MAX];
	const struct kcov_test *t = *state;

	assert_true(kcov_wait_for(loads_run, NULL));
	assert_true(kcov_trace_read(t) > 0);
	keep_trace(t, first);
	for (int i = 1; i < TRACES; i++) {
		kcov_trace_read(t);
		assert_same_trace(first, t->buffer);
	}
}

static void write_file(void *data)
{
	int *fd = data;

	if (write(fd[0], fd[1] ? "300" : "000", 3) != 3)
		perror("spin");
	/* What is recorded at least, also where the driver's call is not. */
	kcov_read_nothing(NULL);
}

static ssize_t trace_spin(const struct kcov_test *t, int busy)
{
	int call[2] = { open(SPIN, O_WRONLY | O_CLOEXEC), busy };
	ssize_t count = -1;

	if (call[0] >= 0)
		count = kcov_trace(t, write_file, call);
	close(call[0]);
	return count;
}

/* How often the instrumented code has run in hard and in soft interrupts. */
static void read_ticks(long *hard, long *soft)
{
	FILE *file = fopen(TICKS, "re");

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld %ld", hard, soft), 2);
	fclose(file);
}

/* More than 100 of each kind since; how long that takes is the machine's affair. */
static bool enough_ticks_since(long hard, long soft)
{
	long now[2];

	read_ticks(&now[0], &now[1]);
	return now[0] > hard + 100 && now[1] > soft + 100;
}

/*
 * 300 ms in kernel mode while instrumented code runs in interrupts: equal to no time at all.
 * As often as it takes until there were enough of them.
 */
static void assert_interrupts_are_silent(const struct kcov_test *t)
{
	static unsigned long still[RECORDS_MAX];
	long hard, soft;
	bool same;

	assert_true(trace_spin(t, 0) > 0);
	keep_trace(t, still);
	read_ticks(&hard, &soft);
	assert_int_equal(kcov_write_file(TICKS, "200"), 0);
	do
		same = trace_spin(t, 1) > 0 && same_trace(still, t->buffer);
	while (same && !enough_ticks_since(hard, soft));
	assert_int_equal(kcov_write_file(TICKS, "0"), 0);
	assert_same_trace(still, t->buffer);
}

/* On one CPU, that of the timer. */
static void interrupts_are_not_recorded(void **state)
{
	assert_interrupts_are_silent(*state);
}

static void interrupts_under_load_are_not_recorded(void **state)
{
	assert_true(kcov_wait_for(loads_run, NULL));
	for (int i = 0; i < 3; i++)
		assert_interrupts_are_silent(*state);
}

/* The control: the same code in the task is recorded. */
static void code_of_the_interrupts_is_recorded_in_a_task(void **state)
{
	int call[2] = { open("/sys/kernel/debug/kcov_sample/input", O_WRONLY | O_CLOEXEC), 0 };
	const struct kcov_test *t = *state;
	const ssize_t count = kcov_trace(t, write_file, call);

	close(call[0]);
	assert_true(kcov_reached(t, count, "sample_parse"));
}

struct spinner {
	atomic_bool done;
	void (*meanwhile)(void);
};

static void sleep_300_ms(void)
{
	const struct timespec time = { .tv_nsec = 300000000 };

	nanosleep(&time, NULL);
}

static void call_1000_times(void)
{
	for (int i = 0; i < 1000; i++)
		kcov_read_nothing(NULL);
}

static void *run_meanwhile(void *data)
{
	struct spinner *spinner = data;

	spinner->meanwhile();
	atomic_store(&spinner->done, true);
	return NULL;
}

static const unsigned long nothing[RECORDS_MAX];

/* A thread that has been joined may not have left yet. Until then calls share their files. */
static bool is_alone(void *unused)
{
	(void)unused;
	return kcov_read_number("/proc/self/status", "Threads:") == 1;
}

/* A thread that stays in user space while another is busy records nothing. */
static void assert_silent_spinner(struct kcov_test *t, void (*meanwhile)(void))
{
	struct spinner spinner = { .meanwhile = meanwhile };
	pthread_t thread;
	size_t count;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(pthread_create(&thread, NULL, run_meanwhile, &spinner), 0);
	kcov_set_count(t, 0);
	while (!atomic_load(&spinner.done))
		;
	count = kcov_count(t);
	assert_int_equal(kcov_disable(t->fd), 0);
	pthread_join(thread, NULL);
	assert_true(kcov_wait_for(is_alone, NULL));
	kcov_set_count(t, count);
	assert_same_trace(nothing, t->buffer);
}

static void spinning_in_user_space_records_nothing(void **state)
{
	assert_silent_spinner(*state, sleep_300_ms);
}

static void spinning_under_load_records_nothing(void **state)
{
	assert_true(kcov_wait_for(loads_run, NULL));
	assert_silent_spinner(*state, sleep_300_ms);
}

static void another_threads_calls_are_not_recorded(void **state)
{
	assert_silent_spinner(*state, call_1000_times);
}

static int pin_and_make(void **state)
{
	return kcov_pin(0) ? kcov_test_setup_ready(state) : -1;
}

static int unpin_and_release(void **state)
{
	kcov_pin(-1);
	return kcov_test_teardown(state);
}

static void another_threads_calls_on_the_same_cpu_are_not_recorded(void **state)
{
	assert_silent_spinner(*state, call_1000_times);
}

static int load_samples(void **state)
{
	(void)state;
	return kcov_load("kcov_sample") || kcov_load("kcov_plain") ? -1 : 0;
}

static int unload_samples(void **state)
{
	(void)state;
	return kcov_unload("kcov_plain") || kcov_unload("kcov_sample") ? -1 : 0;
}

#define PINNED_TEST(name) \
	cmocka_unit_test_setup_teardown(name, pin_and_make, unpin_and_release)
#define LOADED_TEST(name) cmocka_unit_test_setup_teardown(name, start_loads, stop_loads)

int main(void)
{
	const struct CMUnitTest noise[] = {
		KCOV_TEST(spinning_in_user_space_records_nothing),
		KCOV_TEST(another_threads_calls_are_not_recorded),
		PINNED_TEST(another_threads_calls_on_the_same_cpu_are_not_recorded),
		PINNED_TEST(interrupts_are_not_recorded),
		KCOV_TEST(code_of_the_interrupts_is_recorded_in_a_task),
		LOADED_TEST(interrupts_under_load_are_not_recorded),
		LOADED_TEST(spinning_under_load_records_nothing),
		LOADED_TEST(thousand_traces_under_load_are_identical),
	};
	const int failed = cmocka_run_group_tests(noise, load_samples, unload_samples);

	return failed != 0;
}
