// SPDX-License-Identifier: GPL-2.0-only
/*
 * Putting the file of a store together.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl_array.h"
#include "kcovctl_storing.h"

void storing_begin(struct storing *storing, const struct buildid *id,
		   const struct binary_source *source)
{
	struct storefile_header *header = &storing->header;

	*storing = (struct storing){ 0 };
	texts_make(&storing->texts);
	header->magic = STOREFILE_MAGIC;
	header->id_length = (uint32_t)id->length;
	memcpy(header->id, id->bytes, id->length);
	if (!source)
		return;
	header->source_path = texts_add(&storing->texts, source->path);
	header->source_size = source->size;
	header->source_mtime = source->mtime;
}

/* A module has a handful of them. */
static uint32_t section_of(struct storing *storing, const char *name)
{
	uint32_t text = texts_add(&storing->texts, name);
	uint32_t count = storing->header.section_count;

	for (uint32_t i = 0; i < count; i++)
		if (storing->sections[i] == text)
			return i;
	storing->sections = reallocarray(storing->sections, count + 1,
					 sizeof(*storing->sections));
	if (!storing->sections)
		err(1, "cache");
	storing->sections[count] = text;
	return storing->header.section_count++;
}

static void add_frame(struct storing *storing, const struct frame *frame)
{
	storing->frames = array_grow(storing->frames,
				     storing->header.frame_count,
				     &storing->frame_room,
				     sizeof(*storing->frames));
	storing->frames[storing->header.frame_count++] =
		(struct storefile_frame){
			.function = texts_add(&storing->texts, frame->function),
			.file = texts_add(&storing->texts, frame->file),
			.line = frame->line,
		};
}

void storing_add(struct storing *storing, const struct storing_place *added)
{
	const struct place *place = &added->place;

	storing->entries = array_grow(storing->entries,
				      storing->header.entry_count,
				      &storing->entry_room,
				      sizeof(*storing->entries));
	storing->entries[storing->header.entry_count++] =
		(struct storefile_entry){
			.section = section_of(storing, added->section),
			.offset = added->offset,
			.symbol = texts_add(&storing->texts, place->symbol),
			.symbol_offset = (uint32_t)place->symbol_offset,
			.symbol_size = (uint32_t)place->symbol_size,
			.frame = storing->header.frame_count,
			.frame_count = (uint16_t)place->frame_count,
			.has_lines = added->has_lines,
		};
	for (size_t i = 0; i < place->frame_count; i++)
		add_frame(storing, &place->frames[i]);
}

/* Of the same place the first that was added: new ones come before old ones. */
static int compare_entries(const void *a, const void *b)
{
	const struct storefile_entry *x = a, *y = b;

	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return (x->frame > y->frame) - (x->frame < y->frame);
}

static void sort(struct storing *storing)
{
	struct storefile_entry *entries = storing->entries;
	uint32_t kept = 0;

	if (storing->header.entry_count)
		qsort(entries, storing->header.entry_count, sizeof(*entries),
		      compare_entries);
	for (uint32_t i = 0; i < storing->header.entry_count; i++)
		if (!kept || entries[i].section != entries[kept - 1].section ||
		    entries[i].offset != entries[kept - 1].offset)
			entries[kept++] = entries[i];
	storing->header.entry_count = kept;
}

static void fill_slots(struct storing *storing)
{
	uint32_t count = 2;

	while (count / 2 < storing->header.entry_count)
		count *= 2;
	storing->header.slot_count = count;
	storing->slots = calloc(count, sizeof(*storing->slots));
	if (!storing->slots)
		err(1, "cache");
	for (uint32_t i = 0; i < storing->header.entry_count; i++) {
		const struct storefile_entry *entry = &storing->entries[i];
		uint32_t slot = storefile_hash(entry->section, entry->offset);

		while (storing->slots[slot & (count - 1)])
			slot++;
		storing->slots[slot & (count - 1)] = i + 1;
	}
}

static void append(struct storing *storing, const void *from, size_t size)
{
	if (size)
		memcpy(storing->bytes + storing->size, from, size);
	storing->size += size;
}

bool storing_end(struct storing *storing)
{
	struct storefile_header *header = &storing->header;
	uint64_t sections, slots, entries, frames, size;

	sort(storing);
	fill_slots(storing);
	sections = header->section_count * sizeof(*storing->sections);
	slots = header->slot_count * sizeof(*storing->slots);
	entries = header->entry_count * sizeof(*storing->entries);
	frames = header->frame_count * sizeof(*storing->frames);
	size = sizeof(*header) + sections + slots + entries + frames +
	       storing->texts.size;
	if (size > STOREFILE_MAX)
		return false;
	header->text_size = (uint32_t)storing->texts.size;
	storing->bytes = malloc(size);
	if (!storing->bytes)
		err(1, "cache");
	append(storing, header, sizeof(*header));
	append(storing, storing->sections, sections);
	append(storing, storing->slots, slots);
	append(storing, storing->entries, entries);
	append(storing, storing->frames, frames);
	append(storing, storing->texts.bytes, storing->texts.size);
	header->sum = storefile_sum(storing->bytes, storing->size);
	memcpy(storing->bytes, header, sizeof(*header));
	return true;
}

void storing_release(struct storing *storing)
{
	texts_release(&storing->texts);
	free(storing->sections);
	free(storing->slots);
	free(storing->entries);
	free(storing->frames);
	free(storing->bytes);
	*storing = (struct storing){ 0 };
}
