/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of the code that is loaded now, by /proc/kallsyms.
 */
#ifndef KCOVCTL_LOADED_H
#define KCOVCTL_LOADED_H

#include "kcovctl_code.h"
#include "kcovctl_symtab.h"

/*
 * Nothing is read before the first question: it takes as long as many answers.
 * The layout is that of the PCs; the running one, if it is not the same, is
 * found out.
 */
void loaded_open(const struct kernel_files *files, const struct layout *layout,
		 bool is_running);

/* False: something of it could not be read, which was said. */
bool loaded_close(void);

/*
 * The function at an address, which is that of this code, or not of a module's
 * (NULL). The hit is where the layout has it. False: not known here.
 */
bool loaded_find(const struct code *code, uint64_t address,
		 struct symtab_hit *hit);

/*
 * Whether the kernel's own image holds an address, as far as is known from what
 * was read: nothing else is ever put there.
 */
bool loaded_is_kernel(uint64_t address);

/* Whether the code is none of what is loaded. */
bool loaded_is_elsewhere(const struct code *code);

/* Whether it could be loaded, but this may not be known, which was said. */
bool loaded_is_hidden(void);

/* Where a module of the list of modules begins; 0: not known. */
uint64_t loaded_module_start(const char *name);

#endif
