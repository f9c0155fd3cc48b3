// SPDX-License-Identifier: GPL-2.0-only
/*
 * The program that children of an actor execute: it is the same task, so it has what the child had
 * enabled before, and nothing but a file of it.
 *
 * It answers, as its status, 0 or what was wrong. A model is not needed: nobody else makes a call
 * on these descriptors until the program has ended.
 */
#include "stress.h"

#include "kcov_remote.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROUNDS 8

/* Behind a program's name and "executed"; what has_sections says is not to be seen from here. */
enum argument {
	ARGUMENT_WAY,
	ARGUMENT_FD,
	ARGUMENT_WORDS,
	ARGUMENT_HAS_SECTIONS,
	ARGUMENT_BUSY,
	ARGUMENTS
};

/* Whether the task is in its parent's tree. */
enum busy {
	BUSY_NOT,
	BUSY_PERHAPS,
	BUSY_SURELY,
};

static int arguments[ARGUMENTS];
static unsigned long *map;	/* of the file; NULL if that is not whole pages */
static int other;		/* one of the program's own */

static enum busy how_busy(const struct stress_actor *a, int got)
{
	if (got == EBUSY)
		return BUSY_SURELY;
	return a->task.tree ? BUSY_PERHAPS : BUSY_NOT;
}

void stress_execute(const struct stress_actor *a, int fd, enum stress_way way, int got)
{
	char text[ARGUMENTS][16], *line[] = {
		"test_stress", STRESS_EXECUTED, text[0], text[1], text[2], text[3], text[4], NULL,
	};

	static_assert(ARRAY_SIZE(line) == ARGUMENTS + 3, "all of them");
	snprintf(text[ARGUMENT_WAY], sizeof(text[0]), "%d", way);
	snprintf(text[ARGUMENT_FD], sizeof(text[0]), "%d", fd);
	snprintf(text[ARGUMENT_WORDS], sizeof(text[0]), "%zu", stress_desc(a)->words);
	snprintf(text[ARGUMENT_HAS_SECTIONS], sizeof(text[0]), "%d", stress_world->has_sections);
	snprintf(text[ARGUMENT_BUSY], sizeof(text[0]), "%d", how_busy(a, got));
	fcntl(fd, F_SETFD, 0);
	execv("/proc/self/exe", line);
	_exit(127);
}

/* An answer of the drivers with sections. */
static bool may_be(int got)
{
	return got == (arguments[ARGUMENT_HAS_SECTIONS] ? 0 : ENOENT);
}

/* As far as it can be told. */
static bool has_records(void)
{
	return !map || !arguments[ARGUMENT_HAS_SECTIONS] ||
	       __atomic_load_n(&map[0], __ATOMIC_RELAXED) > 0;
}

/* What enabling another one says. */
static bool is_as_busy(int got)
{
	if (got)
		return got == EBUSY && arguments[ARGUMENT_BUSY] != BUSY_NOT;
	return arguments[ARGUMENT_BUSY] != BUSY_SURELY;
}

static bool is_enabled(int fd)
{
	return kcov_enable(fd) == EINVAL;
}

/* The second time there is nothing to disable. */
static bool can_be_disabled(int fd)
{
	return kcov_disable(fd) == 0 && kcov_disable(fd) == EINVAL;
}

static int go_on_local(int fd)
{
	if (!is_enabled(fd) || kcov_enable(other) != EBUSY)
		return 1;
	if (kcov_ioctl(fd, KCOV_RESET_TRACE, 0))
		return 2;
	if (!may_be(stress_run_here(ROUNDS)) || !has_records())
		return 3;
	return can_be_disabled(fd) ? 0 : 4;
}

/* A section that finds no buffer, as work that is followed has all of them, leaves no record. */
static bool makes_records(void *unused)
{
	(void)unused;
	return stress_run_inherited() || has_records();
}

static int go_on_common(int fd)
{
	const int got = kcov_enable(other);

	if (!is_enabled(fd) || kcov_ioctl(fd, KCOV_RESET_TRACE, 0))
		return 5;
	if (!is_as_busy(got) || (!got && !can_be_disabled(other)))
		return 6;
	if (!kcov_wait_for(makes_records, NULL) || !has_records())
		return 7;
	return can_be_disabled(fd) ? 0 : 8;
}

/* A tree's records come when it is disabled. */
static int go_on_in_tree(int fd)
{
	if (!is_enabled(fd) || kcov_enable(other) != EBUSY)
		return 9;
	if (kcov_ioctl(fd, KCOV_RESET_TRACE, 0) != EINVAL)
		return 10;
	if (!may_be(stress_run_here(ROUNDS)) || !can_be_disabled(fd) || !has_records())
		return 11;
	return !kcov_enable(other) && can_be_disabled(other) ? 0 : 12;
}

static int go_on_inherited(int fd)
{
	(void)fd;
	return is_as_busy(kcov_enable(other)) ? 0 : 13;
}

static bool is_set_up(int fd)
{
	const int words = arguments[ARGUMENT_WORDS];

	other = kcov_open();
	if (other < 0 || kcov_init(other, KCOV_PAGE_WORDS))
		return false;
	if (arguments[ARGUMENT_WAY] == STRESS_WAY_INHERITED || words % KCOV_PAGE_WORDS)
		return true;
	map = kcov_map(fd, words);
	if (map)
		__atomic_store_n(&map[0], 0, __ATOMIC_RELAXED);
	return map;
}

int stress_executed(char **texts)
{
	static int (*const go_on[])(int fd) = {
		[STRESS_WAY_LOCAL] = go_on_local,
		[STRESS_WAY_COMMON] = go_on_common,
		[STRESS_WAY_TREE] = go_on_in_tree,
		[STRESS_WAY_INHERITED] = go_on_inherited,
	};

	for (int i = 0; i < ARGUMENTS; i++)
		arguments[i] = atoi(texts[i]);
	if (!is_set_up(arguments[ARGUMENT_FD]))
		return 20;
	if (!may_be(stress_run_inherited()))
		return 21;
	return go_on[arguments[ARGUMENT_WAY]](arguments[ARGUMENT_FD]);
}
