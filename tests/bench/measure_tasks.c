// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sections, the calls around a trace, switches, forks.
 */
#include "measure.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Words for what 2,000 sections of ten records leave, or 200 pairs of ioctls. */
#define LARGE		(128 * KCOV_PAGE_WORDS)

/* A child has a copy of the mapping's page table, so what forks has a small one. */
#define SMALL		(8 * KCOV_PAGE_WORDS)

#define PAIRS		100
#define SWITCHES	100
#define FORKS		8

static double switch_cost(void)
{
	const struct loop loop = { .name = "switch", .turns = SWITCHES };

	return loop_cost(&loop);
}

static void shown(const char *name, double value, const char *what)
{
	row(name, ROW_SHOWN, "instructions", value, what);
}

static void use_handle(unsigned long handle)
{
	const int err = kcov_write_number(MEASURE_FILES "handle", handle);

	if (err)
		die("%shandle: %s", MEASURE_FILES, strerror(err));
}

static void section(const char *name, const char *what, const struct loop *loop)
{
	row(name, ROW_GUARDED, "instructions", loop_cost(loop), what);
}

void measure_sections_unused(void)
{
	use_handle(MEASURE_HANDLE);
	section("remote.unused", "section: nobody has a handle",
		&(struct loop){ .name = "section0" });
}

/* The caller runs the sections; another task has their handle, and the caller its records. */
void measure_sections(void)
{
	struct kcov_test t;
	struct other other;

	make(&t, LARGE);
	other_begin(&other, &t, MEASURE_HANDLE);
	use_handle(MEASURE_OTHER_HANDLE);
	section("remote.other", "section: others have handles, nobody this one",
		&(struct loop){ .name = "section0", .t = &t });
	use_handle(MEASURE_HANDLE);
	section("remote.0", "section without a record",
		&(struct loop){ .name = "section0", .t = &t });
	section("remote.1", "section with 1 record",
		&(struct loop){ .name = "section1", .t = &t, .records = 1 });
	section("remote.10", "section with 10 records",
		&(struct loop){ .name = "section10", .t = &t, .records = 10 });
	other_end(&other);
	kcov_release(&t);
}

/* Two ioctls; what they leave in @t, if there is one, is forgotten before each sample. */
struct pair {
	int fd;
	unsigned long first, second;
	const struct kcov_test *t;
};

static unsigned long sample_pair(const void *data, unsigned long count)
{
	const struct pair *pair = data;
	unsigned long start;

	if (pair->t)
		kcov_set_count(pair->t, 0);
	start = ticks();
	for (unsigned long i = 0; i < count; i++)
		if (ioctl(pair->fd, pair->first, 0) || ioctl(pair->fd, pair->second, 0))
			die("ioctl %#lx or %#lx: %s", pair->first, pair->second, strerror(errno));
	return ticks() - start;
}

static double pair_cost(const struct kcov_test *t, unsigned long first, unsigned long second)
{
	const struct pair pair = { t->fd, first, second, t };

	return per_event(sample_pair, &pair, PAIRS);
}

/* Two ioctls that do nothing, of a file that is like kcov's. */
static double idle_pair(void)
{
	const int fd = open(MEASURE_FILES "idle_ioctl", O_RDWR | O_CLOEXEC);
	const struct pair pair = { fd, KCOV_ENABLE, KCOV_DISABLE, NULL };
	double cost;

	if (fd < 0)
		die("%sidle_ioctl: %s", MEASURE_FILES, strerror(errno));
	cost = per_event(sample_pair, &pair, PAIRS);
	close(fd);
	return cost;
}

static void measure_enable(const char *name, const char *what)
{
	const double idle = idle_pair();
	struct kcov_test t;

	make(&t, LARGE);
	shown(name, pair_cost(&t, KCOV_ENABLE, KCOV_DISABLE) - idle, what);
	kcov_release(&t);
}

static void measure_reset(void)
{
	const double idle = idle_pair();
	struct kcov_test t;

	make(&t, SMALL);
	enable(&t, KCOV_TRACE_CMP);
	shown("reset.ioctl", (pair_cost(&t, KCOV_RESET_TRACE, KCOV_RESET_TRACE) - idle) / 2,
	      "KCOV_RESET_TRACE");
	disable(&t);
	kcov_release(&t);
}

/* A child that enables the descriptor, if there is one, and exits. */
static void run_child(const struct kcov_test *t)
{
	const pid_t pid = fork();
	int status;

	if (!pid)
		_exit(t && kcov_enable(t->fd));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("fork: %s", strerror(errno));
	if (status)
		die("KCOV_ENABLE in a child: it ended with status %#x", status);
}

static unsigned long sample_fork(const void *data, unsigned long count)
{
	const struct kcov_test *t = data;
	const unsigned long start = ticks();

	for (unsigned long i = 0; i < count; i++) {
		if (t)
			kcov_set_count(t, 0);
		run_child(t);
	}
	return ticks() - start;
}

static void measure_fork(const char *name, const char *what)
{
	struct kcov_test t;

	make(&t, SMALL);
	shown(name, per_event(sample_fork, &t, FORKS), what);
	kcov_release(&t);
}

void measure_tasks_idle(void)
{
	shown("switch.nobody", switch_cost(), "2 switches, 2 wake-ups: nobody traces");
	shown("fork.nobody", per_event(sample_fork, NULL, FORKS), "fork, exit: nobody traces");
}

void measure_tasks_other(void)
{
	shown("switch.other", switch_cost(), "2 switches, 2 wake-ups: another task traces");
	shown("fork.other", per_event(sample_fork, NULL, FORKS), "fork, exit: another task traces");
}

static void measure_traced_switch(void)
{
	struct kcov_test t;

	make(&t, SMALL);
	enable(&t, KCOV_TRACE_PC);
	shown("switch.traced", switch_cost(), "2 switches, 2 wake-ups: one of the two traces");
	disable(&t);
	kcov_release(&t);
}

void measure_enabling(void)
{
	measure_enable("enable", "KCOV_ENABLE, KCOV_DISABLE");
}

/* What a fuzzer does each time; the kernel's own has no function entries to leave out. */
void measure_tasks(void)
{
	measure_traced_switch();
	measure_enabling();
	measure_fork("fork.traced", "fork, KCOV_ENABLE, exit");
	cover_functions(false);
	measure_enable("enable.callbacks", "KCOV_ENABLE, KCOV_DISABLE: no function entries");
	measure_fork("fork.callbacks", "fork, KCOV_ENABLE, exit: no function entries");
	cover_functions(true);
	if (is_ours())
		measure_reset();
}
