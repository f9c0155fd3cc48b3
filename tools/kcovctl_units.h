/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The units of debug information by address, and the frames they know.
 */
#ifndef KCOVCTL_UNITS_H
#define KCOVCTL_UNITS_H

#include "kcovctl_scopes.h"
#include "kcovctl_symbols.h"

/* A compilation unit; its scopes are made when it is first asked. */
struct unit {
	Dwarf_Die die;
	struct scopes scopes;
	bool has_scopes;
};

struct unit_range {
	Dwarf_Addr low, high;
	size_t unit;
};

struct units {
	Dwarf *dwarf;
	struct unit *unit;
	size_t count, room;
	struct unit_range *range;
	size_t range_count, range_room;
};

void units_make(struct units *units, Dwarf *dwarf);
void units_release(struct units *units);

/*
 * The frames of an instruction, innermost first: at most room, returns how many
 * there are. Their texts live as long as the debug information.
 */
size_t units_find(struct units *units, Dwarf_Addr address, struct frame *frames,
		  size_t room);

#endif
