// SPDX-License-Identifier: GPL-2.0-only
/*
 * The units of debug information by address, and the frames they know.
 *
 * The table is made from the units themselves: what clang writes has no other,
 * and gcc's may have gaps.
 */
#include <dwarf.h>
#include <stdlib.h>

#include "kcovctl_array.h"
#include "kcovctl_units.h"

static void add_ranges(struct units *units, Dwarf_Die *die, size_t unit)
{
	Dwarf_Addr base, low, high;
	ptrdiff_t next = 0;

	while ((next = dwarf_ranges(die, next, &base, &low, &high)) > 0) {
		if (low >= high)
			continue;
		units->range = array_grow(units->range, units->range_count,
					  &units->range_room,
					  sizeof(*units->range));
		units->range[units->range_count++] =
			(struct unit_range){ low, high, unit };
	}
}

static void add_unit(struct units *units, Dwarf_Die *die)
{
	units->unit = array_grow(units->unit, units->count, &units->room,
				 sizeof(*units->unit));
	units->unit[units->count] = (struct unit){ .die = *die };
	add_ranges(units, die, units->count++);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct unit_range *x = a, *y = b;

	return (x->low > y->low) - (x->low < y->low);
}

void units_make(struct units *units, Dwarf *dwarf)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;

	*units = (struct units){ .dwarf = dwarf };
	while (!dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die, NULL))
		if (dwarf_tag(&die) == DW_TAG_compile_unit)
			add_unit(units, &die);
	if (units->range_count)
		qsort(units->range, units->range_count, sizeof(*units->range),
		      compare_ranges);
}

void units_release(struct units *units)
{
	for (size_t i = 0; i < units->count; i++)
		scopes_release(&units->unit[i].scopes);
	free(units->unit);
	free(units->range);
	*units = (struct units){ 0 };
}

static struct unit *find_unit(const struct units *units, Dwarf_Addr address)
{
	size_t low = 0, high = units->range_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (units->range[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address >= units->range[low - 1].high)
		return NULL;
	return &units->unit[units->range[low - 1].unit];
}

static void set_line(struct frame *frame, Dwarf_Die *unit, Dwarf_Addr address)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, address);

	if (!line || dwarf_lineno(line, &frame->line))
		return;
	frame->file = dwarf_linesrc(line, NULL, NULL);
}

static bool get_number(Dwarf_Die *die, unsigned int name, Dwarf_Word *number)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, name, &attribute) &&
	       !dwarf_formudata(&attribute, number);
}

/* Where it was inlined is a line of who it was inlined into. */
static void set_call(struct frame *frame, Dwarf_Die *unit, Dwarf_Die *inlined)
{
	Dwarf_Word file, line;
	Dwarf_Files *files;
	size_t count;

	if (!get_number(inlined, DW_AT_call_file, &file) ||
	    !get_number(inlined, DW_AT_call_line, &line) ||
	    dwarf_getsrcfiles(unit, &files, &count) || file >= count)
		return;
	frame->file = dwarf_filesrc(files, file, NULL, NULL);
	frame->line = (int)line;
}

size_t units_find(struct units *units, Dwarf_Addr address, struct frame *frames,
		  size_t room)
{
	struct unit *unit = find_unit(units, address);
	struct frame next = { 0 };
	size_t count = 0;
	uint32_t scope;

	if (!unit)
		return 0;
	if (!unit->has_scopes)
		scopes_make(&unit->scopes, &unit->die);
	unit->has_scopes = true;
	set_line(&next, &unit->die, address);
	scope = scopes_find(&unit->scopes, address);
	while (scope != SCOPES_NONE && count < room) {
		Dwarf_Die die;

		if (!dwarf_offdie(units->dwarf,
				  unit->scopes.scope[scope].die, &die))
			break;
		next.function = dwarf_diename(&die);
		frames[count++] = next;
		next = (struct frame){ 0 };
		set_call(&next, &unit->die, &die);
		scope = unit->scopes.scope[scope].parent;
	}
	/* assembly: lines, and nothing that is called a function */
	if (!count && room && next.file)
		frames[count++] = next;
	return count;
}
