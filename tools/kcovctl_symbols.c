// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is at a PC: whose code it is, and what the kernel or the module knows.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl_loaded.h"
#include "kcovctl_objects.h"
#include "kcovctl_part.h"
#include "kcovctl_places.h"
#include "kcovctl_symbols.h"

static const struct symbols_config *config;
static const struct kernel_files *files;
static struct objects_config objects;
static struct layout running;
static const struct layout *layout;
static struct code_map map;
static struct part *kernel, **modules;	/* by their places in the layout */

static bool set_layout(void)
{
	running = (struct layout){ 0 };
	layout = config->layout ? config->layout : &running;
	return config->layout || layout_running(&running, files);
}

static void open_parts(void)
{
	modules = calloc(layout->count + 1, sizeof(*modules));
	if (!modules)
		err(1, "symbols");
	kernel = part_open(layout, NULL, config);
}

bool symbols_open(const struct symbols_config *given)
{
	config = given;
	files = config->files ? config->files : &kernel_running;
	if (!set_layout())
		return false;
	objects = (struct objects_config){
		.release = layout->release,
		.vmlinux = config->vmlinux,
		.dirs = config->dirs,
		.dir_count = config->dir_count,
	};
	objects_open(&objects);
	places_open();
	loaded_open(files, layout, !config->layout);
	code_map_make(&map, layout);
	open_parts();
	if (config->vmlinux && !layout->kernel.length)
		warnx("no build id of the kernel to check %s against",
		      config->vmlinux);
	/* that one was asked for and cannot be had is an error, and not a lack */
	if (!config->vmlinux || part_has_file(kernel))
		return true;
	symbols_close();
	return false;
}

bool symbols_close(void)
{
	bool all_read;

	part_close(kernel);
	for (size_t i = 0; i < layout->count; i++)
		part_close(modules[i]);
	free(modules);
	code_map_release(&map);
	all_read = loaded_close();
	places_close();
	objects_close();
	layout_release(&running);
	return all_read;
}

static struct part *part_of(const struct layout_module *module)
{
	struct part **part = &modules[module - layout->modules];

	if (!*part)
		*part = part_open(layout, module, config);
	return *part;
}

static void fill_module(struct place *place, const struct code *code)
{
	const struct layout_section *text = layout_section(code->module, ".text");

	if (!text)
		text = code->section;
	place->module_offset = place->pc - text->start;
	if (part_find(part_of(code->module), code, place) && place->symbol)
		place->module = code->module->name;
}

/* Programs of BPF, trampolines, and modules that /sys tells nothing of. */
static void fill_other(struct place *place)
{
	struct symtab_hit hit;
	uint64_t start;

	if (!loaded_find(NULL, place->pc - 1, &hit) || !hit.module)
		return;
	place->module = hit.module;
	place->symbol = hit.name;
	place->symbol_offset = place->pc - hit.start;
	place->symbol_size = hit.size;
	start = loaded_module_start(hit.module);
	place->module_offset = start ? place->pc - start : 0;
}

static void fill(struct place *place)
{
	const struct code *code = code_map_find(&map, place->pc - 1);

	if (code) {
		fill_module(place, code);
		return;
	}
	if (place->pc <= LAYOUT_KERNEL)
		return;
	place->module_offset = place->pc - LAYOUT_KERNEL;
	if (!part_find(kernel, NULL, place))
		fill_other(place);
}

struct place *symbols_find(uint64_t pc)
{
	bool is_new;
	struct place *place = places_get(pc, &is_new);

	if (is_new)
		fill(place);
	return place;
}

/* A name alone does not tell which build it is of. */
static void say_unknown(const char *module)
{
	static char said[SPLAT_MODULE_MAX];

	if (!strcmp(said, module))
		return;
	strcpy(said, module);
	warnx("%s: not loaded, so its build id is not known, nor which file it is from", module);
	warnx("  put the layout of then before the log: kcovctl symbolize --layout");
}

bool symbols_find_named(const struct splat *splat, struct place *place)
{
	const struct layout_module *module;

	*place = (struct place){ 0 };
	if (!*splat->module)
		return part_find_named(kernel, splat, place);
	module = layout_module(layout, splat->module);
	if (module)
		return part_find_named(part_of(module), splat, place);
	say_unknown(splat->module);
	return false;
}
