// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was reached, as lines of text.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_list.h"
#include "kcovctl_terminal.h"

/* Modules that the summary names. */
#define NAMED 4

struct columns {
	int module, function;
};

static struct columns measure(const struct tallies *functions)
{
	struct columns columns = { 0 };

	for (size_t i = 0; i < functions->count; i++) {
		const struct tally *tally = &functions->tally[i];
		const int module = (int)strlen(tally->module);
		const int function = (int)strlen(tally->function);

		if (module > columns.module)
			columns.module = module;
		if (function > columns.function)
			columns.function = function;
	}
	return columns;
}

/* How many blocks of how many, where that is known. */
static void print_blocks(const struct tally *tally, FILE *out)
{
	fprintf(out, "%6zu", tally->blocks);
	if (tally->known)
		fprintf(out, " of %zu", tally->known);
	fputc('\n', out);
}

void list_functions(const struct census *census, FILE *out)
{
	const struct columns columns = measure(&census->functions);
	const struct tally *tally = census->functions.tally;

	for (size_t i = 0; i < census->functions.count; i++, tally++) {
		if (!tally->blocks)
			continue;
		fprintf(out, "%-*s  %-*s  ", columns.module, tally->module,
			columns.function, tally->function);
		print_blocks(tally, out);
	}
}

static int compare_frames(const void *left, const void *right)
{
	const struct frame *a = left, *b = right;
	int order = a->file == b->file ? 0 : strcmp(a->file, b->file);

	return order ? order : (a->line > b->line) - (a->line < b->line);
}

/* The line of a call that was inlined was reached, too. */
static size_t collect_lines(const struct coverage *coverage, struct frame *lines)
{
	size_t count = 0;

	for (size_t i = 0; i < coverage->count; i++) {
		const struct spot *spot = &coverage->spots[i];

		for (size_t j = 0; spot->runs && j < spot->frame_count; j++)
			if (spot->frames[j].file && spot->frames[j].line > 0)
				lines[count++] = spot->frames[j];
	}
	return count;
}

static size_t count_frames(const struct coverage *coverage)
{
	size_t count = 0;

	for (size_t i = 0; i < coverage->count; i++)
		count += coverage->spots[i].frame_count;
	return count;
}

void list_lines(const struct coverage *coverage, FILE *out)
{
	struct frame *lines = calloc(count_frames(coverage) + 1, sizeof(*lines));
	size_t count;

	if (!lines)
		err(KCOVCTL_FAILED, "list of lines");
	count = collect_lines(coverage, lines);
	qsort(lines, count, sizeof(*lines), compare_frames);
	for (size_t i = 0; i < count; i++)
		if (!i || compare_frames(&lines[i - 1], &lines[i]))
			fprintf(out, "%s:%d\n", lines[i].file, lines[i].line);
	free(lines);
}

static int compare_pcs(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

void list_raw(const struct coverage *coverage, FILE *out)
{
	uint64_t *pcs = calloc(coverage->count + 1, sizeof(*pcs));
	size_t count = 0;

	if (!pcs)
		err(KCOVCTL_FAILED, "list of PCs");
	for (size_t i = 0; i < coverage->count; i++)
		if (coverage->spots[i].runs)
			pcs[count++] = coverage->spots[i].pc;
	qsort(pcs, count, sizeof(*pcs), compare_pcs);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "0x%" PRIx64 "\n", pcs[i]);
	free(pcs);
}

void list_offsets(const struct coverage *coverage, FILE *out)
{
	for (size_t i = 0; i < coverage->count; i++) {
		const struct spot *spot = &coverage->spots[i];

		if (spot->runs)
			fprintf(out, "%s+0x%" PRIx64 "\n", spot->module,
				spot->module_offset);
	}
}

/* --- the summary ----------------------------------------------------------- */

static int compare_blocks(const void *left, const void *right)
{
	const struct tally *const *a = left, *const *b = right;

	return ((*a)->blocks < (*b)->blocks) - ((*a)->blocks > (*b)->blocks);
}

static void name_modules(const struct tally **modules, size_t count)
{
	for (size_t i = 0; i < count && i < NAMED; i++) {
		fprintf(stderr, "%s%s %zu", i ? ", " : ": ", modules[i]->module,
			modules[i]->blocks);
		if (modules[i]->known)
			fprintf(stderr, " of %zu", modules[i]->known);
	}
	if (count > NAMED)
		fprintf(stderr, " and %zu more", count - NAMED);
}

static const char *plural(size_t number)
{
	return number == 1 ? "" : "s";
}

void list_summary(const struct census *census)
{
	const size_t count = census->modules.count;
	const struct tally **modules = calloc(count + 1, sizeof(*modules));
	size_t reached = 0;

	if (!modules)
		err(KCOVCTL_FAILED, "list of modules");
	for (size_t i = 0; i < count; i++)
		if (census->modules.tally[i].blocks)
			modules[reached++] = &census->modules.tally[i];
	qsort(modules, reached, sizeof(*modules), compare_blocks);
	fprintf(stderr, "%s%zu function%s, %zu block%s%s",
		terminal_style(stderr, TERMINAL_BOLD),
		census->reached_functions, plural(census->reached_functions),
		census->blocks, plural(census->blocks),
		terminal_style(stderr, TERMINAL_PLAIN));
	name_modules(modules, reached);
	fputc('\n', stderr);
	free(modules);
	if (census->unknown)
		warnx("%zu place%s lie%s in code that nobody knows: a module that is gone?",
		      census->unknown, plural(census->unknown),
		      census->unknown == 1 ? "s" : "");
}
