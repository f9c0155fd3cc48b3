// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as calls of kcov_record.h, compared with a model of it.
 *
 * Three bytes say how long the buffer is, the mode, and how long a section's buffer is; then come
 * operations of a byte and a value of eight, little end first, of which the last may be short. The
 * buffers are allocated exactly, so that a build with -fsanitize=address sees any access outside.
 */
#include "record_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kcov_record.h"

#define SET_SLOTS	64
#define HEAD		3

/* A buffer, and what must be in it. */
struct area {
	struct kcov_recorder rec;
	u64 words;
	u64 *model;
	u64 dropped;
};

struct run {
	struct area buffer, section;
	struct kcov_recorder set;
};

static void *zeroed(u64 words)
{
	void *memory = calloc(words, sizeof(u64));

	if (!memory)
		abort();
	return memory;
}

static void make_area(struct area *area, u64 words, unsigned int mode)
{
	area->words = words;
	area->rec.mode = mode;
	area->rec.capacity = kcov_record_capacity(mode, words);
	area->rec.area = zeroed(words);
	area->model = zeroed(words);
}

static void free_area(struct area *area)
{
	free(area->rec.area);
	free(area->model);
}

static void check(const struct area *area, const char *what)
{
	if (area->rec.dropped == area->dropped &&
	    !memcmp(area->rec.area, area->model, area->words * sizeof(u64)))
		return;
	fprintf(stderr, "%s: the area is not what the model says\n", what);
	abort();
}

static u64 model_words(const struct area *area)
{
	return area->rec.mode == KCOV_TRACE_CMP ? 4 : 1;
}

static u64 model_room(const struct area *area)
{
	return (area->words - 1) / model_words(area);
}

/* In the mode of the area; a comparison has four words that tell from which value they come. */
static void record(struct area *area, u64 value)
{
	const u64 count = area->model[0];
	const u64 record[] = { value & 7, ~value, value ^ 1, value };

	if (area->rec.mode == KCOV_TRACE_CMP)
		kcov_record_cmp(&area->rec, record[0], record[1], record[2], record[3]);
	else
		kcov_record_pc(&area->rec, value);
	if (count >= model_room(area)) {
		area->dropped++;
		return;
	}
	area->model[0]++;
	if (area->rec.mode == KCOV_TRACE_CMP)
		memcpy(&area->model[1 + 4 * count], record, sizeof(record));
	else
		area->model[1 + count] = value;
}

static void store_count(struct area *area, u64 value)
{
	area->rec.area[0] = value;
	area->model[0] = value;
}

static u64 smaller(u64 a, u64 b)
{
	return a < b ? a : b;
}

/*
 * As the end of a section does it: copy, in one of two ways, and publish if nobody has
 * changed the count.
 */
static void merge(struct run *run, int is_disturbed, int is_short)
{
	struct area *to = &run->buffer, *from = &run->section;
	const u64 base = smaller(to->model[0], to->rec.capacity);
	const u64 fits = smaller(smaller(from->model[0], model_room(from)), model_room(to) - base);
	const u64 words = model_words(to);

	if (is_short && fits && fits == kcov_record_count(&from->rec))
		kcov_record_copy_few(&to->rec, base, &from->rec, fits);
	else if (kcov_record_copy(&to->rec, base, &from->rec) != fits)
		abort();
	memcpy(&to->model[1 + base * words], &from->model[1], fits * words * sizeof(u64));
	if (is_disturbed || !fits)
		return;
	kcov_record_publish(&to->rec, base + fits);
	to->model[0] = base + fits;
}

static int has(const struct kcov_recorder *set, u64 pc)
{
	int found = 0;

	for (u64 i = 0; i <= set->capacity; i++)
		found += set->area[i] == pc;
	return found;
}

/* It is there once, or was dropped. */
static void add(struct kcov_recorder *set, u64 pc)
{
	const u64 dropped = set->dropped;
	const int was_there = has(set, pc);
	const int is_new = kcov_record_add(set, pc);
	const int is_kept = set->dropped == dropped;

	if (has(set, pc) != is_kept || is_new != (is_kept && !was_there))
		abort();
}

static void operate(struct run *run, unsigned int code, u64 value)
{
	switch (code % 7) {
	case 0:
		return record(&run->buffer, value);
	case 1:
		return store_count(&run->buffer, value);
	case 2:
		kcov_record_forget(&run->buffer.rec);
		run->buffer.model[0] = 0;
		return;
	case 3:
		return record(&run->section, value);
	case 4:
		return merge(run, /*is_disturbed=*/value & 1, /*is_short=*/value & 2);
	case 5:
		kcov_record_forget(&run->section.rec);
		run->section.model[0] = 0;
		return;
	default:
		return add(&run->set, value ? value : 1);
	}
}

static u64 read_value(const uint8_t *bytes, size_t count)
{
	u64 value = 0;

	memcpy(&value, bytes, count < sizeof(value) ? count : sizeof(value));
	return value;
}

static void run_all(struct run *run, const uint8_t *bytes, size_t count)
{
	for (size_t at = HEAD; at < count; at += 1 + sizeof(u64)) {
		operate(run, bytes[at], read_value(&bytes[at + 1], count - at - 1));
		check(&run->buffer, "the buffer");
		check(&run->section, "the section's buffer");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	struct run run = { .set = { .capacity = SET_SLOTS - 1, .mode = KCOV_RECORD_SET } };

	if (count < HEAD)
		return 0;
	make_area(&run.buffer, 2 + bytes[0], bytes[1] & 1);
	make_area(&run.section, 2 + bytes[2], bytes[1] & 1);
	run.set.area = zeroed(SET_SLOTS);
	run_all(&run, bytes, count);
	free_area(&run.buffer);
	free_area(&run.section);
	free(run.set.area);
	return 0;
}
