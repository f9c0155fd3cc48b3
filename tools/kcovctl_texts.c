// SPDX-License-Identifier: GPL-2.0-only
/*
 * Texts one behind the other, each once: a hash table, never more than half
 * full, of where they are.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl_texts.h"

static uint32_t *make_slots(size_t count)
{
	uint32_t *slots = calloc(count, sizeof(*slots));

	if (!slots)
		err(1, "texts");
	return slots;
}

void texts_make(struct texts *texts)
{
	*texts = (struct texts){ .slot_count = 1024 };
	texts->slots = make_slots(texts->slot_count);
	texts->room = 1 << 16;
	texts->bytes = calloc(1, texts->room);
	if (!texts->bytes)
		err(1, "texts");
	texts->size = 1;	/* "" */
}

void texts_release(struct texts *texts)
{
	free(texts->bytes);
	free(texts->slots);
	*texts = (struct texts){ 0 };
}

static size_t hash(const char *text)
{
	uint64_t hash = 0;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) *
		       UINT64_C(0x9e3779b97f4a7c15);
	return hash >> 32;
}

static uint32_t *find_slot(const struct texts *texts, const char *text)
{
	size_t i = hash(text) & (texts->slot_count - 1);

	while (texts->slots[i] && strcmp(texts->bytes + texts->slots[i], text))
		i = (i + 1) & (texts->slot_count - 1);
	return &texts->slots[i];
}

static void double_slots(struct texts *texts)
{
	uint32_t *old = texts->slots;
	size_t count = texts->slot_count;

	texts->slot_count *= 2;
	texts->slots = make_slots(texts->slot_count);
	for (size_t i = 0; i < count; i++)
		if (old[i])
			*find_slot(texts, texts->bytes + old[i]) = old[i];
	free(old);
}

static uint32_t append(struct texts *texts, const char *text)
{
	size_t at = texts->size, length = strlen(text) + 1;

	if (length > UINT32_MAX - at)
		errx(1, "texts: too many");
	while (texts->room - at < length) {
		texts->room *= 2;
		texts->bytes = realloc(texts->bytes, texts->room);
		if (!texts->bytes)
			err(1, "texts");
	}
	memcpy(texts->bytes + at, text, length);
	texts->size += length;
	return (uint32_t)at;
}

uint32_t texts_add(struct texts *texts, const char *text)
{
	uint32_t *slot;

	if (!text || !*text)
		return 0;
	slot = find_slot(texts, text);
	if (*slot)
		return *slot;
	*slot = append(texts, text);
	if (++texts->count <= texts->slot_count / 2)
		return *slot;
	double_slots(texts);
	return *find_slot(texts, text);
}
