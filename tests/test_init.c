// SPDX-License-Identifier: GPL-2.0-only
/*
 * KCOV_INIT_TRACE: which sizes it takes, how often, from whom, and what it
 * answers where there is not that much memory.
 */
#include "kcov_test.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define SIZE_LIMIT	((unsigned long)INT_MAX / sizeof(unsigned long))
#define RACES		900
#define RACERS		2
#define MANY		4096

static void size_is_refused(void **state, unsigned long size)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_init(t->fd, size), EINVAL);
}

static void size_0_is_refused(void **state)
{
	size_is_refused(state, 0);
}

static void size_1_is_refused(void **state)
{
	size_is_refused(state, 1);
}

static void size_above_the_limit_is_refused(void **state)
{
	size_is_refused(state, SIZE_LIMIT + 1);
}

static void size_ulong_max_is_refused(void **state)
{
	size_is_refused(state, ULONG_MAX);
}

static void size_is_not_truncated(void **state)
{
	size_is_refused(state, (1UL << 32) + KCOV_TEST_SIZE);
	size_is_refused(state, (1UL << 63) + KCOV_TEST_SIZE);
	size_is_refused(state, 1UL << 61);
}

static void size_2_is_taken(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_init(t->fd, 2), 0);
}

static void refused_size_leaves_the_descriptor_new(void **state)
{
	const struct kcov_test *t = *state;

	kcov_init(t->fd, 1);
	assert_int_equal(kcov_enable(t->fd), EINVAL);
	assert_int_equal(kcov_init(t->fd, KCOV_TEST_SIZE), 0);
}

static void init_twice_is_busy(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_init(t->fd, t->size), EBUSY);
	assert_int_equal(kcov_init(t->fd, 2 * t->size), EBUSY);
}

static void bad_size_is_seen_before_busy(void **state)
{
	size_is_refused(state, 1);
	size_is_refused(state, SIZE_LIMIT + 1);
}

static void init_while_enabled_is_busy(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_init(t->fd, t->size), EBUSY);
	assert_int_equal(kcov_disable(t->fd), 0);
}

static void init_after_disable_is_busy(void **state)
{
	const struct kcov_test *t = *state;

	kcov_enable(t->fd);
	kcov_disable(t->fd);
	assert_int_equal(kcov_init(t->fd, t->size), EBUSY);
}

static int enable_here(void *data)
{
	const struct kcov_test *t = data;

	return kcov_enable(t->fd);
}

static void init_after_the_owners_exit_is_busy(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_in_thread(enable_here, *state), 0);
	assert_int_equal(kcov_init(t->fd, t->size), EBUSY);
}

static void init_after_munmap_is_busy(void **state)
{
	struct kcov_test *t = *state;

	kcov_unmap(t->buffer, t->size);
	t->buffer = NULL;
	assert_int_equal(kcov_init(t->fd, t->size), EBUSY);
}

static void buffer_is_all_zero(void **state)
{
	const struct kcov_test *t = *state;
	unsigned long bits = 0;

	for (size_t i = 0; i < t->size; i++)
		bits |= t->buffer[i];
	assert_int_equal(bits, 0);
}

/* A buffer that was full of records is given back, then asked for again. */
static void buffer_shows_nothing_of_an_earlier_one(void **state)
{
	struct kcov_test *t = *state;

	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < t->size; i++)
			t->buffer[i] = ~0UL;
		kcov_release(t);
		assert_true(kcov_make(t, KCOV_TEST_SIZE));
		buffer_is_all_zero(state);
	}
}

/* Two threads meet before each of many descriptors; they spin, to start at the same moment. */
struct race {
	atomic_int arrived;
	int fds[RACES];
};

struct racer {
	struct race *race;
	int results[RACES];
};

static void *race_to_init(void *data)
{
	struct racer *racer = data;
	struct race *race = racer->race;

	for (int i = 0; i < RACES; i++) {
		race->arrived++;
		while (race->arrived < RACERS * (i + 1))
			;
		racer->results[i] = kcov_init(race->fds[i], KCOV_PAGE_WORDS);
	}
	return NULL;
}

