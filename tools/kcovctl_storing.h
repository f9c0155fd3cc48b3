/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Putting the file of a store together.
 */
#ifndef KCOVCTL_STORING_H
#define KCOVCTL_STORING_H

#include "kcovctl_storefile.h"
#include "kcovctl_store.h"
#include "kcovctl_texts.h"

#define STORING_FRAMES_MAX 64

struct storing_place {
	const char *section;
	uint32_t offset;
	struct place place;
	bool has_lines;
};

struct storing {
	struct storefile_header header;
	uint32_t *sections;
	uint32_t *slots;
	struct storefile_entry *entries;
	size_t entry_room;
	struct storefile_frame *frames;
	size_t frame_room;
	struct texts texts;
	unsigned char *bytes;	/* the file, after the end */
	size_t size;
};

void storing_begin(struct storing *storing, const struct buildid *id,
		   const struct binary_source *source);
void storing_add(struct storing *storing, const struct storing_place *added);

/* False: it is larger than a file may be. */
bool storing_end(struct storing *storing);
void storing_release(struct storing *storing);

#endif
