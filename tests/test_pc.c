// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is recorded of the stock kernel: which functions, where, how many, and
 * what happens to a buffer that is full or whose count user space made up.
 */
#include "kcov_test.h"

#include <limits.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATTERN		0xa5a5a5a5a5a5a5a5UL
#define SMALL		KCOV_PAGE_WORDS

/*
 * One page between two that nobody may touch; in the kernel none is mapped on either side of it
 * either, so that a store that misses the buffer ends the test, or the machine.
 */
static int setup_small(void **state)
{
	static struct kcov_test test;
	char *room = mmap(NULL, 3 * KCOV_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*state = &test;
	if (room == MAP_FAILED || !kcov_make(&test, SMALL))
		return -1;
	kcov_unmap(test.buffer, SMALL);
	test.buffer = mmap(room + KCOV_PAGE, KCOV_PAGE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_FIXED, test.fd, 0);
	return test.buffer == MAP_FAILED ? -1 : 0;
}

static int teardown_small(void **state)
{
	struct kcov_test *t = *state;

	munmap((char *)t->buffer - KCOV_PAGE, 3 * KCOV_PAGE);
	t->buffer = NULL;
	return kcov_test_teardown(state);
}

#define SMALL_TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup_small, teardown_small)

static void map_a_page(void *unused)
{
	void *page = mmap(NULL, KCOV_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)unused;
	munmap(page, KCOV_PAGE);
}

static void call_unknown_ioctl(void *fd)
{
	kcov_ioctl(*(int *)fd, _IO('c', 99), 0);
}

static void call_nothing(void *unused)
{
	(void)unused;
}

/* What syzkaller looks for before it starts. */
static void anonymous_mmap_gives_pcs(void **state)
{
	assert_true(kcov_trace(*state, map_a_page, NULL) > 0);
}

/* What gVisor's test looks for. */
static void failing_ioctl_gives_pcs(void **state)
{
	struct kcov_test *t = *state;

	assert_true(kcov_trace(t, call_unknown_ioctl, &t->fd) > 0);
}

static void no_call_gives_no_pc(void **state)
{
	assert_int_equal(kcov_trace(*state, call_nothing, NULL), 0);
}

static void every_pc_is_in_the_range_user_space_knows(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = kcov_trace(t, map_a_page, NULL);

	assert_true(count > 0);
	assert_true(kcov_in_range(t, count));
}

static void read_reaches(const struct kcov_test *t, const char *function)
{
	const ssize_t count = kcov_trace_read(t);

	assert_int_not_equal(kcov_symbol(function), 0);
	assert_true(kcov_reached(t, count, function));
}

static void read_does_not_reach(const struct kcov_test *t, const char *function)
{
	const ssize_t count = kcov_trace_read(t);

	assert_true(count > 0);
	assert_int_not_equal(kcov_symbol(function), 0);
	assert_false(kcov_reached(t, count, function));
}

static void read_of_no_file_enters_the_functions_it_calls(void **state)
{
	read_reaches(*state, "__x64_sys_read");
	read_reaches(*state, "ksys_read");
	read_reaches(*state, kcov_fdget_pos());
}

static void read_of_no_file_enters_no_other_function(void **state)
{
	read_does_not_reach(*state, "vfs_read");
	read_does_not_reach(*state, "vfs_write");
	read_does_not_reach(*state, "ksys_write");
}

/* KASLR, and what the fentry call adds, are taken off each record alike. */
static void every_pc_is_right_behind_a_function_entry(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = kcov_trace_read(t);

	assert_true(count > 0);
	for (ssize_t i = 1; i <= count; i++)
		if (!kcov_is_entry(t->buffer[i]))
			fail_msg("%#lx, %s", t->buffer[i], kcov_symbol_at(t->buffer[i]));
}

/* Context switches and the way in and out of the kernel are nobody's input. */
static void noise_of_every_call_is_left_out(void **state)
{
	read_does_not_reach(*state, "switch_fpu_return");
	read_does_not_reach(*state, kcov_rseq_update());
	read_does_not_reach(*state, "schedule");
}

/* A datagram to this machine: sent with softirqs disabled, received in one, all in this task. */
static void send_to_myself(void *fd)
{
	struct sockaddr_in self = { .sin_family = AF_INET, .sin_port = htons(9) };

	self.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sendto(*(int *)fd, "", 1, 0, (struct sockaddr *)&self, sizeof(self));
}

static ssize_t trace_datagram(const struct kcov_test *t)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t count = -1;

	if (fd >= 0)
		count = kcov_trace(t, send_to_myself, &fd);
	close(fd);
	return count;
}

static void code_with_softirqs_disabled_is_recorded(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = trace_datagram(t);

	assert_true(count > 0);
	assert_true(kcov_reached(t, count, "udp_sendmsg"));
	assert_true(kcov_reached(t, count, "loopback_xmit"));
}

static void code_of_a_softirq_is_not_recorded(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = trace_datagram(t);

	assert_true(count > 0);
	assert_int_not_equal(kcov_symbol("ip_rcv"), 0);
	assert_false(kcov_reached(t, count, "ip_rcv"));
}

static void two_traces_of_one_call_are_equal(void **state)
{
	const struct kcov_test *t = *state;
	unsigned long first[64];
	const ssize_t count = kcov_trace_read(t);

	assert_in_range(count, 1, 63);
	memcpy(first, t->buffer, (count + 1) * sizeof(first[0]));
	assert_int_equal(kcov_trace_read(t), count);
	assert_memory_equal(first, t->buffer, (count + 1) * sizeof(first[0]));
}

