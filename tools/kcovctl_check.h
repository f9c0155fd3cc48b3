/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kcovctl doctor has found: a line for each check, and the cure below it.
 */
#ifndef KCOVCTL_CHECK_H
#define KCOVCTL_CHECK_H

#include <stdbool.h>

enum check_result {
	CHECK_OK,
	CHECK_NOTE,	/* coverage works without it; something else does not */
	CHECK_BAD,	/* no coverage with it */
	CHECK_SKIPPED,	/* cannot be found out, because of an earlier one */
};

/* Before the first check. */
void check_begin(bool json);

/* What was found; where all is as usual that may be nothing, "". */
void check_say(const char *name, enum check_result result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A line about what helps, to the check that was said last. */
void check_cure(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The first and the latest check that was bad, NULL: there is none. */
const char *check_first_bad(void);
const char *check_last_bad(void);

/* The verdict, behind the last check. */
void check_end(void);

#endif
