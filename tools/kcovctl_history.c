// SPDX-License-Identifier: GPL-2.0-only
/*
 * The layout of a run in which modules came and went.
 *
 * Code whose memory was given back is at an address where something else may be
 * now, or may have been in the run. It is taken for what was there only where
 * nothing else can have been.
 */
#include "kcovctl_history.h"

/* Longer than any module's initialisation. */
#define START_SECTION_MAX 0x100000

static uint64_t end_of(const struct layout_section *section)
{
	return section->start + section->size;
}

static bool overlaps(const struct layout_section *section,
		     const struct layout_module *module)
{
	for (size_t i = 0; i < module->count; i++) {
		const struct layout_section *other = &module->sections[i];

		if (section->start < end_of(other) &&
		    other->start < end_of(section))
			return true;
	}
	return false;
}

static bool is_free(const struct layout *layout, size_t modules,
		    const struct layout_section *section)
{
	for (size_t i = 0; i < modules; i++)
		if (overlaps(section, &layout->modules[i]))
			return false;
	return true;
}

/* --- modules that have gone ------------------------------------------------ */

static void add_gone(struct layout *now, size_t living,
		     const struct layout_module *gone)
{
	struct layout_module *module = layout_add_module(now, gone->name,
							 &gone->id);

	for (size_t i = 0; i < gone->count; i++) {
		const struct layout_section *section = &gone->sections[i];

		if (is_free(now, living, section))
			layout_add_section(module, section->name, section->start,
					   section->size);
	}
}

/* --- the initialisation of new ones ---------------------------------------- */

static bool is_new(const struct layout_module *module,
		   const struct layout *before)
{
	return !layout_module(before, module->name);
}

/* Of those that were loaded before the run it has run already. */
static bool is_another_new_ones(const struct layout *now,
				const struct layout *before,
				const struct layout_section *section)
{
	for (size_t i = 0; i < now->count; i++) {
		const struct layout_module *module = &now->modules[i];

		for (size_t k = 0; is_new(module, before) && k < module->count; k++)
			if (&module->sections[k] != section &&
			    module->sections[k].start == section->start)
				return true;
	}
	return false;
}

static uint64_t next_start(const struct layout *now, uint64_t start)
{
	uint64_t next = start + START_SECTION_MAX;

	for (size_t i = 0; i < now->count; i++)
		for (size_t k = 0; k < now->modules[i].count; k++) {
			const uint64_t other = now->modules[i].sections[k].start;

			if (other > start && other < next)
				next = other;
		}
	return next;
}

static void find_freed(struct layout *now, const struct layout *before,
		       struct layout_section *section)
{
	const struct layout_section byte = { .start = section->start, .size = 1 };

	if (!section->size && is_free(now, now->count, &byte) &&
	    !is_another_new_ones(now, before, section))
		section->size = next_start(now, section->start) - section->start;
}

void history_add(struct layout *now, const struct layout *before)
{
	const size_t living = now->count;

	for (size_t i = 0; i < living; i++) {
		struct layout_module *module = &now->modules[i];

		for (size_t k = 0; is_new(module, before) && k < module->count; k++)
			find_freed(now, before, &module->sections[k]);
	}
	for (size_t i = 0; i < before->count; i++)
		if (!layout_module(now, before->modules[i].name))
			add_gone(now, living, &before->modules[i]);
}
