/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The private directory with instrumented modules for one kernel.
 */
#ifndef KCOVCTL_CACHE_H
#define KCOVCTL_CACHE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * $XDG_CACHE_HOME/kcov/modules/RELEASE, or below ~/.cache; under sudo ~ is
 * the home of who typed it. False: said why.
 */
bool cache_directory(const char *release, char *path, size_t room);

/* The file of a module in a directory, - and _ alike. */
bool cache_find(const char *directory, const char *name, char *path,
		size_t room);

#endif
