// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcov_mod/instances: a line for each descriptor, with what is true of it.
 */
#include "kcov_instances.h"
#include "kcov_test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MANY	200

static void assert_row(const char *pid, const char *comm, const char *mode, const char *size)
{
	struct kcov_row row;

	assert_int_equal(kcov_read_rows(&row), 1);
	assert_string_equal(row.pid, pid);
	assert_string_equal(row.comm, comm);
	assert_string_equal(row.mode, mode);
	assert_string_equal(row.size, size);
}

static void table_is_for_root_to_read(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(stat(KCOV_INSTANCES, &status), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0400);
}

static void table_starts_with_its_columns(void **state)
{
	FILE *file = fopen(KCOV_INSTANCES, "re");
	char line[256] = "";

	(void)state;
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	assert_string_equal(line, "id pid comm mode size count dropped lost\n");
}

static void new_descriptor_is_new(void **state)
{
	(void)state;
	assert_row("-", "-", "new", "0");
}

static void initialised_descriptor_is_ready(void **state)
{
	(void)state;
	assert_row("-", "-", "ready", "4096");
}

static void enabled_descriptor_names_its_owner(void **state)
{
	const struct kcov_test *t = *state;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	assert_int_equal(kcov_enable(t->fd), 0);
	prctl(PR_SET_NAME, "owner");
	assert_row(pid, "owner", "pc", "4096");
}

static void mode_of_comparisons_is_cmp(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_row row;

	assert_int_equal(kcov_ioctl(t->fd, KCOV_ENABLE, KCOV_TRACE_CMP), 0);
	assert_int_equal(kcov_read_rows(&row), 1);
	assert_string_equal(row.mode, "cmp");
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_row("-", "-", "ready", "4096");
}

static void name_of_the_owner_is_one_word(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_row row;
	int rows;

	assert_int_equal(kcov_enable(t->fd), 0);
	prctl(PR_SET_NAME, "an\nowner x");
	rows = kcov_read_rows(&row);
	prctl(PR_SET_NAME, "owner");
	assert_int_equal(rows, 1);
	assert_string_equal(row.comm, "an\\012owner\\040x");
}

static void disabled_descriptor_is_ready_again(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_row("-", "-", "ready", "4096");
}

struct owner {
	struct kcov_test *test;
	struct kcov_row row;
	pid_t tid;
};

static int enable_and_read_row(void *data)
{
	struct owner *owner = data;

	owner->tid = syscall(SYS_gettid);
	return kcov_enable(owner->test->fd) || kcov_read_rows(&owner->row) != 1;
}

static void owner_is_the_thread_until_it_exits(void **state)
{
	struct owner owner = { .test = *state };
	char tid[16];

	assert_int_equal(kcov_in_thread(enable_and_read_row, &owner), 0);
	snprintf(tid, sizeof(tid), "%d", owner.tid);
	assert_string_equal(owner.row.pid, tid);
	assert_row("-", "-", "ready", "4096");
}

static void count_is_that_of_the_buffer(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_row row;

	kcov_set_count(t, 77);
	assert_int_equal(kcov_read_rows(&row), 1);
	assert_string_equal(row.count, "77");
}

static void count_is_never_above_the_capacity(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_row row;

	kcov_set_count(t, ~0UL);
	assert_int_equal(kcov_read_rows(&row), 1);
	assert_string_equal(row.count, "4095");
}

static unsigned long dropped(void)
{
	struct kcov_row row;

	assert_int_equal(kcov_read_rows(&row), 1);
	return strtoul(row.dropped, NULL, 10);
}

static void trace_with_count(const struct kcov_test *t, unsigned long count)
{
	assert_int_equal(kcov_enable(t->fd), 0);
	kcov_set_count(t, count);
	for (int i = 0; i < 10; i++)
		kcov_read_nothing(NULL);
	assert_int_equal(kcov_disable(t->fd), 0);
}

static void nothing_is_dropped_while_there_is_room(void **state)
{
	trace_with_count(*state, 0);
	assert_int_equal(dropped(), 0);
}

static void records_that_find_the_buffer_full_are_counted(void **state)
{
	const struct kcov_test *t = *state;
	unsigned long first;

	trace_with_count(t, t->size - 1);
	first = dropped();
	assert_true(first >= 10);
	trace_with_count(t, ~0UL);
	assert_true(dropped() >= first + 10);
}

static void mapping_keeps_the_line(void **state)
{
	struct kcov_test *t = *state;

	close(t->fd);
	t->fd = -1;
	assert_row("-", "-", "ready", "4096");
}

static void closed_descriptor_has_no_line(void **state)
{
	struct kcov_test test;

	(void)state;
	assert_true(kcov_make(&test, KCOV_TEST_SIZE));
	kcov_release(&test);
	assert_true(kcov_wait_for(kcov_has_no_rows, NULL));
}

static void two_hundred_descriptors_have_a_line_each(void **state)
{
	struct kcov_row row;
	int fds[MANY];
	int rows;

	(void)state;
	for (int i = 0; i < MANY; i++)
		fds[i] = kcov_open();
	rows = kcov_read_rows(&row);
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
	assert_int_equal(rows, MANY);
}

struct churn {
	atomic_bool stop;
	int failed;
};

/* Descriptors that come and go, and owners that exit. */
static void *open_enable_close(void *data)
{
	struct churn *churn = data;
	struct kcov_test test;

	while (!atomic_load(&churn->stop)) {
		if (!kcov_make(&test, KCOV_PAGE_WORDS)) {
			churn->failed++;
			continue;
		}
		if (kcov_trace_read(&test) < 0)
			churn->failed++;
		kcov_release(&test);
	}
	return NULL;
}

static void table_stays_whole_while_descriptors_come_and_go(void **state)
{
	struct churn churn = { .stop = false };
	pthread_t threads[3];
	struct kcov_row row;
	int odd = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, open_enable_close, &churn);
	for (int i = 0; i < 500; i++)
		odd += kcov_read_rows(&row) < 0;
	atomic_store(&churn.stop, true);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(odd, 0);
	assert_int_equal(churn.failed, 0);
}

int main(void)
{
	const struct CMUnitTest instances[] = {
		cmocka_unit_test(table_is_for_root_to_read),
		cmocka_unit_test(table_starts_with_its_columns),
		KCOV_TEST_NEW(new_descriptor_is_new),
		KCOV_TEST(initialised_descriptor_is_ready),
		KCOV_TEST(enabled_descriptor_names_its_owner),
		KCOV_TEST(mode_of_comparisons_is_cmp),
		KCOV_TEST(name_of_the_owner_is_one_word),
		KCOV_TEST(disabled_descriptor_is_ready_again),
		KCOV_TEST(owner_is_the_thread_until_it_exits),
		KCOV_TEST(count_is_that_of_the_buffer),
		KCOV_TEST(count_is_never_above_the_capacity),
		KCOV_TEST(nothing_is_dropped_while_there_is_room),
		KCOV_TEST(records_that_find_the_buffer_full_are_counted),
		KCOV_TEST(mapping_keeps_the_line),
		cmocka_unit_test(closed_descriptor_has_no_line),
		cmocka_unit_test(two_hundred_descriptors_have_a_line_each),
		cmocka_unit_test(table_stays_whole_while_descriptors_come_and_go),
	};
	const int failed = cmocka_run_group_tests(instances, NULL, NULL);

	return failed != 0;
}
