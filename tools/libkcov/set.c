// SPDX-License-Identifier: GPL-2.0-only
/*
 * A set of PCs: a table with a place for each, the next free one if that is taken.
 *
 * At least half of the table is free, so that one is soon found. 0 stands for free;
 * as buffers can be written to by anybody, a 0 may be added, too, and has a flag.
 */
#include <errno.h>
#include <libkcov.h>
#include <stdlib.h>

#include "error.h"

#define FIRST_ROOM 1024

struct kcov_set {
	uint64_t *table;
	size_t room;		/* of the table, a power of 2 */
	size_t used;		/* of it */
	bool has_0;
	uint64_t *sorted;	/* NULL since the last change */
};

struct kcov_set *kcov_set_new(void)
{
	struct kcov_set *set = calloc(1, sizeof(*set));

	if (!set)
		goto fail;
	set->room = FIRST_ROOM;
	set->table = calloc(set->room, sizeof(*set->table));
	if (set->table)
		return set;
	free(set);
fail:
	libkcov_fail(LIBKCOV_MEMORY);
	return NULL;
}

void kcov_set_free(struct kcov_set *set)
{
	const int err = errno;

	if (!set)
		return;
	free(set->sorted);
	free(set->table);
	free(set);
	errno = err;
}

/* Where this PC stands, or else is to stand. */
static uint64_t *find(uint64_t *table, size_t room, uint64_t pc)
{
	size_t i = (pc * 0x9e3779b97f4a7c15) >> 32;

	for (;; i++) {
		i &= room - 1;
		if (!table[i] || table[i] == pc)
			return &table[i];
	}
}

static int grow(struct kcov_set *set)
{
	const size_t room = 2 * set->room;
	uint64_t *table = calloc(room, sizeof(*table));

	if (!table)
		return libkcov_fail(LIBKCOV_MEMORY);
	for (size_t i = 0; i < set->room; i++)
		if (set->table[i])
			*find(table, room, set->table[i]) = set->table[i];
	free(set->table);
	set->table = table;
	set->room = room;
	return 0;
}

static void changed(struct kcov_set *set)
{
	free(set->sorted);
	set->sorted = NULL;
}

static int add_0(struct kcov_set *set)
{
	if (set->has_0)
		return 0;
	set->has_0 = true;
	changed(set);
	return 1;
}

int kcov_set_add(struct kcov_set *set, uint64_t pc)
{
	if (!pc)
		return add_0(set);
	if (*find(set->table, set->room, pc))
		return 0;
	if (set->used >= set->room / 2 && grow(set))
		return -1;
	*find(set->table, set->room, pc) = pc;
	set->used++;
	changed(set);
	return 1;
}

long kcov_set_add_trace(struct kcov_set *set, const struct kcov *kcov)
{
	const size_t count = kcov_count(kcov);
	long added = 0;

	for (size_t i = 1; i <= count; i++) {
		const int is_new = kcov_set_add(set, kcov->cover[i]);

		if (is_new < 0)
			return -1;
		added += is_new;
	}
	return added;
}

size_t kcov_set_count(const struct kcov_set *set)
{
	return set->used + set->has_0;
}

static int compare(const void *a, const void *b)
{
	const uint64_t first = *(const uint64_t *)a;
	const uint64_t second = *(const uint64_t *)b;

	return (first > second) - (first < second);
}

/* An empty set has an array, too: NULL says that there is no memory. */
const uint64_t *kcov_set_sorted(struct kcov_set *set)
{
	size_t count = 0;

	if (set->sorted)
		return set->sorted;
	set->sorted = malloc((kcov_set_count(set) + 1) * sizeof(*set->sorted));
	if (!set->sorted) {
		libkcov_fail(LIBKCOV_MEMORY);
		return NULL;
	}
	if (set->has_0)
		set->sorted[count++] = 0;
	for (size_t i = 0; i < set->room; i++)
		if (set->table[i])
			set->sorted[count++] = set->table[i];
	qsort(set->sorted, count, sizeof(*set->sorted), compare);
	return set->sorted;
}
