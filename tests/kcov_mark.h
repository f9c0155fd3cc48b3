/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls by which tests tell tasks and moments apart: each enters a function that
 * nothing else here does.
 */
#ifndef KCOV_MARK_H
#define KCOV_MARK_H

#include "kcov_test.h"

enum kcov_mark {
	KCOV_MARK_HOSTNAME,
	KCOV_MARK_SYSINFO,
	KCOV_MARK_PRIORITY,
	KCOV_MARK_ITIMER,
};

int kcov_called(void);
void kcov_make_mark(enum kcov_mark mark);
bool kcov_has_read(const struct kcov_test *t, size_t count);
bool kcov_has_mark(const struct kcov_test *t, size_t count, enum kcov_mark mark);

#endif /* KCOV_MARK_H */
