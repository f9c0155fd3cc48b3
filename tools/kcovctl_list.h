/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was reached, as lines of text.
 */
#ifndef KCOVCTL_LIST_H
#define KCOVCTL_LIST_H

#include <stdio.h>

#include "kcovctl_census.h"

void list_functions(const struct census *census, FILE *out);
void list_lines(const struct coverage *coverage, FILE *out);

/* A PC a line, as it was recorded; MODULE+0xOFFSET from its .text, from _text. */
void list_raw(const struct coverage *coverage, FILE *out);
void list_offsets(const struct coverage *coverage, FILE *out);

/* On standard error, in a few lines. */
void list_summary(const struct census *census);

#endif