/* How many of the descriptors one thread initialised and the other found busy. */
static int count_single_winners(const struct racer *racers)
{
	int fair = 0;

	for (int i = 0; i < RACES; i++) {
		const int first = racers[0].results[i], second = racers[1].results[i];

		fair += (!first && second == EBUSY) || (!second && first == EBUSY);
	}
	return fair;
}

static void of_racing_threads_one_wins(void **state)
{
	static struct racer racers[RACERS];
	static struct race race;
	pthread_t threads[RACERS];

	(void)state;
	for (int i = 0; i < RACES; i++)
		race.fds[i] = kcov_open();
	for (int i = 0; i < RACERS; i++) {
		racers[i].race = &race;
		pthread_create(&threads[i], NULL, race_to_init, &racers[i]);
	}
	for (int i = 0; i < RACERS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < RACES; i++)
		close(race.fds[i]);
	assert_int_equal(count_single_winners(racers), RACES);
}

/*
 * Initialises descriptors until one is refused, at most as many as the machine's memory holds
 * anyway. Answers the errno of that one, which comes back in last.
 */
static int init_until_refused(unsigned long size, int *last)
{
	static int fds[MANY];
	const unsigned long total = 1024 * kcov_read_number("/proc/meminfo", "MemTotal:");
	const unsigned long limit = total / (size * sizeof(unsigned long)) + 2;
	int result = 0;
	unsigned long i;

	for (i = 0; i < limit && i < MANY && !result; i++) {
		fds[i] = kcov_open();
		result = kcov_init(fds[i], size);
	}
	*last = dup(fds[i - 1]);
	while (i-- > 0)
		close(fds[i]);
	return result;
}

static void refused_for_memory(unsigned long size)
{
	const unsigned long kills = kcov_read_number("/proc/vmstat", "oom_kill ");
	int last;

	assert_int_equal(init_until_refused(size, &last), ENOMEM);
	assert_int_equal(kcov_read_number("/proc/vmstat", "oom_kill "), kills);
	assert_int_equal(kcov_init(last, KCOV_TEST_SIZE), 0);
	close(last);
}

static void more_than_there_is_memory_is_enomem(void **state)
{
	(void)state;
	refused_for_memory(SIZE_LIMIT);
}

static void many_that_exceed_the_memory_are_enomem(void **state)
{
	(void)state;
	refused_for_memory(SIZE_LIMIT / 64);
}

static void memory_is_seen_before_busy(void **state)
{
	const struct kcov_test *t = *state;

	if (kcov_read_number("/proc/meminfo", "MemTotal:") > 2UL << 20)
		skip();		/* only a machine of up to 2 GiB refuses the first */
	assert_int_equal(kcov_init(t->fd, SIZE_LIMIT), ENOMEM);
}

int main(void)
{
	const struct CMUnitTest init[] = {
		KCOV_TEST_NEW(size_0_is_refused),
		KCOV_TEST_NEW(size_1_is_refused),
		KCOV_TEST_NEW(size_above_the_limit_is_refused),
		KCOV_TEST_NEW(size_ulong_max_is_refused),
		KCOV_TEST_NEW(size_is_not_truncated),
		KCOV_TEST_NEW(size_2_is_taken),
		KCOV_TEST_NEW(refused_size_leaves_the_descriptor_new),
		KCOV_TEST(init_twice_is_busy),
		KCOV_TEST(bad_size_is_seen_before_busy),
		KCOV_TEST(init_while_enabled_is_busy),
		KCOV_TEST(init_after_disable_is_busy),
		KCOV_TEST(init_after_the_owners_exit_is_busy),
		KCOV_TEST(init_after_munmap_is_busy),
		KCOV_TEST(buffer_is_all_zero),
		KCOV_TEST(buffer_shows_nothing_of_an_earlier_one),
		cmocka_unit_test(of_racing_threads_one_wins),
		cmocka_unit_test(more_than_there_is_memory_is_enomem),
		cmocka_unit_test(many_that_exceed_the_memory_are_enomem),
		KCOV_TEST(memory_is_seen_before_busy),
	};
	const int failed = cmocka_run_group_tests(init, NULL, NULL);

	return failed != 0;
}
