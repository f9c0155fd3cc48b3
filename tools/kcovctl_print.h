/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A place as lines of text.
 */
#ifndef KCOVCTL_PRINT_H
#define KCOVCTL_PRINT_H

#include <stdio.h>

#include "kcovctl_symbols.h"

/* PC function+offset/size [module] file:line */
void print_place(const struct place *place, FILE *out);

/* The same, and who inlined it, each on a line of its own. */
void print_inlines(const struct place *place, FILE *out);

#endif
