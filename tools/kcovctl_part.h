/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel, or a module: who knows what is at its places.
 */
#ifndef KCOVCTL_PART_H
#define KCOVCTL_PART_H

#include "kcovctl_code.h"
#include "kcovctl_splat.h"
#include "kcovctl_symbols.h"

struct part;

/* The module is NULL for the kernel. */
struct part *part_open(const struct layout *layout,
		       const struct layout_module *module,
		       const struct symbols_config *config);

/* Writes what was found to the cache. */
void part_close(struct part *part);

/* Whether there is a file of it; what is wrong with one is said. */
bool part_has_file(struct part *part);

/*
 * Set symbol and, unless names are enough, frames. The code is NULL for the
 * kernel. False: not known here, and the place is as it was; so it is if nobody
 * can know it, but that is true.
 */
bool part_find(struct part *part, const struct code *code, struct place *place);

/*
 * The frames of code that is known by its name. False: there is no file with that
 * function, or no debug information of it.
 */
bool part_find_named(struct part *part, const struct splat *splat,
		     struct place *place);

#endif
