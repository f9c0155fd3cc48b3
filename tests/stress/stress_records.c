// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stands in the buffers: as many records as are counted, each of them possible, and nothing
 * behind them.
 *
 * The instrumented driver is what must leave records, whatever functions are covered just now.
 */
#include "stress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kcov_instances.h"

#define EMPTY 0x5555555555555555UL

static size_t words_of(const struct stress_desc *desc)
{
	return desc->state != STRESS_TREE && desc->mode == KCOV_TRACE_CMP ? 4 : 1;
}

static size_t capacity_of(const struct stress_desc *desc)
{
	return (desc->words - 1) / words_of(desc);
}

static size_t count_in(const unsigned long *map)
{
	return __atomic_load_n(&map[0], __ATOMIC_RELAXED);
}

/*
 * All behind the count is known.
 *
 * A thread that has enabled kcov may get records between any two of its instructions: where
 * schedule() is covered, one for each time it is preempted. So it begins with the count, lest such
 * a record land in a word that is filled already and be forgotten, and begins again if one came:
 * at the last look none had, and from then on records are counted. Only the compiler could
 * reorder that, as the records are made by the same thread.
 */
void stress_fill(const struct stress_actor *a)
{
	unsigned long *map = a->slots[a->slot].map;

	do {
		__atomic_store_n(&map[0], 0, __ATOMIC_RELAXED);
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		for (size_t i = 1; i < stress_desc(a)->words; i++)
			map[i] = EMPTY;
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	} while (count_in(map));
}

static bool is_possible(const unsigned long *record, size_t words)
{
	return words == 1 ? kcov_is_pc(record[0]) : record[0] <= 7 && kcov_is_pc(record[3]);
}

/* Answers the number of records; the actor's calls have made all of them. */
size_t stress_check_records(struct stress_actor *a)
{
	const struct stress_desc *desc = stress_desc(a);
	const size_t words = words_of(desc);
	const unsigned long *map = stress_slot(a)->map;
	const size_t count = count_in(map);

	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (count > capacity_of(desc))
		stress_fail(a, "the count is %#lx, and there is room for %#lx", count,
			    capacity_of(desc));
	for (size_t i = 0; i < count; i++)
		if (!is_possible(&map[1 + i * words], words))
			stress_fail(a, "record %zu of %zu is no record: %#lx", i, count,
				    map[1 + i * words]);
	__atomic_fetch_add(&stress_world->records, count, __ATOMIC_RELAXED);
	return count;
}

/* A word that is known no more must belong to a record that came since the count was read. */
static void check_behind(struct stress_actor *a, size_t count)
{
	const size_t words = words_of(stress_desc(a));
	const unsigned long *map = stress_slot(a)->map;

	for (size_t i = 1 + count * words; i < stress_desc(a)->words; i++) {
		if (map[i] == EMPTY)
			continue;
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		if (i > count_in(map) * words)
			stress_fail(a, "word %zu, behind %zu records, is %#lx", i, count_in(map),
				    map[i]);
	}
}

static bool records_here(struct stress_actor *a)
{
	return stress_slot(a)->map && a->task.local == stress_desc(a);
}

static void make_calls(unsigned int how)
{
	char text[64];

	if (how & 1)
		syscall(SYS_getppid);
	if (how & 2)
		syscall(SYS_read, -1, NULL, 0);
	if (how & 4)
		syscall(SYS_readlink, "/proc/self/exe", text, sizeof(text));
}

/* A call of the driver must show, other calls may, and neither does from inside a section. */
void stress_trace(struct stress_actor *a)
{
	const unsigned int how = stress_draw(a, 16);
	int got = 0;
	size_t count;

	if (!records_here(a))
		return;
	stress_fill(a);
	make_calls(how);
	if (how & 8)
		got = stress_run_here(how & 7);
	count = stress_check_records(a);
	check_behind(a, count);
	stress_expect(a, how & 8 && !stress_world->has_sections ? MAY(ENOENT) : MAY(0), got);
	if (a->task.in_section && count)
		stress_fail(a, "%zu records of the task while it is in a section", count);
	if (how & 8 && !got && !count && !a->task.in_section)
		stress_fail(a, "no record of an instrumented driver");
}

static unsigned long dropped_by(struct stress_actor *a)
{
	unsigned long dropped = 0;
	struct kcov_row row;
	char line[256];
	bool found = false;
	FILE *file = fopen(KCOV_INSTANCES, "re");

	while (file && fgets(line, sizeof(line), file)) {
		if (!kcov_parse_row(line, &row) || atoi(row.pid) != a->task.tid ||
		    (strcmp(row.mode, "pc") && strcmp(row.mode, "cmp")))
			continue;
		found = true;
		dropped = strtoul(row.dropped, NULL, 10);
		if (strtoul(row.size, NULL, 10) != stress_desc(a)->words)
			stress_fail(a, "the table says %s words", row.size);
	}
	if (!file || !found)
		stress_fail(a, "the table has no line for the task");
	fclose(file);
	return dropped;
}

/* More records than there is room for: the rest is counted. */
void stress_overflow(struct stress_actor *a)
{
	unsigned long before;
	size_t room;

	if (!records_here(a) || a->task.in_section || !stress_world->has_sections)
		return;
	room = capacity_of(stress_desc(a));
	before = dropped_by(a);
	stress_fill(a);
	stress_expect(a, MAY(0), stress_run_here(2 * room));
	if (stress_check_records(a) != room)
		stress_fail(a, "a buffer for %zu records is not full", room);
	check_behind(a, room);
	if (dropped_by(a) < before + room)
		stress_fail(a, "%lu records were dropped, and then %lu: not %zu more", before,
			    dropped_by(a), room);
}
