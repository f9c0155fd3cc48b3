// SPDX-License-Identifier: GPL-2.0-only
/*
 * sctp with callbacks: an association over the loopback device. Its control sockets hold the
 * module, the stock one, too, so it stays: this has a boot of its own.
 */
#include "kcov_instrumented.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT	7777

struct ends {
	int listening, here, there;
};

static struct sockaddr_in place(void)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static bool listen_at(struct ends *ends)
{
	const struct sockaddr_in address = place();

	ends->listening = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
	ends->here = socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
	ends->there = -1;
	return ends->listening >= 0 && ends->here >= 0 &&
	       !bind(ends->listening, (const void *)&address, sizeof(address)) &&
	       !listen(ends->listening, 1);
}

static int join(void *data)
{
	const struct sockaddr_in address = place();
	struct ends *ends = data;

	if (connect(ends->here, (const void *)&address, sizeof(address)))
		return errno;
	ends->there = accept(ends->listening, NULL, NULL);
	return ends->there < 0 ? errno : 0;
}

static int talk(void *data)
{
	const struct ends *ends = data;
	char said[16] = "";

	if (send(ends->here, "kcov", 4, 0) != 4 || recv(ends->there, said, sizeof(said), 0) != 4)
		return errno ? errno : EIO;
	return strcmp(said, "kcov") ? EBADMSG : 0;
}

static void close_all(const struct ends *ends)
{
	close(ends->here);
	close(ends->there);
	close(ends->listening);
}

static void sctp_loads(void **state)
{
	(void)state;
	assert_int_equal(kcov_insert("sctp"), 0);
	assert_true(kcov_is_swapped("sctp"));
}

static void joining_gives_blocks(void **state)
{
	const struct kcov_test *t = *state;
	struct ends ends;
	struct kcov_call call = { join, &ends, -1 };
	ssize_t count;

	assert_true(listen_at(&ends));
	count = kcov_record(t, KCOV_TRACE_PC, &call);
	close_all(&ends);
	assert_int_equal(call.result, 0);
	assert_true(count > 0 && kcov_blocks(t, count, "sctp_inet_connect") >= 3);
	assert_true(kcov_blocks(t, count, "sctp_accept") >= 3);
	assert_int_equal(kcov_blocks(t, count, "sctp_sendmsg"), 0);
	assert_int_equal(kcov_entries_within(t, count, "sctp"), 0);
}

static void talking_arrives_and_gives_blocks(void **state)
{
	const struct kcov_test *t = *state;
	struct ends ends;
	struct kcov_call call = { talk, &ends, -1 };
	ssize_t count;

	assert_true(listen_at(&ends));
	assert_int_equal(join(&ends), 0);
	count = kcov_record(t, KCOV_TRACE_PC, &call);
	close_all(&ends);
	assert_int_equal(call.result, 0);
	assert_true(count > 0 && kcov_blocks(t, count, "sctp_sendmsg") >= 3);
	assert_true(kcov_blocks(t, count, "sctp_recvmsg") >= 3);
	assert_int_equal(kcov_blocks(t, count, "sctp_inet_connect"), 0);
}

/* Nobody listens: another end of the same call. */
static void refused_joining_gives_other_blocks(void **state)
{
	const struct kcov_test *t = *state;
	struct ends ends;
	struct kcov_call call = { join, &ends, -1 };
	ssize_t count;

	assert_true(listen_at(&ends));
	close(ends.listening);
	count = kcov_record(t, KCOV_TRACE_PC, &call);
	close_all(&ends);
	assert_int_equal(call.result, ECONNREFUSED);
	assert_true(count > 0 && kcov_blocks(t, count, "sctp_inet_connect") >= 3);
	assert_int_equal(kcov_blocks(t, count, "sctp_accept"), 0);
}

static void it_stays(void **state)
{
	(void)state;
	assert_int_equal(kcov_swap_out("sctp"), EWOULDBLOCK);
	assert_int_equal(kcov_unload("kcov"), EWOULDBLOCK);
}

static int setup(void **state)
{
	static struct kcov_test test;

	*state = &test;
	kcov_symbol("sctp_sendmsg");
	return kcov_make(&test, KCOV_MOUNT_WORDS) ? 0 : -1;
}

#define SCTP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, kcov_test_teardown)

int main(void)
{
	const struct CMUnitTest sctp[] = {
		cmocka_unit_test(sctp_loads),
		SCTP_TEST(joining_gives_blocks),
		SCTP_TEST(talking_arrives_and_gives_blocks),
		SCTP_TEST(refused_joining_gives_other_blocks),
		cmocka_unit_test(it_stays),
	};

	return cmocka_run_group_tests(sctp, NULL, NULL) != 0;
}
