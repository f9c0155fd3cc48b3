// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whole system calls, as a program makes them.
 */
#include "measure.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * One, against two: that of many would have what the allocators do for each 30th call or
 * so, and how much of it depends on all that ran before.
 */
#define ONE		1

/* Which allocate nothing, but of one the other side may be late, and so not be waited for. */
#define ROUND_TRIPS	10

/*
 * The scheduler may have two tasks preempt each other at each wake-up, and stay with that
 * until one of them is another one.
 */
#define PEERS		5

static int zero = -1;
static int there = -1, back = -1;

static void act_nothing(void)
{
}

static void act_read(void)
{
	char byte;

	if (read(zero, &byte, 1) != 1)
		die("read of /dev/zero: %s", strerror(errno));
}

static void act_open(void)
{
	const int fd = open("/dev/zero", O_RDONLY);

	if (fd < 0 || close(fd))
		die("open and close of /dev/zero: %s", strerror(errno));
}

/* Far from all else: what becomes one with a mapping beside it takes another way. */
static void act_map(void)
{
	void *page = mmap((void *)0x200000000000, KCOV_PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (page == MAP_FAILED || munmap(page, KCOV_PAGE))
		die("mmap and munmap: %s", strerror(errno));
}

/* To another process, and back. */
static void act_ping(void)
{
	char byte = 0;

	if (write(there, &byte, 1) != 1 || read(back, &byte, 1) != 1)
		die("ping: %s", strerror(errno));
}

static const struct {
	const char *name;
	const char *what;
	void (*act)(void);
	unsigned long turns;
} calls[] = {
	{ "read", "read of /dev/zero", act_read, ONE },
	{ "open", "open and close", act_open, ONE },
	{ "mmap", "mmap and munmap", act_map, ONE },
	{ "pipe", "pipe ping-pong", act_ping, ROUND_TRIPS },
};

struct batch {
	void (*act)(void);
	const struct kcov_test *t;
	unsigned long turns;
};

static unsigned long sample_calls(const void *data, unsigned long count)
{
	const struct batch *batch = data;
	unsigned long start;

	if (batch->t)
		kcov_set_count(batch->t, 0);
	start = ticks();
	for (unsigned long i = 0; i < count; i++)
		batch->act();
	return ticks() - start;
}

static double call_cost(const struct batch *batch)
{
	static const struct batch nothing = { act_nothing, NULL, ROUND_TRIPS };

	return per_event(sample_calls, batch, batch->turns) -
	       per_event(sample_calls, &nothing, nothing.turns);
}

/* No ticks, but the records that so many turns leave. */
static unsigned long sample_records(const void *data, unsigned long count)
{
	const struct batch *batch = data;

	kcov_set_count(batch->t, 0);
	for (unsigned long i = 0; i < count; i++)
		batch->act();
	if (!kcov_count(batch->t) || kcov_count(batch->t) >= batch->t->size - 1)
		die("%zu records of a system call, in a buffer of %zu words",
		    kcov_count(batch->t), batch->t->size);
	return kcov_count(batch->t);
}

static void count_records(const char *name, const char *what, const struct batch *batch)
{
	char key[64], text[96];

	snprintf(key, sizeof(key), "call.%s.records", name);
	snprintf(text, sizeof(text), "%s: records", what);
	row(key, ROW_SHOWN, "records", per_event(sample_records, batch, batch->turns),
	    text);
}

/* Answers each byte, until nobody sends any more. */
static void be_peer(int from, int to)
{
	char byte;

	while (read(from, &byte, 1) == 1)
		if (write(to, &byte, 1) != 1)
			_exit(1);
	_exit(0);
}

static pid_t peer_begin(void)
{
	int ping[2], pong[2];
	pid_t pid;

	if (pipe(ping) || pipe(pong))
		die("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		close(ping[1]);
		be_peer(ping[0], pong[1]);
	}
	close(ping[0]);
	close(pong[1]);
	there = ping[1];
	back = pong[0];
	return pid;
}

static void peer_end(pid_t pid)
{
	int status;

	close(there);
	close(back);
	if (waitpid(pid, &status, 0) != pid || status)
		die("the other side of the pipes ended with status %#x", status);
}

/* The lowest of several peers. */
static void measure_costs(const struct kcov_test *t, double costs[ARRAY_SIZE(calls)])
{
	for (int round = 0; round < PEERS; round++) {
		const pid_t peer = peer_begin();

		for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
			const struct batch batch = { calls[i].act, t, calls[i].turns };
			const double cost = call_cost(&batch);

			costs[i] = round ? MIN(costs[i], cost) : cost;
		}
		peer_end(peer);
	}
}

static void measure_records(const struct kcov_test *t)
{
	const pid_t peer = peer_begin();

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		const struct batch batch = { calls[i].act, t, calls[i].turns };

		count_records(calls[i].name, calls[i].what, &batch);
	}
	peer_end(peer);
}

/**
 * measure_calls() - all of them, in the state that the caller has made
 * @t: what the caller traces with, enabled; NULL if it does not
 * @when: the state, part of the rows' names
 * @state: the same in words
 */
void measure_calls(const struct kcov_test *t, const char *when, const char *state)
{
	double costs[ARRAY_SIZE(calls)];

	zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	if (zero < 0)
		die("/dev/zero: %s", strerror(errno));
	measure_costs(t, costs);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		char name[64], what[96];

		snprintf(name, sizeof(name), "call.%s.%s", calls[i].name, when);
		snprintf(what, sizeof(what), "%s: %s", calls[i].what, state);
		row(name, ROW_SHOWN, "instructions", costs[i], what);
	}
	if (t)
		measure_records(t);
	close(zero);
}
