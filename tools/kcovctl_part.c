// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel, or a module: who knows what is at its places.
 *
 * The cache is asked first, then /proc/kallsyms for the name, or the file if
 * the code is not loaded, and the file for lines, if these are wanted. Each is opened when it is
 * asked for the first time.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl_binary.h"
#include "kcovctl_loaded.h"
#include "kcovctl_objects.h"
#include "kcovctl_part.h"
#include "kcovctl_places.h"
#include "kcovctl_store.h"

/* No compiler inlines as deep. */
#define FRAMES_MAX 64

struct part {
	const struct layout *layout;
	const struct layout_module *module;	/* NULL: the kernel */
	const struct buildid *id;
	struct binary *binary;
	bool was_searched;	/* for the binary */
	struct store *store;	/* NULL: no cache */
	bool said_missing;
	bool names_only;
};

/*
 * Stock files are: that is only worth a word of those that were named, and of
 * many modules in a directory no more than one.
 */
static void say_stripped(const struct part *part)
{
	static bool said;
	const char *path = binary_path(part->binary);

	if (!path || !objects_are_given(path) || (part->module && said))
		return;
	warnx("%s: no debug information: names only", path);
	said = part->module;
}

static struct binary *binary_of(struct part *part)
{
	if (part->was_searched)
		return part->binary;
	part->was_searched = true;
	part->binary = binary_open(part->module ? part->module->name : NULL,
				   part->id);
	if (part->binary && !binary_source(part->binary))
		say_stripped(part);
	return part->binary;
}

static const struct binary_source *source_of(struct part *part)
{
	const struct binary *binary = binary_of(part);

	return binary ? binary_source(binary) : NULL;
}

bool part_has_file(struct part *part)
{
	return binary_of(part);
}

/* A file that is gone said what it said; one that has changed may have erred. */
static bool is_changed(const struct binary_source *source)
{
	struct binary_source now = *source;

	return binary_source_stat(&now) &&
	       (now.size != source->size || now.mtime != source->mtime);
}

static void open_store(struct part *part)
{
	const struct binary_source *source;

	part->store = store_open(part->id);
	source = store_source(part->store);
	if (source && is_changed(source))
		store_forget(part->store);
}

struct part *part_open(const struct layout *layout,
		       const struct layout_module *module,
		       const struct symbols_config *config)
{
	struct part *part = calloc(1, sizeof(*part));

	if (!part)
		err(1, "symbols");
	part->layout = layout;
	part->module = module;
	part->id = module ? &module->id : &layout->kernel;
	part->names_only = config->names_only;
	if (!config->no_cache && part->id->length)
		open_store(part);
	return part;
}

void part_close(struct part *part)
{
	if (!part)
		return;
	if (part->store)
		store_close(part->store);
	binary_close(part->binary);
	free(part);
}

static struct store_key key_of(const struct code *code, uint64_t pc)
{
	if (!code)
		return (struct store_key){ "", pc - LAYOUT_KERNEL };
	return (struct store_key){ code->section->name,
				   pc - code->section->start };
}

/* What was made without debug information is true as long as there is none. */
static bool find_stored(struct part *part, const struct code *code,
			struct place *place)
{
	const struct store_key key = key_of(code, place->pc);
	struct place found = *place;
	bool has_lines;

	if (!part->store || !store_find(part->store, &key, &found, &has_lines))
		return false;
	if (!has_lines && !part->names_only && source_of(part))
		return false;
	*place = found;
	return true;
}

static void say_missing(struct part *part)
{
	char id[BUILDID_MAX * 2 + 1];

	if (part->said_missing || loaded_is_hidden())
		return;
	part->said_missing = true;
	buildid_format(part->id, id);
	if (!part->id->length)
		strcpy(id, "(unknown)");
	if (!part->module) {
		warnx("kernel %s with build id %s is not the running one",
		      part->layout->release, id);
		warnx("  give its vmlinux with --vmlinux, or its functions stay unknown");
	} else if (part->binary) {
		warnx("%s: not loaded, and its file is stripped or cut short",
		      part->module->name);
	} else {
		warnx("%s: not loaded, and no %s.ko with build id %s is found", part->module->name,
		      part->module->name, id);
		warnx("  give its directory with --module-dir");
	}
}

