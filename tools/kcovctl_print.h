/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A place as lines of text.
 */
#ifndef KCOVCTL_PRINT_H
#define KCOVCTL_PRINT_H

#include <stdio.h>

#include "kcovctl_symbols.h"

enum print_style {
	PRINT_LINE,	/* PC function+offset/size [module] file:line */
	PRINT_INLINES,	/* and who inlined it, each on a line of its own */
};

void print_place(const struct place *place, enum print_style style, FILE *out);

/* Before places are gone: what was printed is remembered by place. */
void print_forget(void);

#endif
