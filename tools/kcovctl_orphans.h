/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a command has left behind when it ended.
 */
#ifndef KCOVCTL_ORPHANS_H
#define KCOVCTL_ORPHANS_H

#include <stddef.h>

/* How many processes that we or the command started still run. */
size_t orphans_count(void);

#endif
