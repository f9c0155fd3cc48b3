/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions and what was inlined into them, by address, of one unit.
 */
#ifndef KCOVCTL_SCOPES_H
#define KCOVCTL_SCOPES_H

#include <elfutils/libdw.h>
#include <stddef.h>
#include <stdint.h>

#define SCOPES_NONE UINT32_MAX

/* A function, or one that was inlined into its parent. */
struct scope {
	Dwarf_Off die;
	uint32_t parent;	/* SCOPES_NONE: a function */
};

/* From here on to the next edge it is this scope, the innermost. */
struct scope_edge {
	Dwarf_Addr start;
	uint32_t scope;		/* SCOPES_NONE: no function */
};

struct scopes {
	struct scope *scope;
	size_t count, room;
	struct scope_edge *edge;
	size_t edge_count, edge_room;
};

void scopes_make(struct scopes *scopes, Dwarf_Die *unit);
void scopes_release(struct scopes *scopes);

/* The innermost scope at an address, by its index. */
uint32_t scopes_find(const struct scopes *scopes, Dwarf_Addr address);

#endif
