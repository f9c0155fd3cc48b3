/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why a step fails, and what helps.
 */
#ifndef LIBKCOV_CURES_H
#define LIBKCOV_CURES_H

#include "error.h"

#define LIBKCOV_DEVICE "/sys/kernel/debug/kcov"

struct libkcov_cure {
	char text[320];		/* empty: none is known */
};

/* Looks at the machine as it is now. */
struct libkcov_cure libkcov_cure(enum libkcov_step step, int err);

#endif
