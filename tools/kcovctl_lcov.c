// SPDX-License-Identifier: GPL-2.0-only
/*
 * Coverage as lcov's tools read it: per source file its functions and lines.
 *
 * A line was reached by the runs that reached one of its places, or a place of
 * what was inlined there. A function is where its lowest place is, which is its
 * entry, in the file that it was written in.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_array.h"
#include "kcovctl_census.h"
#include "kcovctl_lcov.h"
#include "kcovctl_output.h"
#include "kcovctl_source.h"

/* A line, or the function that begins there. */
struct item {
	const char *file;
	int line;
	const char *function;	/* NULL: a line */
	unsigned int runs;
};

struct items {
	struct item *item;
	size_t count, room;
};

static void add(struct items *items, const struct frame *frame,
		const char *function, unsigned int runs)
{
	if (!frame->file || frame->line <= 0)
		return;
	items->item = array_grow(items->item, items->count, &items->room,
				 sizeof(*items->item));
	items->item[items->count++] =
		(struct item){ frame->file, frame->line, function, runs };
}

/* Files, then functions by name before lines. */
static int compare(const void *left, const void *right)
{
	const struct item *a = left, *b = right;
	int order = a->file == b->file ? 0 : strcmp(a->file, b->file);

	if (!order)
		order = !a->function - !b->function;
	if (!order && a->function)
		order = strcmp(a->function, b->function);
	return order ? order : a->line - b->line;
}

/* lcov knows functions of a file by their names: the lowest line is that of all. */
static bool is_same(const struct item *a, const struct item *b)
{
	if (!a->function || !b->function)
		return !compare(a, b);
	return !strcmp(a->file, b->file) && !strcmp(a->function, b->function);
}

static void add_lines(struct items *items, const struct coverage *coverage)
{
	for (size_t i = 0; i < coverage->count; i++) {
		const struct spot *spot = &coverage->spots[i];

		for (size_t j = 0; j < spot->frame_count; j++)
			add(items, &spot->frames[j], NULL, spot->runs);
	}
}

static void add_functions(struct items *items, const struct coverage *coverage)
{
	unsigned int runs;
	size_t end;

	for (size_t i = 0; i < coverage->count; i = end) {
		const struct spot *spot = &coverage->spots[i];

		end = census_function_end(coverage, i);
		runs = 0;
		for (size_t j = i; j < end; j++)
			if (coverage->spots[j].runs > runs)
				runs = coverage->spots[j].runs;
		if (spot->frame_count)
			add(items, &spot->frames[spot->frame_count - 1],
			    spot->function, runs);
	}
}

/* Of several places of a line, the most runs count. */
static void merge(struct items *items)
{
	size_t kept = 0;

	for (size_t i = 0; i < items->count; i++) {
		struct item *last = kept ? &items->item[kept - 1] : NULL;

		if (!last || !is_same(last, &items->item[i]))
			items->item[kept++] = items->item[i];
		else if (last->runs < items->item[i].runs)
			last->runs = items->item[i].runs;
	}
	items->count = kept;
}

static void collect(struct items *items, const struct coverage *coverage)
{
	add_functions(items, coverage);
	add_lines(items, coverage);
	if (items->count)
		qsort(items->item, items->count, sizeof(*items->item), compare);
	merge(items);
}

/* --- the file -------------------------------------------------------------- */

static void write_functions(const struct item *item, size_t count, FILE *out)
{
	size_t hit = 0;

	for (size_t i = 0; i < count; i++)
		fprintf(out, "FN:%d,%s\n", item[i].line, item[i].function);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "FNDA:%u,%s\n", item[i].runs, item[i].function);
		hit += item[i].runs > 0;
	}
	fprintf(out, "FNF:%zu\nFNH:%zu\n", count, hit);
}

static void write_lines(const struct item *item, size_t count, FILE *out)
{
	size_t hit = 0;

	for (size_t i = 0; i < count; i++) {
		fprintf(out, "DA:%d,%u\n", item[i].line, item[i].runs);
		hit += item[i].runs > 0;
	}
	fprintf(out, "LF:%zu\nLH:%zu\n", count, hit);
}

static void write_file(const struct item *item, size_t count, FILE *out)
{
	char *path = source_find(item->file);
	size_t functions = 0;

	while (functions < count && item[functions].function)
		functions++;
	fprintf(out, "SF:%s\n", path);
	write_functions(item, functions, out);
	write_lines(item + functions, count - functions, out);
	fputs("end_of_record\n", out);
	free(path);
}

static void write_files(const struct items *items, FILE *out)
{
	size_t end;

	fputs("TN:kernel\n", out);
	for (size_t i = 0; i < items->count; i = end) {
		for (end = i + 1; end < items->count; end++)
			if (strcmp(items->item[i].file, items->item[end].file))
				break;
		write_file(&items->item[i], end - i, out);
	}
}

static bool write_items(const struct items *items,
			const struct lcov_config *config, const char *path)
{
	struct output output;

	if (!items->count) {
		warnx("%s: no line of a source file is known, so there is nothing for lcov:",
		      path);
		warnx("  it takes debug information: of modules with callbacks (--module-dir),");
		warnx("  or of the kernel (--vmlinux)");
		return false;
	}
	if (!output_open(&output, path))
		return false;
	source_open(config->sources, config->source_count, config->release);
	write_files(items, output.file);
	source_close();
	return output_close(&output);
}

bool lcov_write(const struct coverage *coverage,
		const struct lcov_config *config, const char *path)
{
	struct items items = { 0 };
	bool written;

	collect(&items, coverage);
	written = write_items(&items, config, path);
	free(items.item);
	return written;
}
