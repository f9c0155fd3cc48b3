/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Object files on disk (NAME.ko, vmlinux) that are the code that was recorded.
 */
#ifndef KCOVCTL_OBJECTS_H
#define KCOVCTL_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>

#include "kcovctl_buildid.h"

/* Where to look. */
struct objects_config {
	const char *release;		/* of the kernel, for the usual places */
	const char *vmlinux;		/* NULL: the usual places */
	const char *const *dirs;	/* searched for modules first */
	size_t dir_count;
};

/* The configuration must outlive the search. */
void objects_open(const struct objects_config *config);
void objects_close(void);

/*
 * The file of a module, of the kernel: one with this build id, with debug
 * information if there is such a one. Files that bear the name but not the id
 * are named on standard error if no other fits. NULL: none; else to be freed.
 */
char *objects_find_module(const char *name, const struct buildid *id);
char *objects_find_vmlinux(const struct buildid *id);

/* Whether it is the vmlinux of the configuration, or in its directories. */
bool objects_are_given(const char *path);

#endif
