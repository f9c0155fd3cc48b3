// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines that were read before, and the places they were: traces come by the same
 * places again and again, and to compare a line costs less than to read it.
 *
 * A table in which a line has one slot, which the last one that came has. Only
 * lines of the form kcovctl trace writes are in it, as three words that overlap.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl_seen.h"

#define LINE_LENGTH	19	/* 0x, sixteen digits, a newline */
#define SLOT_BITS	15

struct words {
	uint64_t word[3];
};

static struct {
	struct words words;
	struct place *place;
} *slots;

static struct words words_of(const char *line)
{
	struct words words;

	memcpy(&words.word[0], line, 8);
	memcpy(&words.word[1], line + 8, 8);
	memcpy(&words.word[2], line + LINE_LENGTH - 8, 8);
	return words;
}

static size_t slot_of(const struct words *words)
{
	return (words->word[0] ^ words->word[1] ^ words->word[2] << 3) *
	       UINT64_C(0x9e3779b97f4a7c15) >> (64 - SLOT_BITS);
}

struct place *seen_find(const char *line, size_t length)
{
	struct words words;
	size_t slot;

	if (!slots || length != LINE_LENGTH)
		return NULL;
	words = words_of(line);
	slot = slot_of(&words);
	return slots[slot].words.word[0] == words.word[0] &&
	       slots[slot].words.word[1] == words.word[1] &&
	       slots[slot].words.word[2] == words.word[2] ?
	       slots[slot].place : NULL;
}

void seen_add(const char *line, size_t length, struct place *place)
{
	struct words words;
	size_t slot;

	if (length != LINE_LENGTH)
		return;
	if (!slots)
		slots = calloc(1UL << SLOT_BITS, sizeof(*slots));
	if (!slots)
		err(1, "lines");
	words = words_of(line);
	slot = slot_of(&words);
	slots[slot].words = words;
	slots[slot].place = place;
}

void seen_forget(void)
{
	free(slots);
	slots = NULL;
}
