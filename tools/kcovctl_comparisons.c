// SPDX-License-Identifier: GPL-2.0-only
/*
 * The comparisons that a thread made: by place, those with the same operands
 * counted.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "kcovctl.h"
#include "kcovctl_comparisons.h"
#include "kcovctl_coverage_json.h"

struct comparisons {
	struct kcov_cmp *cmp;
	size_t count;
};

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare(const void *left, const void *right)
{
	const struct kcov_cmp *a = left, *b = right;
	int order = compare_numbers(a->pc, b->pc);

	if (!order)
		order = compare_numbers(a->type, b->type);
	if (!order)
		order = compare_numbers(a->arg1, b->arg1);
	return order ? order : compare_numbers(a->arg2, b->arg2);
}

static struct comparisons collect(const struct kcov *kcov)
{
	struct comparisons all = { .count = kcov_cmp_count(kcov) };

	all.cmp = calloc(all.count + 1, sizeof(*all.cmp));
	if (!all.cmp)
		err(KCOVCTL_FAILED, "list of comparisons");
	all.count = kcov_cmps(kcov, all.cmp, all.count);
	qsort(all.cmp, all.count, sizeof(*all.cmp), compare);
	return all;
}

static bool is_shown(const struct filter *filter, const struct place *place)
{
	return filter_matches(filter, place->module ? place->module :
						      COVERAGE_KERNEL,
			      place->symbol ? place->symbol : COVERAGE_UNKNOWN,
			      place->frame_count ? place->frames[0].file : NULL);
}

static void print_place(const struct place *place)
{
	printf("0x%" PRIx64, place->pc);
	if (!place->symbol)
		fputs(" ?", stdout);
	else
		printf(" %s+0x%" PRIx64 "/0x%" PRIx64, place->symbol,
		       place->symbol_offset, place->symbol_size);
	if (place->module)
		printf(" [%s]", place->module);
	if (place->frame_count && place->frames[0].file)
		printf(" %s:%d", place->frames[0].file, place->frames[0].line);
	putchar('\n');
}

static void print_operands(const struct kcov_cmp *cmp, size_t times)
{
	printf("%8zu x %u byte%s  %#" PRIx64 "%s  %#" PRIx64 "\n", times,
	       kcov_cmp_size(cmp), kcov_cmp_size(cmp) == 1 ? " " : "s",
	       cmp->arg1, kcov_cmp_is_const(cmp) ? " (constant)" : "",
	       cmp->arg2);
}

static struct json_object *object_of(const struct place *place,
				     const struct kcov_cmp *cmp, size_t times)
{
	struct json_object *object = json_place(place);

	json_set_number(object, "bytes", kcov_cmp_size(cmp));
	json_set_flag(object, "constant", kcov_cmp_is_const(cmp));
	json_set_hex(object, "arg1", cmp->arg1);
	json_set_hex(object, "arg2", cmp->arg2);
	json_set_number(object, "times", times);
	return object;
}

static size_t count_alike(const struct comparisons *all, size_t first)
{
	size_t end = first + 1;

	while (end < all->count && !compare(&all->cmp[first], &all->cmp[end]))
		end++;
	return end - first;
}

/* array: NULL, or where objects go in place of lines. */
static void print_all(const struct comparisons *all, const struct filter *filter,
		      struct json_object *array)
{
	const struct place *last = NULL;
	size_t times;

	for (size_t i = 0; i < all->count; i += times) {
		const struct kcov_cmp *cmp = &all->cmp[i];
		const struct place *place = symbols_find(cmp->pc);

		times = count_alike(all, i);
		if (!is_shown(filter, place))
			continue;
		if (array) {
			json_add(array, object_of(place, cmp, times));
			continue;
		}
		if (!last || last->pc != cmp->pc)
			print_place(place);
		last = place;
		print_operands(cmp, times);
	}
}

static void print_summary(const struct comparisons *all)
{
	size_t places = 0;

	for (size_t i = 0; i < all->count; i++)
		places += !i || all->cmp[i].pc != all->cmp[i - 1].pc;
	error_flush();
	fprintf(stderr, "%zu comparisons at %zu places\n", all->count, places);
	if (!all->count)
		warnx("  code has them that was built with callbacks: kcovctl help instrument");
}

bool comparisons_print(const struct kcov *kcov, const struct show *show)
{
	const struct symbols_config config = {
		.vmlinux = show->naming.vmlinux,
		.dirs = (const char *const *)show->naming.dirs,
		.dir_count = show->naming.dir_count,
		.no_cache = show->naming.no_cache,
	};
	struct comparisons all;
	struct json_object *array = NULL;

	if (!symbols_open(&config))
		return false;
	all = collect(kcov);
	if (show->view == SHOW_JSON)
		array = json_array();
	print_all(&all, &show->filter, array);
	if (array)
		json_print(array, stdout);
	print_summary(&all);
	free(all.cmp);
	return symbols_close();
}