/* Where the instruction before a PC lies in the file; false: not in it. */
static bool find_in_file(struct part *part, const struct code *code,
			 uint64_t pc, uint64_t *address)
{
	*address = pc - 1;
	return binary_of(part) &&
	       (!code || binary_address(part->binary, code->section->name,
					pc - 1 - code->section->start, address));
}

/* The code that is loaded, else the file, which also has what ran at the start. */
static bool find_symbol(struct part *part, const struct code *code,
			struct place *place)
{
	uint64_t address = place->pc - 1;
	struct symtab_hit hit;

	if (loaded_find(code, address, &hit)) {
		if (!code && hit.module)
			return false;
	} else if ((!code && !loaded_is_elsewhere(code)) ||
		   !find_in_file(part, code, place->pc, &address) ||
		   !binary_symbol(part->binary, address, &hit)) {
		return false;
	}
	place->symbol = places_text(hit.name);
	place->symbol_offset = address + 1 - hit.start;
	place->symbol_size = hit.size;
	return true;
}

/* A frame that has no name of its own is in the function that is known. */
static void find_frames(struct part *part, const struct code *code,
			struct place *place)
{
	struct frame frames[FRAMES_MAX];
	uint64_t address;

	if (!find_in_file(part, code, place->pc, &address))
		return;
	place->frame_count = binary_frames(part->binary, address, frames,
					   FRAMES_MAX);
	for (size_t i = 0; i < place->frame_count; i++)
		if (!frames[i].function)
			frames[i].function = place->symbol;
	if (place->frame_count)
		place->frames = places_frames(frames, place->frame_count);
}

static void store(struct part *part, const struct code *code,
		  const struct place *place)
{
	const struct binary_source *source = source_of(part);
	const struct store_key key = key_of(code, place->pc);

	/* without a name for its source nobody could tell when it changes */
	if (source && !*source->path)
		return;
	if (source)
		store_set_source(part->store, source);
	store_add(part->store, &key, place, source);
}

/*
 * Whether there is no name to be had: in the image of the kernel that runs, which
 * has all it has in its list, and in a module's file with debug information. What
 * a stripped file lacks another one may have.
 */
static bool is_nameless(struct part *part, const struct code *code, uint64_t pc)
{
	const struct binary_source *source;

	if (!code)
		return loaded_is_kernel(pc - 1);
	source = source_of(part);
	return source && *source->path && !loaded_is_elsewhere(code);
}

bool part_find(struct part *part, const struct code *code, struct place *place)
{
	if (find_stored(part, code, place))
		return true;
	if (!find_symbol(part, code, place)) {
		if (loaded_is_elsewhere(code))
			say_missing(part);
		if (part->store && is_nameless(part, code, place->pc))
			store(part, code, place);
		return false;
	}
	if (part->names_only)	/* and who wants lines has to look all the same */
		return true;
	find_frames(part, code, place);
	if (part->store)
		store(part, code, place);
	return true;
}

/* Of a file that was found, as nobody can tell what is in another one. */
bool part_find_named(struct part *part, const struct splat *splat,
		     struct place *place)
{
	struct frame frames[FRAMES_MAX];
	uint64_t start;

	if (!binary_of(part) ||
	    !binary_function(part->binary, splat->function, splat->size, &start))
		return false;
	place->symbol = splat->function;
	place->frame_count = binary_frames(part->binary,
					   start + splat->offset - !splat->exact,
					   frames, FRAMES_MAX);
	for (size_t i = 0; i < place->frame_count; i++)
		if (!frames[i].function)
			frames[i].function = places_text(splat->function);
	if (place->frame_count)
		place->frames = places_frames(frames, place->frame_count);
	return place->frame_count;
}
