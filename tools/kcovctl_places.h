/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The places that were asked for so far, by PC, and what they point to.
 */
#ifndef KCOVCTL_PLACES_H
#define KCOVCTL_PLACES_H

#include "kcovctl_symbols.h"

void places_open(void);
void places_close(void);

/* The place of a PC, made if there is none: then all but its pc is 0. */
struct place *places_get(uint64_t pc, bool *is_new);

/* Copies that live as long as the places do. */
const char *places_text(const char *text);
const char *places_bytes(const char *bytes, size_t size);
const struct frame *places_frames(const struct frame *frames, size_t count);

#endif
