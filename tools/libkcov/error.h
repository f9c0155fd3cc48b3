/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kcov_error() says, and how the rest of the library makes it.
 *
 * Names with libkcov_ are the library's own: hidden in the shared one, and in
 * nobody's way in the static one.
 */
#ifndef LIBKCOV_ERROR_H
#define LIBKCOV_ERROR_H

/* What can fail. */
enum libkcov_step {
	LIBKCOV_OPEN,
	LIBKCOV_INIT,
	LIBKCOV_MAP,
	LIBKCOV_ENABLE,
	LIBKCOV_TREE,
	LIBKCOV_REMOTE,
	LIBKCOV_DISABLE,
	LIBKCOV_MEMORY,		/* of the library's own */
};

/* This step has failed with errno, which stays: -1, for the caller to return. */
int libkcov_fail(enum libkcov_step step);

/* This one would fail: the library asks the kernel for nothing that it cannot say. */
int libkcov_refuse(enum libkcov_step step, int err);

#endif
