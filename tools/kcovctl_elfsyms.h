/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The symbols of an ELF file, as /proc/kallsyms would list them.
 */
#ifndef KCOVCTL_ELFSYMS_H
#define KCOVCTL_ELFSYMS_H

#include <elfutils/libdwfl.h>

#include "kcovctl_layout.h"
#include "kcovctl_symtab.h"

/*
 * Sorted, at the addresses that libdwfl was told of these sections, or, with
 * NULL, where the kernel was linked. The names live as long as libdwfl's module.
 */
void elfsyms_read(struct symtab *tab, struct Dwfl_Module *from,
		  const struct layout_module *sections);

#endif
