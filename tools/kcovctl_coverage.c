// SPDX-License-Identifier: GPL-2.0-only
/*
 * What runs have reached: adding a run, merging, filtering, comparing.
 *
 * A place is known again by its module's build id, its section and the
 * distance in that: sections of a module do not always lie alike.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_array.h"
#include "kcovctl_code.h"
#include "kcovctl_coverage.h"
#include "kcovctl_reachable.h"
#include "kcovctl_terminal.h"

#define obstack_chunk_alloc allocate
#define obstack_chunk_free free

static void *allocate(size_t size)
{
	void *chunk = malloc(size);

	if (!chunk)
		err(KCOVCTL_FAILED, "list of places");
	return chunk;
}

void coverage_begin(struct coverage *coverage)
{
	*coverage = (struct coverage){ 0 };
	obstack_init(&coverage->frames);
}

void coverage_release(struct coverage *coverage)
{
	obstack_free(&coverage->frames, NULL);
	strings_release(&coverage->strings);
	free(coverage->spots);
}

static struct spot *new_spot(struct coverage *coverage)
{
	coverage->spots = array_grow(coverage->spots, coverage->count,
				     &coverage->room, sizeof(*coverage->spots));
	return &coverage->spots[coverage->count++];
}

/* --- a run's PCs as places ------------------------------------------------- */

/* A run that is being added. */
struct adding {
	struct coverage *coverage;
	struct code_map map;
	const char *kernel_id;
};

static const char *keep_id(struct coverage *coverage, const struct buildid *id)
{
	char text[BUILDID_MAX * 2 + 1];

	buildid_format(id, text);
	return strings_keep(&coverage->strings, text);
}

/* The kernel's build names a file now with this, now without. */
static const char *plain_path(const char *path)
{
	return path && !strncmp(path, "./", 2) ? path + 2 : path;
}

static void set_frames(struct coverage *coverage, struct spot *spot,
		       const struct place *place)
{
	struct frame *frames;

	spot->frame_count = place->frame_count;
	frames = obstack_copy(&coverage->frames, place->frames,
			      place->frame_count * sizeof(*frames));
	for (size_t i = 0; i < place->frame_count; i++) {
		frames[i].function = strings_keep(&coverage->strings,
						  frames[i].function);
		frames[i].file = strings_keep(&coverage->strings,
					      plain_path(frames[i].file));
	}
	spot->frames = frames;
}

/* Modules of this run by their sections, all else by the distance from _text. */
static void set_key(const struct adding *adding, struct spot *spot,
		    const struct place *place)
{
	struct strings *strings = &adding->coverage->strings;
	const struct code *code = code_map_find(&adding->map, place->pc - 1);

	if (code) {
		spot->module = strings_keep(strings, code->module->name);
		spot->id = keep_id(adding->coverage, &code->module->id);
		spot->section = strings_keep(strings, code->section->name);
		spot->offset = place->pc - code->section->start;
		return;
	}
	if (place->module)	/* programs of BPF and the like */
		spot->module = strings_keep(strings, place->module);
	else
		spot->module = strings_keep(strings, place->symbol ?
					    COVERAGE_KERNEL : COVERAGE_UNKNOWN);
	spot->id = adding->kernel_id;
	spot->section = strings_keep(strings, "");
	spot->offset = place->pc - LAYOUT_KERNEL;
}

static void add_place(const struct adding *adding, uint64_t pc,
		      unsigned int runs)
{
	const struct place *place = symbols_find(pc);
	struct spot *spot = new_spot(adding->coverage);

	*spot = (struct spot){ .pc = pc, .runs = runs };
	set_key(adding, spot, place);
	spot->module_offset = place->module_offset;
	spot->function = strings_keep(&adding->coverage->strings,
				      place->symbol ? place->symbol :
						      COVERAGE_UNKNOWN);
	spot->function_offset = place->symbol_offset;
	spot->function_size = place->symbol_size;
	set_frames(adding->coverage, spot, place);
}

static void add_reachable(uint64_t pc, void *adding)
{
	add_place(adding, pc, /*runs=*/0);
}

