/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose code lies at an address: the modules' sections of a layout, sorted.
 */
#ifndef KCOVCTL_CODE_H
#define KCOVCTL_CODE_H

#include "kcovctl_layout.h"

struct code {
	const struct layout_module *module;
	const struct layout_section *section;
};

struct code_map {
	struct code *code;
	size_t count;
};

/* The layout must outlive the map. */
void code_map_make(struct code_map *map, const struct layout *layout);
void code_map_release(struct code_map *map);

/* NULL: no module's. The address is one as in the layout. */
const struct code *code_map_find(const struct code_map *map, uint64_t address);

#endif
