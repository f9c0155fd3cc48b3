// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which places of a layout can be reached: the callbacks in its modules' files.
 *
 * The kernel itself has none, and no list of what could be reached in it.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_callbacks.h"
#include "kcovctl_objects.h"
#include "kcovctl_reachable.h"

/* In the half of user space, each with room for any section. */
#define NOWHERE UINT64_C(0x100000000000)
#define NOWHERE_STEP UINT64_C(0x10000000)

static void copy_module(const struct layout_module *module, struct layout *copy,
			uint64_t *nowhere)
{
	struct layout_module *own = layout_add_module(copy, module->name,
						      &module->id);

	for (size_t i = 0; i < module->count; i++) {
		const struct layout_section *section = &module->sections[i];

		if (section->size) {
			layout_add_section(own, section->name, section->start,
					   section->size);
			continue;
		}
		layout_add_section(own, section->name, *nowhere, NOWHERE_STEP);
		*nowhere += NOWHERE_STEP;
	}
}

void reachable_layout(const struct layout *layout, struct layout *copy)
{
	uint64_t nowhere = NOWHERE;

	*copy = (struct layout){ .kernel = layout->kernel };
	copy->release = strdup(layout->release);
	if (!copy->release)
		err(KCOVCTL_FAILED, "layout");
	for (size_t i = 0; i < layout->count; i++)
		copy_module(&layout->modules[i], copy, &nowhere);
}

/* A module whose callbacks are being looked at. */
struct looking {
	const struct layout_module *module;
	reachable_visitor *visit;
	void *data;
};

static void take(const char *name, uint64_t offset, void *data)
{
	const struct looking *looking = data;
	const struct layout_section *section =
		layout_section(looking->module, name);

	if (section)
		looking->visit(section->start + offset, looking->data);
}

void reachable_visit(const struct layout *layout, reachable_visitor *visit,
		     void *data)
{
	struct looking looking = { .visit = visit, .data = data };
	char *path;

	for (size_t i = 0; i < layout->count; i++) {
		looking.module = &layout->modules[i];
		if (!looking.module->id.length)
			continue;
		path = objects_find_module(looking.module->name,
					   &looking.module->id);
		if (path)
			callbacks_visit(path, take, &looking);
		free(path);
	}
}
