/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines that were read before, and the places they were.
 */
#ifndef KCOVCTL_SEEN_H
#define KCOVCTL_SEEN_H

#include "kcovctl_symbols.h"

/* NULL: not known any more, or not a line of the usual form. */
struct place *seen_find(const char *line, size_t length);
void seen_add(const char *line, size_t length, struct place *place);

/* Before places are gone. */
void seen_forget(void);

#endif
