/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which places of a layout can be reached at all: the callbacks of its modules.
 */
#ifndef KCOVCTL_REACHABLE_H
#define KCOVCTL_REACHABLE_H

#include <stdint.h>

#include "kcovctl_layout.h"

typedef void reachable_visitor(uint64_t pc, void *data);

/*
 * A copy in which all code lies somewhere: that of initialisation is freed, and
 * what lies nowhere could not be asked for. Such addresses no kernel has.
 */
void reachable_layout(const struct layout *layout, struct layout *copy);

/* The PC that each callback records, of those modules whose files are found. */
void reachable_visit(const struct layout *layout, reachable_visitor *visit,
		     void *data);

#endif
