/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Source files on this machine, by the names that debug information has.
 */
#ifndef KCOVCTL_SOURCE_H
#define KCOVCTL_SOURCE_H

#include <stddef.h>

/*
 * directories: where to look, and nowhere else; none: the usual places for a
 * kernel of this release, then the current directory, where a module of one's
 * own is built.
 */
void source_open(const char *const *directories, size_t count,
		 const char *release);

/*
 * To be freed: the path of the file. If there is none, the name in the first of
 * the directories, or as it was: the current one may have another file of it.
 */
char *source_find(const char *name);

/* Say how many were not there, and what helps. */
void source_close(void);

#endif
