// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a coverage amounts to. The places of a function, and those of a module,
 * stand next to each other.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_census.h"

static uint64_t start_of(const struct spot *spot)
{
	return spot->offset - spot->function_offset;
}

/* Names come twice in a module, and parts of functions have sections of their own. */
static bool is_same_function(const struct spot *a, const struct spot *b)
{
	return a->module == b->module && a->id == b->id &&
	       a->section == b->section && a->function == b->function &&
	       (start_of(a) == start_of(b) ||
		!strcmp(a->function, COVERAGE_UNKNOWN));
}

size_t census_function_end(const struct coverage *coverage, size_t first)
{
	size_t end = first + 1;

	while (end < coverage->count &&
	       is_same_function(&coverage->spots[first], &coverage->spots[end]))
		end++;
	return end;
}

static struct tally *new_tally(struct tallies *tallies)
{
	/* to powers of two */
	if (!(tallies->count & (tallies->count - 1))) {
		tallies->tally = reallocarray(tallies->tally, tallies->count ?
					      2 * tallies->count : 1,
					      sizeof(*tallies->tally));
		if (!tallies->tally)
			err(KCOVCTL_FAILED, "list of functions");
	}
	return &tallies->tally[tallies->count++];
}

static void count_spot(struct tally *tally, const struct spot *spot)
{
	tally->known++;
	if (!spot->runs)
		return;
	tally->blocks++;
	tally->functions = 1;
	if (!tally->entry)
		tally->entry = spot;
	if (spot->runs > tally->runs)
		tally->runs = spot->runs;
}

static struct tally count_function(const struct spot *first, size_t count)
{
	struct tally tally = {
		.module = first->module,
		.function = first->function,
		.first = first,
		.known_functions = 1,
	};

	for (size_t i = 0; i < count; i++)
		count_spot(&tally, &first[i]);
	return tally;
}

static void add_to_module(struct tallies *modules, const struct tally *function)
{
	struct tally *module;

	if (!modules->count ||
	    modules->tally[modules->count - 1].module != function->module)
		*new_tally(modules) = (struct tally){
			.module = function->module,
			.first = function->first,
		};
	module = &modules->tally[modules->count - 1];
	module->functions += function->functions;
	module->blocks += function->blocks;
	module->known_functions += function->known_functions;
	module->known += function->known;
}

/* What is known are the places themselves, unless some were not reached. */
static void forget_unknown(struct tallies *modules, struct tallies *functions)
{
	size_t next = 0;

	for (size_t i = 0; i < modules->count; i++) {
		struct tally *module = &modules->tally[i];
		const bool all = module->known == module->blocks;

		while (next < functions->count &&
		       functions->tally[next].module == module->module) {
			if (all)
				functions->tally[next].known = 0;
			next++;
		}
		if (all)
			module->known = 0;
	}
}

static int compare(const void *left, const void *right)
{
	const struct tally *a = left, *b = right;
	int order = strcmp(a->module, b->module);

	if (!order)
		order = strcmp(a->function, b->function);
	return order ? order : (a->first > b->first) - (a->first < b->first);
}

static void count_all(struct census *census, const struct coverage *coverage)
{
	const struct spot *spot = coverage->spots;

	for (size_t i = 0; i < census->functions.count; i++)
		census->reached_functions += census->functions.tally[i].functions;
	for (size_t i = 0; i < census->modules.count; i++)
		census->reached_modules += census->modules.tally[i].blocks > 0;
	for (size_t i = 0; i < coverage->count; i++, spot++) {
		census->blocks += spot->runs > 0;
		census->unknown += spot->runs &&
				   !strcmp(spot->function, COVERAGE_UNKNOWN);
		census->without_lines += spot->runs && !spot->frame_count;
	}
}

void census_take(struct census *census, const struct coverage *coverage)
{
	size_t end;

	*census = (struct census){ 0 };
	for (size_t i = 0; i < coverage->count; i = end) {
		struct tally *function = new_tally(&census->functions);

		end = census_function_end(coverage, i);
		*function = count_function(&coverage->spots[i], end - i);
		add_to_module(&census->modules, function);
	}
	forget_unknown(&census->modules, &census->functions);
	count_all(census, coverage);
	if (census->functions.count)
		qsort(census->functions.tally, census->functions.count,
		      sizeof(*census->functions.tally), compare);
}

void census_release(struct census *census)
{
	free(census->functions.tally);
	free(census->modules.tally);
}
