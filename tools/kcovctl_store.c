// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was found of one build id, kept on disk for the next call.
 *
 * When a place in it is true stands in DESIGN.md, section 15.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl_array.h"
#include "kcovctl_places.h"
#include "kcovctl_store.h"
#include "kcovctl_storefile.h"
#include "kcovctl_storing.h"

struct store {
	const struct buildid *id;
	struct storefile file;
	bool has_file;
	struct binary_source source;	/* a path of "": no lines */
	const char *section;	/* the last one asked for */
	uint32_t section_number;
	struct storing_place *added;
	size_t count, room;
};

static const char *text_at(const struct storefile *file, uint32_t at)
{
	return at < file->header->text_size ? file->texts + at : "";
}

static void take_source(struct store *store)
{
	const struct storefile_header *header = store->file.header;
	const char *path = text_at(&store->file, header->source_path);

	if (strlen(path) >= sizeof(store->source.path))
		return;
	strcpy(store->source.path, path);
	store->source.size = header->source_size;
	store->source.mtime = header->source_mtime;
}

struct store *store_open(const struct buildid *id)
{
	struct store *store = calloc(1, sizeof(*store));

	if (!store)
		err(1, "cache");
	store->id = id;
	store->has_file = storefile_read(&store->file, id);
	if (store->has_file)
		take_source(store);
	return store;
}

const struct binary_source *store_source(const struct store *store)
{
	return *store->source.path ? &store->source : NULL;
}

void store_set_source(struct store *store, const struct binary_source *source)
{
	store->source = *source;
}

void store_forget(struct store *store)
{
	if (store->has_file)
		storefile_release(&store->file);
	store->has_file = false;
	store->source = (struct binary_source){ 0 };
}

/* The number of a section; as many as there are: unknown. */
static uint32_t find_section(const struct storefile *file, const char *name)
{
	uint32_t count = file->header->section_count, i = 0;

	while (i < count && strcmp(text_at(file, file->sections[i]), name))
		i++;
	return i;
}

/* What is asked comes from one section, as a rule, and names do not move. */
static uint32_t section_of(struct store *store, const char *name)
{
	if (store->section != name) {
		store->section = name;
		store->section_number = find_section(&store->file, name);
	}
	return store->section_number;
}

static const struct storefile_entry *find_entry(struct store *store,
						const struct store_key *key)
{
	const struct storefile *file = &store->file;
	uint32_t section, slot, count;

	if (!store->has_file || key->offset > UINT32_MAX)
		return NULL;
	section = section_of(store, key->section);
	slot = storefile_hash(section, (uint32_t)key->offset);
	count = file->header->slot_count;
	for (uint32_t i = 0; i < count; i++, slot++) {
		uint32_t number = file->slots[slot & (count - 1)];
		const struct storefile_entry *entry;

		if (!number || number > file->header->entry_count)
			return NULL;
		entry = &file->entries[number - 1];
		if (entry->section == section && entry->offset == key->offset)
			return entry;
	}
	return NULL;
}

static void set_frames(const struct storefile *file,
		       const struct storefile_entry *entry, struct place *place)
{
	struct frame frames[STORING_FRAMES_MAX];

	for (size_t i = 0; i < entry->frame_count; i++) {
		const struct storefile_frame *from =
			&file->frames[entry->frame + i];
		const char *path = text_at(file, from->file);

		frames[i] = (struct frame){
			.function = text_at(file, from->function),
			.file = *path ? path : NULL,
			.line = from->line,
		};
	}
	place->frames = places_frames(frames, entry->frame_count);
	place->frame_count = entry->frame_count;
}

bool store_find(struct store *store, const struct store_key *key,
		struct place *place, bool *has_lines)
{
	const struct storefile_entry *entry = find_entry(store, key);
	const struct storefile *file = &store->file;

	if (!entry || entry->frame_count > STORING_FRAMES_MAX ||
	    (uint64_t)entry->frame + entry->frame_count >
	    file->header->frame_count)
		return false;
	place->symbol = text_at(file, entry->symbol);
	if (!*place->symbol)
		place->symbol = NULL;
	place->symbol_offset = entry->symbol_offset;
	place->symbol_size = entry->symbol_size;
	if (entry->frame_count)
		set_frames(file, entry, place);
	*has_lines = entry->has_lines;
	return true;
}

void store_add(struct store *store, const struct store_key *key,
	       const struct place *place, bool has_lines)
{
	if (key->offset > UINT32_MAX || place->symbol_offset > UINT32_MAX ||
	    place->symbol_size > UINT32_MAX ||
	    place->frame_count > STORING_FRAMES_MAX)
		return;
	store->added = array_grow(store->added, store->count, &store->room,
				  sizeof(*store->added));
	store->added[store->count++] = (struct storing_place){
		.section = key->section,
		.offset = (uint32_t)key->offset,
		.place = *place,
		.has_lines = has_lines,
	};
}

static void add_old(struct storing *storing, const struct store *store)
{
	const struct storefile *file = &store->file;

	for (uint32_t i = 0; i < file->header->entry_count; i++) {
		const struct storefile_entry *entry = &file->entries[i];
		const char *section = entry->section < file->header->section_count ?
			text_at(file, file->sections[entry->section]) : "";
		struct storing_place old = { section, entry->offset, { 0 }, false };

		if (store_find((struct store *)store,
			       &(struct store_key){ section, entry->offset },
			       &old.place, &old.has_lines))
			storing_add(storing, &old);
	}
}

/* With what was there before, or, if that is too much, without. */
static bool put_together(const struct store *store, bool with_old,
			 struct storing *storing)
{
	storing_begin(storing, store->id, store_source(store));
	for (size_t i = 0; i < store->count; i++)
		storing_add(storing, &store->added[i]);
	if (with_old && store->has_file)
		add_old(storing, store);
	return storing_end(storing);
}

static void write_back(const struct store *store)
{
	struct storing storing;
	bool fits = put_together(store, true, &storing);

	if (!fits) {
		storing_release(&storing);
		fits = put_together(store, false, &storing);
	}
	if (fits)
		storefile_replace(store->id, storing.bytes, storing.size);
	storing_release(&storing);
}

void store_close(struct store *store)
{
	if (store->count)
		write_back(store);
	if (store->has_file)
		storefile_release(&store->file);
	free(store->added);
	free(store);
}
