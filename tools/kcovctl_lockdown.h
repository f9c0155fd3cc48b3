/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How far the kernel is locked down, as Secure Boot does it.
 */
#ifndef KCOVCTL_LOCKDOWN_H
#define KCOVCTL_LOCKDOWN_H

struct lockdown {
	char level[80];	/* empty: not at all */
};

struct lockdown lockdown_read(void);

#endif
