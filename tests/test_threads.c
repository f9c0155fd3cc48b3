// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads of one process: who may enable and disable, many at once, exits
 * while enabled, descriptors that go away, CPUs that go away.
 */
#include "kcov_mark.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define THREADS_MAX	32
#define ROUNDS		1000
#define CPU1		"/sys/devices/system/cpu/cpu1/online"

static int enable_in_thread(void *fd)
{
	const int err = kcov_enable(*(int *)fd);

	kcov_read_nothing(NULL);
	return err;
}

static int disable_in_thread(void *fd)
{
	return kcov_disable(*(int *)fd);
}

static void sibling_is_not_recorded(void **state)
{
	struct kcov_test *t = *state;
	struct kcov_test own;

	assert_true(kcov_make(&own, KCOV_TEST_SIZE));
	assert_int_equal(kcov_in_thread(enable_in_thread, &own.fd), 0);
	kcov_set_count(&own, 0);
	assert_true(kcov_trace_read(t) > 0);
	assert_int_equal(kcov_count(&own), 0);
	kcov_release(&own);
}

static void siblings_enable_is_einval(void **state)
{
	struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_in_thread(enable_in_thread, &t->fd), EINVAL);
}

static void siblings_disable_is_einval_and_keeps_it_on(void **state)
{
	struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_in_thread(disable_in_thread, &t->fd), EINVAL);
	kcov_set_count(t, 0);
	kcov_read_nothing(NULL);
	assert_true(kcov_count(t) > 0);
}

struct pair {
	struct kcov_test *test;
	struct kcov_test own;
};

static int enable_both(void *data)
{
	const struct pair *pair = data;

	return kcov_enable(pair->own.fd) ? -1 : kcov_enable(pair->test->fd);
}

static void siblings_descriptor_is_refused_before_the_threads_own(void **state)
{
	struct pair pair = { .test = *state };

	assert_true(kcov_make(&pair.own, KCOV_TEST_SIZE));
	assert_int_equal(kcov_enable(pair.test->fd), 0);
	assert_int_equal(kcov_in_thread(enable_both, &pair), EINVAL);
	kcov_release(&pair.own);
}

static void sibling_may_enable_after_disable(void **state)
{
	struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_in_thread(enable_in_thread, &t->fd), 0);
}

static void exit_while_enabled_frees_the_descriptor(void **state)
{
	struct kcov_test *t = *state;

	assert_int_equal(kcov_in_thread(enable_in_thread, &t->fd), 0);
	assert_int_equal(kcov_disable(t->fd), EINVAL);
	assert_true(kcov_trace_read(t) > 0);
}

static void exit_while_enabled_frees_it_for_any_mode(void **state)
{
	struct kcov_test *t = *state;

	assert_int_equal(kcov_in_thread(enable_in_thread, &t->fd), 0);
	assert_int_equal(kcov_ioctl(t->fd, KCOV_ENABLE, KCOV_TRACE_CMP), 0);
}

static void nothing_is_recorded_after_the_exit(void **state)
{
	struct kcov_test *t = *state;
	size_t count;

	assert_int_equal(kcov_in_thread(enable_in_thread, &t->fd), 0);
	count = kcov_count(t);
	assert_true(count > 0);
	for (int i = 0; i < 1000; i++)
		kcov_read_nothing(NULL);
	assert_int_equal(kcov_count(t), count);
}

static bool can_enable(void *data)
{
	const struct kcov_test *t = data;

	return !kcov_enable(t->fd);
}

/* Ends the process, whose first thread is gone by then. */
static void *enable_after_the_leader(void *data)
{
	_exit(kcov_wait_for(can_enable, data) ? 0 : 2);
}

static int leader_exits_enabled(void *data)
{
	pthread_t thread;

	if (kcov_enable(((struct kcov_test *)data)->fd) ||
	    pthread_create(&thread, NULL, enable_after_the_leader, data))
		return 1;
	syscall(SYS_exit, 0);
	return 1;
}

static void leader_that_exits_frees_the_descriptor_for_its_threads(void **state)
{
	assert_int_equal(kcov_in_child(leader_exits_enabled, *state), 0);
	assert_int_equal(kcov_enable(((struct kcov_test *)*state)->fd), 0);
}

static bool is_zombie(void *unused)
{
	char path[64], state = '?';
	FILE *file;

	(void)unused;
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	fclose(file);
	return state == 'Z';
}

static void *trace_after_the_leader(void *data)
{
	const struct kcov_test *t = data;

	if (kcov_enable(t->fd) || !kcov_wait_for(is_zombie, NULL))
		_exit(2);
	kcov_set_count(t, 0);
	kcov_read_nothing(NULL);
	_exit(kcov_count(t) > 0 ? 0 : 3);
}

static int leader_exits_first(void *data)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, trace_after_the_leader, data))
		return 1;
	syscall(SYS_exit, 0);
	return 1;
}

