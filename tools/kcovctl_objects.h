/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Object files on disk (NAME.ko, vmlinux) that are the running code.
 */
#ifndef KCOVCTL_OBJECTS_H
#define KCOVCTL_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>

/* Where to look. */
struct objects_config {
	const char *sysfs;		/* NULL: nothing known, nothing found */
	const char *vmlinux;		/* NULL: the usual places */
	const char *const *dirs;	/* searched for modules first */
	size_t dir_count;
};

/* The configuration must outlive the search. */
void objects_open(const struct objects_config *config);
void objects_close(void);

/*
 * The file of a loaded module, of the kernel: one whose build id is that of
 * the running code. Files that bear the name but not the id are named on
 * standard error if no other fits. NULL: none; else to be freed.
 */
char *objects_find_module(const char *name);
char *objects_find_vmlinux(void);

#endif
