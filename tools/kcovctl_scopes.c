// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions and what was inlined into them, by address.
 *
 * One walk over a unit finds all ranges; sorted, they become edges, between
 * which the innermost scope is always the same. So an address costs a binary
 * search, where walking the unit for each would cost the unit.
 */
#include <dwarf.h>
#include <err.h>
#include <stdlib.h>

#include "kcovctl_array.h"
#include "kcovctl_scopes.h"

/* No compiler nests as deep; damaged information may. */
#define DEPTH_MAX 256

struct range {
	Dwarf_Addr low, high;
	uint32_t scope, depth;
};

struct walk {
	struct scopes *scopes;
	struct range *range;
	size_t count, room;
};

static void add_ranges(struct walk *walk, Dwarf_Die *die, uint32_t scope,
		       uint32_t depth)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t next = 0;

	while ((next = dwarf_ranges(die, next, &base, &low, &high)) > 0) {
		walk->range = array_grow(walk->range, walk->count, &walk->room,
					 sizeof(*walk->range));
		walk->range[walk->count++] =
			(struct range){ low, high, scope, depth };
	}
}

static uint32_t add_scope(struct walk *walk, Dwarf_Die *die, uint32_t parent,
			  uint32_t depth)
{
	struct scopes *scopes = walk->scopes;
	uint32_t scope = (uint32_t)scopes->count;

	scopes->scope = array_grow(scopes->scope, scopes->count, &scopes->room,
				   sizeof(*scopes->scope));
	scopes->scope[scopes->count++] =
		(struct scope){ dwarf_dieoffset(die), parent };
	add_ranges(walk, die, scope, depth);
	return scope;
}

/* What may hold functions with code; types, by far the most, do not. */
static bool has_scopes(int tag)
{
	switch (tag) {
	case DW_TAG_compile_unit:
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_lexical_block:
	case DW_TAG_namespace:
	case DW_TAG_module:
		return true;
	default:
		return false;
	}
}

static void walk_die(struct walk *walk, Dwarf_Die *die, uint32_t parent,
		     uint32_t depth)
{
	int tag = dwarf_tag(die);
	Dwarf_Die child;

	if (!has_scopes(tag) || depth > DEPTH_MAX)
		return;
	if (tag == DW_TAG_subprogram)
		parent = SCOPES_NONE;
	if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine)
		parent = add_scope(walk, die, parent, depth);
	if (dwarf_child(die, &child))
		return;
	do {
		walk_die(walk, &child, parent, depth + 1);
	} while (!dwarf_siblingof(&child, &child));
}

/* By address, and of what begins at one address the outer first. */
static int compare_ranges(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return (x->depth > y->depth) - (x->depth < y->depth);
}

static void add_edge(struct scopes *scopes, Dwarf_Addr start, uint32_t scope)
{
	size_t count = scopes->edge_count;

	/* nothing lies between two edges at one address */
	if (count && scopes->edge[count - 1].start == start) {
		scopes->edge[count - 1].scope = scope;
		return;
	}
	scopes->edge = array_grow(scopes->edge, count, &scopes->edge_room,
				  sizeof(*scopes->edge));
	scopes->edge[scopes->edge_count++] =
		(struct scope_edge){ start, scope };
}

/* Close what ends at or before an address; returns what is open then. */
static size_t close_until(struct scopes *scopes, const struct range **open,
			  size_t count, Dwarf_Addr address)
{
	while (count && open[count - 1]->high <= address) {
		Dwarf_Addr end = open[--count]->high;

		while (count && open[count - 1]->high <= end)
			count--;
		add_edge(scopes, end, count ? open[count - 1]->scope :
			 SCOPES_NONE);
	}
	return count;
}

/* Like matching brackets, with the ranges that are open on a stack. */
static void make_edges(struct walk *walk)
{
	const struct range **open = calloc(walk->count + 1, sizeof(*open));
	size_t count = 0;

	if (!open)
		err(1, "debug information");
	for (size_t i = 0; i < walk->count; i++) {
		const struct range *range = &walk->range[i];

		if (range->high <= range->low)
			continue;
		count = close_until(walk->scopes, open, count, range->low);
		open[count++] = range;
		add_edge(walk->scopes, range->low, range->scope);
	}
	close_until(walk->scopes, open, count, UINT64_MAX);
	free(open);
}

void scopes_make(struct scopes *scopes, Dwarf_Die *unit)
{
	struct walk walk = { .scopes = scopes };

	*scopes = (struct scopes){ 0 };
	walk_die(&walk, unit, SCOPES_NONE, 0);
	if (walk.count)
		qsort(walk.range, walk.count, sizeof(*walk.range),
		      compare_ranges);
	make_edges(&walk);
	free(walk.range);
}

void scopes_release(struct scopes *scopes)
{
	free(scopes->scope);
	free(scopes->edge);
	*scopes = (struct scopes){ 0 };
}

uint32_t scopes_find(const struct scopes *scopes, Dwarf_Addr address)
{
	size_t low = 0, high = scopes->edge_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (scopes->edge[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? scopes->edge[low - 1].scope : SCOPES_NONE;
}