static void add_record(struct coverage *coverage, const struct record *record,
		       const struct layout *layout, const struct naming *naming)
{
	struct adding adding = { .coverage = coverage };

	code_map_make(&adding.map, layout);
	adding.kernel_id = keep_id(coverage, &layout->kernel);
	for (size_t i = 0; i < record->count; i++) {
		progress_show("naming places", i, record->count);
		add_place(&adding, record->pcs[i], /*runs=*/1);
	}
	if (naming->sites)
		reachable_visit(layout, add_reachable, &adding);
	progress_end();
	code_map_release(&adding.map);
}

/* --- sorted, each place once ----------------------------------------------- */

static int compare_texts(const char *a, const char *b)
{
	return a == b ? 0 : strcmp(a, b);
}

static int compare(const void *left, const void *right)
{
	const struct spot *a = left, *b = right;
	int order = compare_texts(a->module, b->module);

	if (!order)
		order = compare_texts(a->id, b->id);
	if (!order)
		order = compare_texts(a->section, b->section);
	return order ? order : (a->offset > b->offset) - (a->offset < b->offset);
}

static void merge(struct spot *known, const struct spot *again)
{
	if (!known->runs)
		known->pc = again->pc;
	known->runs += again->runs;
	if (!known->frame_count) {
		known->frames = again->frames;
		known->frame_count = again->frame_count;
	}
}

static void settle(struct coverage *coverage)
{
	struct spot *spots = coverage->spots;
	size_t kept = 0;

	if (coverage->count)
		qsort(spots, coverage->count, sizeof(*spots), compare);
	for (size_t i = 0; i < coverage->count; i++) {
		if (kept && !compare(&spots[kept - 1], &spots[i]))
			merge(&spots[kept - 1], &spots[i]);
		else
			spots[kept++] = spots[i];
	}
	coverage->count = kept;
}

static bool add_named(struct coverage *coverage, const struct record *record,
		      const struct layout *layout, const struct naming *naming)
{
	const struct symbols_config config = {
		.layout = layout,
		.vmlinux = naming->vmlinux,
		.dirs = (const char *const *)naming->dirs,
		.dir_count = naming->dir_count,
		.no_cache = naming->no_cache,
		.names_only = !naming->lines && !naming->sites,
	};

	if (!symbols_open(&config))
		return false;
	add_record(coverage, record, layout, naming);
	settle(coverage);
	coverage->runs++;
	losses_add(&coverage->losses, &record->losses);
	return symbols_close();
}

bool coverage_add(struct coverage *coverage, const struct record *record,
		  const struct naming *naming)
{
	struct layout layout;
	bool added;

	if (!naming->sites)
		return add_named(coverage, record, &record->layout, naming);
	reachable_layout(&record->layout, &layout);
	added = add_named(coverage, record, &layout, naming);
	layout_release(&layout);
	return added;
}

/* --- less of it ------------------------------------------------------------ */

/*
 * A name is that of the function which all lists show, and not of one that was
 * inlined there. A file may be that of inlined code, too.
 */
static bool matches(const struct filter *filter, const struct spot *spot)
{
	if (filter_matches(filter, spot->module, spot->function, NULL))
		return true;
	for (size_t i = 0; i < spot->frame_count; i++)
		if (filter_matches(filter, spot->module, spot->function,
				   spot->frames[i].file))
			return true;
	return false;
}

void coverage_filter(struct coverage *coverage, const struct filter *filter)
{
	size_t kept = 0;

	for (size_t i = 0; i < coverage->count; i++)
		if (matches(filter, &coverage->spots[i]))
			coverage->spots[kept++] = coverage->spots[i];
	coverage->count = kept;
}

static bool has_reached(const struct coverage *coverage, const struct spot *spot)
{
	const struct spot *found =
		bsearch(spot, coverage->spots, coverage->count, sizeof(*spot),
			compare);

	return found && found->runs;
}

void coverage_subtract(struct coverage *coverage, const struct coverage *other)
{
	size_t kept = 0;

	for (size_t i = 0; i < coverage->count; i++)
		if (coverage->spots[i].runs &&
		    !has_reached(other, &coverage->spots[i]))
			coverage->spots[kept++] = coverage->spots[i];
	coverage->count = kept;
}
