/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keeping a directory of files that can be made again within bounds.
 */
#ifndef KCOVCTL_PRUNE_H
#define KCOVCTL_PRUNE_H

#include <stdint.h>

#define PRUNE_BYTES (UINT64_C(128) << 20)
#define PRUNE_FILES 1000

/*
 * Of the directory of this file, which was just written, remove what was
 * written longest ago, until no more is left than these; and what those left
 * who were killed while they wrote.
 */
void prune_around(const char *path);

#endif
