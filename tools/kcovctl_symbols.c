// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is at a PC: asks those who know names and lines, and remembers it.
 */
#define _GNU_SOURCE 1
#include <stdlib.h>
#include <unistd.h>

#include "kcovctl_code.h"
#include "kcovctl_lines.h"
#include "kcovctl_places.h"
#include "kcovctl_symbols.h"

static const struct symbols_config *config;
static struct kernel_files files;
static struct layout running;
static const struct layout *layout;
static struct code_map map;
static struct objects_config objects;
static struct kernel kernel;

static void set_files(const struct kernel_files *given)
{
	files = given ? *given : kernel_running;
	if (!given && access(files.modules, F_OK))
		files.modules = NULL;	/* a kernel without CONFIG_MODULES */
}

bool symbols_open(const struct symbols_config *given)
{
	config = given;
	set_files(config->files);
	if (!layout_running(&running, &files))
		return false;
	layout = config->layout ? config->layout : &running;
	objects = (struct objects_config){
		.sysfs = files.sysfs,
		.vmlinux = config->vmlinux,
		.dirs = config->dirs,
		.dir_count = config->dir_count,
	};
	if (!kernel_load(&kernel, &files)) {
		layout_release(&running);
		return false;
	}
	if (!lines_open(&kernel, &objects)) {
		kernel_release(&kernel);
		layout_release(&running);
		return false;
	}
	code_map_make(&map, layout);
	places_open();
	return true;
}

void symbols_close(void)
{
	places_close();
	code_map_release(&map);
	lines_close();
	kernel_release(&kernel);
	layout_release(&running);
}

static uint64_t offset_in(const struct code *code, uint64_t pc)
{
	const struct layout_section *text;

	if (!code)
		return pc - LAYOUT_KERNEL;
	text = layout_section(code->module, ".text");
	return pc - (text ? text->start : code->module->sections[0].start);
}

static void set_frame(struct place *place, uint64_t address)
{
	struct frame frame = { .function = place->symbol };

	frame.file = lines_find(address, &frame.line);
	if (!frame.file)
		return;
	place->frames = places_frames(&frame, 1);
	place->frame_count = 1;
}

static void fill(struct place *place)
{
	const struct code *code = code_map_find(&map, place->pc - 1);
	uint64_t address = place->pc + kernel.kaslr_offset;
	struct symtab_hit hit;

	place->module_offset = offset_in(code, place->pc);
	if (!symtab_lookup(&kernel.symtab, address - 1, &hit))
		return;
	place->symbol = hit.name;
	place->module = hit.module;
	place->symbol_offset = address - hit.start;
	place->symbol_size = hit.size;
	set_frame(place, address - 1);
}

const struct place *symbols_find(uint64_t pc)
{
	bool is_new;
	struct place *place = places_get(pc, &is_new);

	if (is_new)
		fill(place);
	return place;
}
