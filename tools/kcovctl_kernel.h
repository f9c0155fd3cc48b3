/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel whose PCs are looked at: its symbols and where it lies.
 */
#ifndef KCOVCTL_KERNEL_H
#define KCOVCTL_KERNEL_H

#include "kcovctl_symtab.h"

/*
 * The address that _text is linked at on x86-64: the start of the kernel's
 * mapping plus CONFIG_PHYSICAL_START, which is 16 MiB in every distribution
 * kernel (the default; CONFIG_PHYSICAL_ALIGN, 2 MiB, divides it). What _text
 * lies above it at run time is the KASLR offset.
 */
#define KERNEL_LINKED_TEXT (UINT64_C(0xffffffff80000000) + UINT64_C(0x1000000))
/* User-mode Linux is a program, linked here, and runs where it was linked. */
#define KERNEL_UML_TEXT UINT64_C(0x60001000)

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

/*
 * How far the kernel was moved: stops reading at _text, which the running
 * kernel lists among its first symbols. False: said why.
 */
bool kernel_find_offset(const struct kernel_files *files, uint64_t *offset);

/* The whole file as a text, to be freed; NULL: said why. No path, no text. */
char *kernel_read_text(const char *path);

/* The same of the list of modules, which a kernel need not have. */
char *kernel_read_modules(const struct kernel_files *files);

/* What goes wrong is said on standard error. */
bool kernel_load(struct kernel *kernel, const struct kernel_files *files);
void kernel_release(struct kernel *kernel);

#endif
