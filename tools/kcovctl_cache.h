/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The private directory, and in it instrumented modules for one kernel.
 */
#ifndef KCOVCTL_CACHE_H
#define KCOVCTL_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#define CACHE_PATH 4000

/*
 * Where all that is built lies: $KCOV_CACHE, else $XDG_CACHE_HOME/kcov, else
 * ~/.cache/kcov; relative ones are as if not set, and under sudo ~ is the home
 * of who typed it. False: said why.
 */
bool cache_home(char *path, size_t room);

/* A directory there; for those who can do without: nothing is said. */
bool cache_path(const char *directory, char *path, size_t room);

/* modules/RELEASE there. False: said why. */
bool cache_directory(const char *release, char *path, size_t room);

/* The file of a module in a directory, - and _ alike. */
bool cache_find(const char *directory, const char *name, char *path,
		size_t room);

#endif
