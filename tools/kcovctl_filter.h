/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which functions are shown: globs over names, modules and source files. Pure
 * code.
 */
#ifndef KCOVCTL_FILTER_H
#define KCOVCTL_FILTER_H

#include <stdbool.h>
#include <stddef.h>

/* All that one of the globs matches; without any, everything. */
struct filter {
	const char **globs;
	size_t count;
};

/* The text must outlive the filter. No memory ends the program. */
void filter_add(struct filter *filter, const char *glob);
void filter_release(struct filter *filter);

/* Without such a glob nobody has to know the files. */
bool filter_has_paths(const struct filter *filter);

/* file may be NULL: then no glob of paths matches. */
bool filter_matches(const struct filter *filter, const char *module,
		    const char *function, const char *file);

#endif