static void trace_goes_on_after_the_leader_exited(void **state)
{
	assert_int_equal(kcov_in_child(leader_exits_first, *state), 0);
}

/* The own descriptor of one of several threads that trace at the same time. */
struct tracer {
	pthread_t thread;
	pthread_barrier_t *start;
	struct kcov_test test;
	unsigned long first[64];
	int different;
};

static void *trace_many_times(void *data)
{
	struct tracer *own = data;

	pthread_barrier_wait(own->start);
	for (int i = 0; i < 50; i++) {
		const ssize_t count = kcov_trace_read(&own->test);

		if (i == 0)
			memcpy(own->first, own->test.buffer, sizeof(own->first));
		own->different += count < 1 || count > 63 || (size_t)count != own->first[0] ||
			memcmp(own->first, own->test.buffer, (count + 1) * sizeof(own->first[0]));
	}
	return NULL;
}

static void make_tracers(struct tracer *all, int number, pthread_barrier_t *start)
{
	pthread_barrier_init(start, NULL, number);
	for (int i = 0; i < number; i++) {
		all[i] = (struct tracer){ .start = start };
		assert_true(kcov_make(&all[i].test, KCOV_TEST_SIZE));
	}
}

static int differences(struct tracer *all, int number)
{
	int different = 0;

	for (int i = 0; i < number; i++)
		pthread_create(&all[i].thread, NULL, trace_many_times, &all[i]);
	for (int i = 0; i < number; i++) {
		pthread_join(all[i].thread, NULL);
		different += all[i].different;
		different += memcmp(all[i].first, all[0].first,
				    (all[0].first[0] + 1) * sizeof(all[0].first[0])) != 0;
		kcov_release(&all[i].test);
	}
	return different;
}

static void threads_with_a_descriptor_each(int number)
{
	static struct tracer all[THREADS_MAX];
	pthread_barrier_t start;

	make_tracers(all, number, &start);
	assert_int_equal(differences(all, number), 0);
	pthread_barrier_destroy(&start);
}

static void two_threads_trace_at_once(void **state)
{
	(void)state;
	threads_with_a_descriptor_each(2);
}

static void thirty_two_threads_trace_at_once(void **state)
{
	(void)state;
	threads_with_a_descriptor_each(32);
}

struct race {
	pthread_barrier_t start, end;
	int fd;
};

/* A winner keeps the descriptor until all others have had their answer. */
static void *race_to_enable(void *data)
{
	struct race *race = data;
	int result;

	pthread_barrier_wait(&race->start);
	result = kcov_enable(race->fd);
	pthread_barrier_wait(&race->end);
	return (void *)(intptr_t)result;
}

static bool one_winner(struct race *race, int number)
{
	pthread_t threads[THREADS_MAX];
	int won = 0, refused = 0;
	void *result;

	pthread_barrier_init(&race->start, NULL, number);
	pthread_barrier_init(&race->end, NULL, number);
	for (int i = 0; i < number; i++)
		pthread_create(&threads[i], NULL, race_to_enable, race);
	for (int i = 0; i < number; i++) {
		pthread_join(threads[i], &result);
		won += (intptr_t)result == 0;
		refused += (intptr_t)result == EINVAL;
	}
	pthread_barrier_destroy(&race->start);
	pthread_barrier_destroy(&race->end);
	return won == 1 && refused == number - 1;
}

static void of_racing_threads_one_enables(void **state)
{
	const struct kcov_test *t = *state;
	struct race race = { .fd = t->fd };
	int fair = 0;

	for (int i = 0; i < 100; i++)
		fair += one_winner(&race, 8);
	assert_int_equal(fair, 100);
}

static int trace_after_close(void *data)
{
	struct kcov_test *t = data;

	if (kcov_enable(t->fd) || close(t->fd))
		return 1;
	t->fd = -1;
	kcov_set_count(t, 0);
	kcov_read_nothing(NULL);
	return kcov_count(t) > 0 ? 0 : 2;
}

static void close_does_not_stop_an_enabled_thread(void **state)
{
	assert_int_equal(kcov_in_thread(trace_after_close, *state), 0);
}

static int close_in_thread(void *fd)
{
	return close(*(int *)fd);
}

static int trace_after_siblings_close(void *data)
{
	struct kcov_test *t = data;
	struct kcov_test other;

	if (!kcov_make(&other, KCOV_TEST_SIZE) || kcov_enable(t->fd))
		return -1;
	if (kcov_in_thread(close_in_thread, &t->fd))
		return -1;
	kcov_set_count(t, 0);
	kcov_read_nothing(NULL);
	return kcov_count(t) > 0 ? kcov_enable(other.fd) : 0;
}

static void siblings_close_does_not_stop_an_enabled_thread(void **state)
{
	assert_int_equal(kcov_in_child(trace_after_siblings_close, *state), EBUSY);
}

