// SPDX-License-Identifier: GPL-2.0-only
/*
 * The places that were asked for so far: a hash table, never more than half
 * full, and the memory of what it points to.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <obstack.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl_places.h"

#define obstack_chunk_alloc allocate
#define obstack_chunk_free free

static struct obstack memory;
static struct place **slots;
static size_t slot_count, place_count;

static void *allocate(size_t size)
{
	void *chunk = malloc(size);

	if (!chunk)
		err(1, "places");
	return chunk;
}

static struct place **make_slots(size_t count)
{
	struct place **made = calloc(count, sizeof(*made));

	if (!made)
		err(1, "places");
	return made;
}

void places_open(void)
{
	obstack_init(&memory);
	slot_count = 1024;
	place_count = 0;
	slots = make_slots(slot_count);
}

void places_close(void)
{
	obstack_free(&memory, NULL);
	free(slots);
	slots = NULL;
}

/* Where the PC is, or goes. The multiplier is 2^64 by the golden ratio. */
static struct place **find_slot(struct place **in, size_t count, uint64_t pc)
{
	size_t i = (pc * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (count - 1);

	while (in[i] && in[i]->pc != pc)
		i = (i + 1) & (count - 1);
	return &in[i];
}

static void grow_slots(void)
{
	struct place **larger = make_slots(slot_count * 4);

	for (size_t i = 0; i < slot_count; i++)
		if (slots[i])
			*find_slot(larger, slot_count * 4, slots[i]->pc) =
				slots[i];
	free(slots);
	slots = larger;
	slot_count *= 4;
}

struct place *places_get(uint64_t pc, bool *is_new)
{
	struct place **slot = find_slot(slots, slot_count, pc);

	*is_new = !*slot;
	if (*slot)
		return *slot;
	if (++place_count > slot_count / 2) {
		grow_slots();
		slot = find_slot(slots, slot_count, pc);
	}
	*slot = obstack_alloc(&memory, sizeof(**slot));
	**slot = (struct place){ .pc = pc };
	return *slot;
}

const char *places_text(const char *text)
{
	return obstack_copy(&memory, text, strlen(text) + 1);
}

const char *places_bytes(const char *bytes, size_t size)
{
	return obstack_copy(&memory, bytes, size);
}

const struct frame *places_frames(const struct frame *frames, size_t count)
{
	return obstack_copy(&memory, frames, count * sizeof(*frames));
}
