/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tests of a file system whose module has callbacks: what its calls give, that another task
 * beside them is left alone, and that the stock module reads what was written.
 */
#ifndef INSTRUMENT_FILESYSTEM_H
#define INSTRUMENT_FILESYSTEM_H

#include "kcov_instrumented.h"

struct filesystem {
	const char *module;		/* and type */
	const char *make, *check;	/* commands, the image behind them */
	off_t bytes;			/* of the image */
	const char *fill;		/* what reads a superblock */
	const char *const *calls;	/* what the traced calls reach, NULL behind the last */
	const char *others;		/* what only the other task's calls reach */
	const char *compares;		/* what looks at the magic number */
	off_t place;			/* where that is */
	size_t magic_bytes;
	unsigned long magic;
};

int test_filesystem(const struct filesystem *filesystem);

#endif /* INSTRUMENT_FILESYSTEM_H */
