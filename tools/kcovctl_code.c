// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose code lies at an address.
 */
#include <err.h>
#include <stdlib.h>

#include "kcovctl_code.h"

static int compare_code(const void *a, const void *b)
{
	const struct code *x = a, *y = b;

	return (x->section->start > y->section->start) -
	       (x->section->start < y->section->start);
}

static void add_module(struct code_map *map, const struct layout_module *module)
{
	for (size_t i = 0; i < module->count; i++)
		if (module->sections[i].size)
			map->code[map->count++] =
				(struct code){ module, &module->sections[i] };
}

void code_map_make(struct code_map *map, const struct layout *layout)
{
	size_t room = 1;

	for (size_t i = 0; i < layout->count; i++)
		room += layout->modules[i].count;
	map->count = 0;
	map->code = calloc(room, sizeof(*map->code));
	if (!map->code)
		err(1, "layout");
	for (size_t i = 0; i < layout->count; i++)
		add_module(map, &layout->modules[i]);
	qsort(map->code, map->count, sizeof(*map->code), compare_code);
}

void code_map_release(struct code_map *map)
{
	free(map->code);
	*map = (struct code_map){ 0 };
}

const struct code *code_map_find(const struct code_map *map, uint64_t address)
{
	size_t low = 0, high = map->count;
	const struct layout_section *section;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->code[middle].section->start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	section = map->code[low - 1].section;
	return address - section->start < section->size ? &map->code[low - 1] :
	       NULL;
}
