/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How far the kernel is locked down, as Secure Boot does it.
 */
#ifndef LIBKCOV_LOCKDOWN_H
#define LIBKCOV_LOCKDOWN_H

struct libkcov_lockdown {
	char level[80];	/* empty: not at all */
};

struct libkcov_lockdown libkcov_lockdown(void);

#endif
