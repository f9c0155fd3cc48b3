/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file of a store: its format, reading and replacing it.
 */
#ifndef KCOVCTL_STOREFILE_H
#define KCOVCTL_STOREFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kcovctl_buildid.h"

#define STOREFILE_MAGIC UINT64_C(0x32306d7973766f6b)	/* "kovsym02" */
#define STOREFILE_MAX (UINT64_C(32) << 20)

/*
 * The file is this, then sections, slots, entries and frames in the numbers told
 * here, then texts, each ending in a zero. Places in the texts are offsets; 0 is
 * "". Numbers are the machine's.
 *
 * Slots are a hash table of entries, never more than half full: an entry's number
 * and one more stands in the first free slot from storefile_hash() on.
 */
struct storefile_header {
	uint64_t magic;
	uint64_t sum;		/* of all that follows */
	uint64_t source_size, source_mtime;
	uint32_t source_path;	/* 0: no lines */
	uint32_t section_count;	/* an uint32_t each, a text */
	uint32_t entry_count;	/* each of another place */
	uint32_t frame_count;
	uint32_t slot_count;	/* a power of two, or 0 */
	uint32_t text_size;
	uint32_t id_length;
	unsigned char id[BUILDID_MAX];
};

struct storefile_entry {
	uint32_t section;	/* by number */
	uint32_t offset;
	uint32_t symbol;	/* a text */
	uint32_t symbol_offset, symbol_size;
	uint32_t frame;		/* the first, by number */
	uint16_t frame_count;
	uint16_t has_lines;	/* made with debug information at hand */
};

struct storefile_frame {
	uint32_t function, file;	/* texts */
	int32_t line;
};

/* A file in memory; what the pointers point to is all within it. */
struct storefile {
	unsigned char *bytes;
	const struct storefile_header *header;
	const uint32_t *sections;
	const uint32_t *slots;
	const struct storefile_entry *entries;
	const struct storefile_frame *frames;
	const char *texts;
};

/* Read the file of this build id; false: none, or damaged, or another's. */
bool storefile_read(struct storefile *file, const struct buildid *id);

/* Take the bytes, from malloc(), for a file; false: they are none. */
bool storefile_parse(struct storefile *file, unsigned char *bytes, size_t size,
		     const struct buildid *id);
void storefile_release(struct storefile *file);

static inline uint32_t storefile_hash(uint32_t section, uint32_t offset)
{
	uint64_t key = (uint64_t)section << 32 | offset;

	return (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

/* The checksum of a whole file, the head of which has all but that. */
uint64_t storefile_sum(const unsigned char *bytes, size_t size);

/* Put the bytes in the place of the file, and keep all files within bounds. */
void storefile_replace(const struct buildid *id, const unsigned char *bytes,
		       size_t size);

#endif
