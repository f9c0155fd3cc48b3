/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel whose PCs are looked at: its symbols and where it lies.
 */
#ifndef KCOVCTL_KERNEL_H
#define KCOVCTL_KERNEL_H

#include "kcovctl_symtab.h"

/* Where the kernel tells about itself. NULL: nothing known but kallsyms. */
struct kernel_files {
	const char *kallsyms;
	const char *modules;
	const char *sysfs;
};

extern const struct kernel_files kernel_running;

struct kernel {
	struct symtab symtab;
	uint64_t kaslr_offset;	/* address = recorded PC + this */
	char *kallsyms_text, *modules_text;
};

/* What goes wrong is said on standard error. */
bool kernel_load(struct kernel *kernel, const struct kernel_files *files);
void kernel_release(struct kernel *kernel);

#endif
