// SPDX-License-Identifier: GPL-2.0-only
/*
 * How something is timed, and what is said of it.
 *
 * What is constant in a sample, the call that starts it among it, drops out, as one of
 * twice as many turns is taken, too: the difference is the turns alone.
 */
#include "measure.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <time.h>
#include <unistd.h>

/* Interrupts do not come more often than in one sample of so many, if it is a long one. */
#define TRIES 15

/* Samples together have at least so many turns, or one of few might never be undisturbed. */
#define TRIED_TURNS 150

/* More than the call that starts a loop can leave records. */
#define LOOP_TURNS 1000

/* So many times as much is one sample of time, and so much at least: no clock is exact. */
#define TIME_FACTOR 5
#define TIME_TURNS 100
#define TIME_TRIES 30

/* How long time is counted in ticks, to know how long one takes. */
#define CALIBRATION_US 200000

/* 0 where ticks are instructions. */
static double ns_per_tick;

void die(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	fputs("measure: ", stdout);
	vprintf(format, values);
	va_end(values);
	putchar('\n');
	fflush(stdout);
	_exit(1);
}

/* Instructions are nanoseconds where it is time that passes. */
void row(const char *name, enum row_kind kind, const char *unit, double value, const char *what)
{
	if (ns_per_tick && !strcmp(unit, "instructions")) {
		unit = "ns";
		value *= ns_per_tick;
	}
	printf("@\t%s\t%s\t%s\t%.2f\t%s\n", name, kind == ROW_GUARDED ? "guarded" : "shown",
	       unit, value, what);
}

unsigned long ticks(void)
{
	return __builtin_ia32_rdtsc();
}

static double now_ns(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC_RAW, &now))
		die("clock_gettime: %s", strerror(errno));
	return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

/* From here on rows are in nanoseconds. */
void measure_time(void)
{
	const double from = now_ns();
	const unsigned long start = ticks();

	usleep(CALIBRATION_US);
	ns_per_tick = (now_ns() - from) / (double)(ticks() - start);
}

static unsigned long lowest(sampler *sample, const void *data, unsigned long count)
{
	const unsigned long tries = ns_per_tick ? TIME_TRIES : MAX(TRIES, TRIED_TURNS / count);
	unsigned long found = -1UL;

	for (unsigned long try = 0; try < tries; try++) {
		const unsigned long took = sample(data, count);

		if (took < found)
			found = took;
	}
	return found;
}

double per_event(sampler *sample, const void *data, unsigned long count)
{
	const unsigned long turns = ns_per_tick ? MAX(TIME_FACTOR * count, TIME_TURNS) : count;
	const unsigned long once = lowest(sample, data, turns);
	const unsigned long twice = lowest(sample, data, 2 * turns);

	return ((double)twice - (double)once) / (double)turns;
}

/* From a file of kcov_bench.ko. */
static unsigned long read_number(int fd, const char *name)
{
	char text[32] = "";

	if (read(fd, text, sizeof(text) - 1) <= 0)
		die("ticks of loop %s: %s", name, strerror(errno));
	return strtoul(text, NULL, 10);
}

static int open_loop(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), MEASURE_FILES "%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

/* Leaves what is in @t behind it, where the call that starts it is, too, in @records. */
static void run_loop(const struct loop *loop, unsigned long count, size_t *records)
{
	const int fd = open_loop(loop->name);
	char text[24];
	const int length = snprintf(text, sizeof(text), "%lu", count);

	if (loop->t)
		kcov_set_count(loop->t, 0);
	if (write(fd, text, length) != length)
		die("loop %s, %s times: %s", loop->name, text, strerror(errno));
	*records = loop->t ? kcov_count(loop->t) : 0;
	close(fd);
}

/* Runs it, and ends the program if its records are not those that were meant. */
void run_checked(const struct loop *loop, unsigned long count)
{
	const size_t wanted = loop->records * count;
	size_t records;

	run_loop(loop, count, &records);
	if (loop->t && (records < wanted || records >= wanted + count))
		die("loop %s: %zu records of %lu turns, not %zu and some: not what was meant",
		    loop->name, records, count, wanted);
}

/* Of its last run; of all who took part in it. */
unsigned long loop_ticks(const char *name)
{
	const int fd = open_loop(name);
	const unsigned long took = read_number(fd, name);

	close(fd);
	return took;
}

static unsigned long sample_loop(const void *data, unsigned long count)
{
	const struct loop *loop = data;

	run_checked(loop, count);
	return loop_ticks(loop->name);
}

/* How many records one turn leaves in a descriptor that is enabled. */
unsigned int loop_records(const char *name, const struct kcov_test *t)
{
	const struct loop loop = { .name = name, .t = t };
	size_t once, twice;

	run_loop(&loop, LOOP_TURNS, &once);
	run_loop(&loop, 2 * LOOP_TURNS, &twice);
	return (twice - once + LOOP_TURNS / 2) / LOOP_TURNS;
}

/**
 * loop_cost() - instructions of one turn, without those of the loop itself
 * @loop: which, and in which state
 */
double loop_cost(const struct loop *loop)
{
	static const struct loop nothing = { .name = "nothing" };
	const unsigned long turns = loop->turns ? loop->turns : LOOP_TURNS;

	return per_event(sample_loop, loop, turns) - per_event(sample_loop, &nothing, LOOP_TURNS);
}

void make(struct kcov_test *t, size_t size)
{
	if (!kcov_make(t, size))
		die("%s, %zu words: %s", KCOV_DEVICE, size, strerror(errno));
}

void enable(const struct kcov_test *t, unsigned long mode)
{
	const int err = kcov_ioctl(t->fd, KCOV_ENABLE, mode);

	if (err)
		die("KCOV_ENABLE, mode %lu: %s", mode, strerror(err));
}

void disable(const struct kcov_test *t)
{
	const int err = kcov_disable(t->fd);

	if (err)
		die("KCOV_DISABLE: %s", strerror(err));
}
