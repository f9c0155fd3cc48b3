/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Source files on this machine, by the names that debug information has.
 */
#ifndef KCOVCTL_SOURCE_H
#define KCOVCTL_SOURCE_H

#include <stdbool.h>

/*
 * directory: where to look, NULL: the usual places for a kernel of this release.
 * What it points to must outlive the search.
 */
void source_open(const char *directory, const char *release);

/* To be freed: the path of the file, or the name as it was if there is none. */
char *source_find(const char *name);

/* Say how many were not there, and what helps. */
void source_close(void);

#endif