static void overfill(const struct kcov_test *t)
{
	kcov_enable(t->fd);
	for (size_t i = 0; i < t->size; i++)
		kcov_read_nothing(NULL);
	kcov_disable(t->fd);
}

static void full_buffer_stops_at_its_last_word(void **state)
{
	const struct kcov_test *t = *state;

	overfill(t);
	assert_int_equal(kcov_count(t), t->size - 1);
	assert_true(kcov_in_range(t, kcov_count(t)));
}

static void full_buffer_keeps_the_first_records(void **state)
{
	const struct kcov_test *t = *state;
	unsigned long first[SMALL];

	overfill(t);
	memcpy(first, t->buffer, sizeof(first));
	overfill(t);
	assert_memory_equal(first, t->buffer, sizeof(first));
}

static void last_free_word_is_filled(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	kcov_set_count(t, t->size - 2);
	kcov_read_nothing(NULL);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_count(t), t->size - 1);
	assert_true(t->buffer[t->size - 1] != 0);
	assert_int_equal(t->buffer[t->size - 2], 0);
}

static void buffer_of_two_words_takes_one_record(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_init(t->fd, 2), 0);
	assert_int_equal(kcov_enable(t->fd), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
}

/* Traces one call with this count in word 0: no word may change. */
static bool count_is_harmless(const struct kcov_test *t, unsigned long count)
{
	for (size_t i = 1; i < t->size; i++)
		t->buffer[i] = PATTERN;
	kcov_set_count(t, count);
	kcov_enable(t->fd);
	kcov_read_nothing(NULL);
	kcov_disable(t->fd);
	for (size_t i = 1; i < t->size; i++)
		if (t->buffer[i] != PATTERN)
			return false;
	return kcov_count(t) == count;
}

/* Beside the guard pages, a buffer that was made right after this one. */
static void count_beyond_the_capacity_is_harmless(void **state)
{
	const unsigned long counts[] = {
		SMALL - 1, SMALL, SMALL + 1, 2 * SMALL, 1UL << 31, 1UL << 32,
		(1UL << 32) - 1, (1UL << 60) - 1, 1UL << 60, (1UL << 61) - 2, (1UL << 61) - 1,
		1UL << 61, (1UL << 61) + SMALL, 1UL << 62, (1UL << 63) - 1, 1UL << 63,
		ULONG_MAX - SMALL, ULONG_MAX - 1, ULONG_MAX,
	};
	const struct kcov_test *t = *state;
	struct kcov_test next;

	assert_true(kcov_make(&next, SMALL));
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		if (!count_is_harmless(t, counts[i]))
			fail_msg("a count of %#lx", counts[i]);
	for (size_t i = 0; i < SMALL; i++)
		assert_int_equal(next.buffer[i], 0);
	kcov_release(&next);
}

/* The control for the test above: the last count that leaves room. */
static void count_within_the_capacity_is_used(void **state)
{
	assert_false(count_is_harmless(*state, SMALL - 2));
}

/* A count that is overwritten while records are added to it. */
static int scribble(void *data)
{
	const struct kcov_test *t = data;
	unsigned long value = 1;

	for (int i = 0; i < 200000; i++) {
		kcov_set_count(t, value);
		value = value * 6364136223846793005UL + 1442695040888963407UL;
	}
	return 0;
}

static int scribble_while_traced(void *data)
{
	const struct kcov_test *t = data;

	if (kcov_enable(t->fd))
		return 1;
	return kcov_in_thread(scribble, data) || kcov_disable(t->fd);
}

static void count_changed_while_recording_is_harmless(void **state)
{
	assert_int_equal(scribble_while_traced(*state), 0);
	assert_true(kcov_trace_read(*state) > 0);
}

int main(void)
{
	const struct CMUnitTest pc[] = {
		KCOV_TEST(anonymous_mmap_gives_pcs),
		KCOV_TEST(failing_ioctl_gives_pcs),
		KCOV_TEST(no_call_gives_no_pc),
		KCOV_TEST(every_pc_is_in_the_range_user_space_knows),
		KCOV_TEST(read_of_no_file_enters_the_functions_it_calls),
		KCOV_TEST(read_of_no_file_enters_no_other_function),
		KCOV_TEST(every_pc_is_right_behind_a_function_entry),
		KCOV_TEST(noise_of_every_call_is_left_out),
		KCOV_TEST(code_with_softirqs_disabled_is_recorded),
		KCOV_TEST(code_of_a_softirq_is_not_recorded),
		KCOV_TEST(two_traces_of_one_call_are_equal),
		SMALL_TEST(full_buffer_stops_at_its_last_word),
		SMALL_TEST(full_buffer_keeps_the_first_records),
		SMALL_TEST(last_free_word_is_filled),
		KCOV_TEST_NEW(buffer_of_two_words_takes_one_record),
		SMALL_TEST(count_beyond_the_capacity_is_harmless),
		SMALL_TEST(count_within_the_capacity_is_used),
		SMALL_TEST(count_changed_while_recording_is_harmless),
	};
	const int failed = cmocka_run_group_tests(pc, NULL, NULL);

	return failed != 0;
}
