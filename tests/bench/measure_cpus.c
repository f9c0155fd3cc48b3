// SPDX-License-Identifier: GPL-2.0-only
/*
 * The same by several tasks at once, each on a CPU of its own, with a descriptor of its
 * own: what is shared behind their backs would make an event take more.
 *
 * A worker does what it is told by bytes in a pipe; the parent, which sleeps meanwhile,
 * reads the ticks of all. All CPUs take turns in one clock of instructions, so an event's
 * are those of the round, divided by all events of all workers.
 */
#include "measure.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Many slices of a CPU (tests/vm/boot), so that it is stopped at all places of the code. */
#define TURNS	20000

/* Words for the records of twice as many comparisons. */
#define LARGE	(320 * KCOV_PAGE_WORDS)

#define CPUS_MAX	4

#define NOT_TRACED	(-1UL)

static const unsigned int numbers[] = { 1, 2, 4 };

static const struct event {
	const char *name;	/* of its loop, and in that of its rows */
	const char *what;
	unsigned long mode;	/* of the descriptor that takes one record a turn; or NOT_TRACED */
	bool entry;		/* what the function takes by itself is taken off */
} events[] = {
	{ "pc", "PC callback: recording", KCOV_TRACE_PC, false },
	{ "cmp8", "comparison, 8 bytes: recording", KCOV_TRACE_CMP, false },
	{ "entry", "function entry: recording", KCOV_TRACE_PC, true },
	{ "shared", "lock that all share, for comparison", NOT_TRACED, false },
};

struct team {
	unsigned int size;
	pid_t pids[CPUS_MAX];
	int orders[CPUS_MAX], answers[CPUS_MAX];
	const struct loop *loop;	/* whose t is each worker's own */
};

static void obey(const struct loop *loop, int orders, int answers)
{
	unsigned long count;

	while (read(orders, &count, sizeof(count)) == sizeof(count)) {
		run_checked(loop, count);
		if (write(answers, &count, sizeof(count)) != sizeof(count))
			_exit(1);
	}
	_exit(0);
}

static void be_worker(const struct loop *loop, unsigned long mode, int orders, int answers, int cpu)
{
	struct loop own = *loop;
	struct kcov_test t;

	if (!kcov_pin(cpu))
		die("CPU %d: %s", cpu, strerror(errno));
	if (mode != NOT_TRACED) {
		make(&t, LARGE);
		enable(&t, mode);
		own.t = &t;
	}
	obey(&own, orders, answers);
}

static void start_worker(struct team *team, unsigned int i, unsigned long mode)
{
	int orders[2], answers[2];

	if (pipe(orders) || pipe(answers))
		die("pipe: %s", strerror(errno));
	team->pids[i] = fork();
	if (team->pids[i] < 0)
		die("fork: %s", strerror(errno));
	if (!team->pids[i]) {
		for (unsigned int k = 0; k < i; k++)
			close(team->orders[k]);
		close(orders[1]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		be_worker(team->loop, mode, orders[0], answers[1], (int)i);
	}
	close(orders[0]);
	close(answers[1]);
	team->orders[i] = orders[1];
	team->answers[i] = answers[0];
}

static void begin(struct team *team, unsigned long mode)
{
	const int err = kcov_write_number(MEASURE_FILES "parties", team->size);

	if (err)
		die("%sparties: %s", MEASURE_FILES, strerror(err));
	for (unsigned int i = 0; i < team->size; i++)
		start_worker(team, i, mode);
}

static void end(const struct team *team)
{
	int status;

	for (unsigned int i = 0; i < team->size; i++) {
		close(team->orders[i]);
		close(team->answers[i]);
		if (waitpid(team->pids[i], &status, 0) != team->pids[i] || status)
			die("the worker on CPU %u ended with status %#x", i, status);
	}
	kcov_write_number(MEASURE_FILES "parties", 1);
}

static unsigned long sample_round(const void *data, unsigned long count)
{
	const struct team *team = data;
	unsigned long answer;

	for (unsigned int i = 0; i < team->size; i++)
		if (write(team->orders[i], &count, sizeof(count)) != sizeof(count))
			die("the worker on CPU %u takes no orders: %s", i, strerror(errno));
	for (unsigned int i = 0; i < team->size; i++)
		if (read(team->answers[i], &answer, sizeof(answer)) != sizeof(answer))
			die("the worker on CPU %u does not answer", i);
	return loop_ticks(team->loop->name);
}

/* Of one turn of one worker, with all there is around it. */
static double turn(unsigned int size, const struct loop *loop, unsigned long mode)
{
	struct team team = { .size = size, .loop = loop };
	double cost;

	begin(&team, mode);
	cost = per_event(sample_round, &team, TURNS) / size;
	end(&team);
	return cost;
}

/* What of @event is not its recording, by @size workers at once. */
static double around(const struct event *event, unsigned int size)
{
	const struct loop loop = { .name = event->entry ? event->name : "nothing" };

	return turn(size, &loop, NOT_TRACED);
}

static void measure_event(const struct event *event)
{
	const struct loop loop = { .name = event->name, .records = event->mode != NOT_TRACED };
	double without[ARRAY_SIZE(numbers)];

	if (event->entry)
		cover_functions(false);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		without[i] = around(event, numbers[i]);
	if (event->entry)
		cover_functions(true);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		const unsigned int size = numbers[i];
		char name[64], what[96];

		snprintf(name, sizeof(name), "cpus.%u.%s", size, event->name);
		snprintf(what, sizeof(what), "%s, %u CPU%s", event->what, size,
			 size == 1 ? "" : "s");
		row(name, ROW_SHOWN, "instructions", turn(size, &loop, event->mode) - without[i],
		    what);
	}
}

/* The kernel's own has no function entries. */
void measure_cpus(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (is_ours() || !events[i].entry)
			measure_event(&events[i]);
}