/* The thread keeps the descriptor that nobody can name any more. */
static int enable_again_after_all_is_gone(void *data)
{
	struct kcov_test *t = data;
	struct kcov_test lost;

	if (!kcov_make(&lost, KCOV_TEST_SIZE) || kcov_enable(lost.fd))
		return 1;
	close(lost.fd);
	kcov_unmap(lost.buffer, lost.size);
	kcov_read_nothing(NULL);
	return kcov_enable(t->fd);
}

static void thread_without_its_descriptor_stays_busy_until_it_exits(void **state)
{
	assert_int_equal(kcov_in_thread(enable_again_after_all_is_gone, *state), EBUSY);
	assert_true(kcov_trace_read(*state) > 0);
}

static int enable_read_exit(void *data)
{
	const struct kcov_test *t = data;

	kcov_set_count(t, 0);
	if (kcov_enable(t->fd))
		return 1;
	kcov_read_nothing(NULL);
	return 0;
}

/* How often a join was not followed by the thread's records and its descriptor. */
static int lost_by_joining(struct kcov_test *t)
{
	int lost = 0;

	for (int i = 0; i < ROUNDS; i++) {
		if (kcov_in_thread(enable_read_exit, t) || kcov_enable(t->fd) ||
		    kcov_disable(t->fd) || !kcov_has_read(t, kcov_count(t)))
			lost++;
	}
	return lost;
}

static void thousand_joined_threads_lose_nothing(void **state)
{
	assert_int_equal(lost_by_joining(*state), 0);
}

static void thousand_joined_threads_on_one_cpu_lose_nothing(void **state)
{
	int lost;

	assert_true(kcov_pin(0));
	lost = lost_by_joining(*state);
	kcov_pin(-1);
	assert_int_equal(lost, 0);
}

struct pinned {
	struct kcov_test *test;
	pthread_barrier_t ready;
	atomic_bool moved;
};

/* Pinned to CPU 1 and enabled before that CPU goes, to the time it is back. */
static int trace_through_unplug(void *data)
{
	struct pinned *pinned = data;
	struct kcov_test *t = pinned->test;
	bool enabled = kcov_pin(1) && !kcov_enable(t->fd);
	size_t before, after;

	kcov_set_count(t, 0);
	kcov_read_nothing(NULL);
	before = kcov_count(t);
	pthread_barrier_wait(&pinned->ready);
	while (!atomic_load(&pinned->moved))
		kcov_set_count(t, 0);
	kcov_read_nothing(NULL);
	kcov_set_count(t, 0);
	kcov_read_nothing(NULL);
	after = kcov_count(t);
	return !enabled || !before || after != before || kcov_disable(t->fd);
}

static void *run_pinned(void *data)
{
	return (void *)(intptr_t)trace_through_unplug(data);
}

static void trace_goes_on_when_the_cpu_is_unplugged(void **state)
{
	struct pinned pinned = { .test = *state };
	void *result = NULL;
	pthread_t thread;

	if (access(CPU1, W_OK))
		skip();	/* needs a second CPU */
	pthread_barrier_init(&pinned.ready, NULL, 2);
	pthread_create(&thread, NULL, run_pinned, &pinned);
	pthread_barrier_wait(&pinned.ready);
	const int off = kcov_write_file(CPU1, "0");
	const int on = kcov_write_file(CPU1, "1");

	atomic_store(&pinned.moved, true);
	pthread_join(thread, &result);
	assert_int_equal(off, 0);
	assert_int_equal(on, 0);
	assert_null(result);
}

int main(void)
{
	const struct CMUnitTest threads[] = {
		KCOV_TEST(sibling_is_not_recorded),
		KCOV_TEST(siblings_enable_is_einval),
		KCOV_TEST(siblings_disable_is_einval_and_keeps_it_on),
		KCOV_TEST(siblings_descriptor_is_refused_before_the_threads_own),
		KCOV_TEST(sibling_may_enable_after_disable),
		KCOV_TEST(exit_while_enabled_frees_the_descriptor),
		KCOV_TEST(exit_while_enabled_frees_it_for_any_mode),
		KCOV_TEST(nothing_is_recorded_after_the_exit),
		KCOV_TEST(leader_that_exits_frees_the_descriptor_for_its_threads),
		KCOV_TEST(trace_goes_on_after_the_leader_exited),
		KCOV_TEST(two_threads_trace_at_once),
		KCOV_TEST(thirty_two_threads_trace_at_once),
		KCOV_TEST(of_racing_threads_one_enables),
		KCOV_TEST(close_does_not_stop_an_enabled_thread),
		KCOV_TEST(siblings_close_does_not_stop_an_enabled_thread),
		KCOV_TEST(thread_without_its_descriptor_stays_busy_until_it_exits),
		KCOV_TEST(thousand_joined_threads_lose_nothing),
		KCOV_TEST(thousand_joined_threads_on_one_cpu_lose_nothing),
		KCOV_TEST(trace_goes_on_when_the_cpu_is_unplugged),
	};
	const int failed = cmocka_run_group_tests(threads, NULL, NULL);

	return failed != 0;
}
