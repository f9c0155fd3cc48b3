// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of the code that is loaded now, also for PCs that were recorded when it
 * lay elsewhere: what has the same build id is the same code.
 */
#define _GNU_SOURCE 1
#include <stdio.h>
#include <string.h>

#include "kcovctl_loaded.h"

static const struct kernel_files *files;
static const struct layout *layout;
static struct layout own;	/* where things lie now, if not as in layout */
static const struct layout *running;
static struct kernel kernel;
static uint64_t kernel_end;	/* 0: not known */
static enum { UNREAD, READ, UNREADABLE, OF_ANOTHER, HIDDEN } state;

void loaded_open(const struct kernel_files *of, const struct layout *pcs,
		 bool is_running)
{
	files = of;
	layout = pcs;
	running = is_running ? pcs : NULL;
	own = (struct layout){ 0 };
	state = UNREAD;
}

bool loaded_close(void)
{
	if (state == READ)
		kernel_release(&kernel);
	layout_release(&own);
	return state != UNREADABLE;
}

/* Which anybody may read, while kallsyms may be hidden. */
static bool is_same_kernel(void)
{
	struct buildid id;
	char notes[4096];

	if (!files->sysfs)
		return false;
	snprintf(notes, sizeof(notes), "%s/kernel/notes", files->sysfs);
	return buildid_from_notes(notes, &id) &&
	       buildid_equal(&id, &layout->kernel);
}

/* Another kernel has nothing to say, and files may have what is hidden here. */
static bool is_read(void)
{
	if (state != UNREAD)
		return state == READ;
	if (!running && !is_same_kernel()) {
		state = OF_ANOTHER;
	} else if (!running && !layout_running(&own, files)) {
		state = HIDDEN;
	} else {
		running = running ? running : &own;
		state = kernel_load(&kernel, files) ? READ : UNREADABLE;
	}
	if (state == READ)
		kernel_end = symtab_address(&kernel.symtab, "_end");
	return state == READ;
}

/* What is to be added to the layout's addresses; false: it is not loaded. */
static bool find_distance(const struct code *code, uint64_t offset,
			  uint64_t *distance)
{
	const struct layout_module *module;
	const struct layout_section *section;

	*distance = kernel.kaslr_offset;
	if (!code || running == layout)
		return true;
	module = layout_module(running, code->module->name);
	if (!module || !module->id.length ||
	    !buildid_equal(&module->id, &code->module->id))
		return false;
	section = layout_section(module, code->section->name);
	if (!section || offset >= section->size)
		return false;
	*distance += section->start - code->section->start;
	return true;
}

static bool is_of(const struct symtab_hit *hit, const struct code *code)
{
	if (code)
		return hit->module && !strcmp(hit->module, code->module->name);
	/* what else has moved since is unknown */
	return running == layout || !hit->module;
}

static void clip(struct symtab_hit *hit, const struct layout_section *section)
{
	uint64_t end = section->start + section->size;

	if (hit->start < end && hit->start + hit->size > end)
		hit->size = end - hit->start;
}

bool loaded_find(const struct code *code, uint64_t address,
		 struct symtab_hit *hit)
{
	uint64_t distance;

	if (!is_read() ||
	    !find_distance(code, code ? address - code->section->start : 0,
			   &distance) ||
	    !symtab_lookup(&kernel.symtab, address + distance, hit) ||
	    !is_of(hit, code))
		return false;
	hit->start -= distance;
	if (code)
		clip(hit, code->section);
	return true;
}

bool loaded_is_kernel(uint64_t address)
{
	return state == READ && address >= LAYOUT_KERNEL &&
	       address + kernel.kaslr_offset < kernel_end;
}

bool loaded_is_elsewhere(const struct code *code)
{
	uint64_t distance;

	return state == OF_ANOTHER || state == HIDDEN ||
	       (state == READ && !find_distance(code, 0, &distance));
}

bool loaded_is_hidden(void)
{
	return state == HIDDEN;
}

uint64_t loaded_module_start(const char *name)
{
	const struct symtab *tab = &kernel.symtab;

	for (size_t i = 0; state == READ && i < tab->module_count; i++)
		if (!strcmp(tab->modules[i].name, name))
			return tab->modules[i].start - kernel.kaslr_offset;
	return 0;
}
