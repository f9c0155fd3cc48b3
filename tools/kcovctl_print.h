/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A place as lines of text.
 */
#ifndef KCOVCTL_PRINT_H
#define KCOVCTL_PRINT_H

#include "kcovctl_symbols.h"

enum print_style {
	PRINT_LINE,	/* PC function+offset/size [module] file:line */
	PRINT_INLINES,	/* and who inlined it, each on a line of its own */
};

/* To the stream. Always in the same style: a place keeps its lines. */
void print_place(struct place *place, enum print_style style);

/* The frames alone, behind a line that has no end yet; and its end. */
void print_frames(const struct place *place, enum print_style style);

#endif
