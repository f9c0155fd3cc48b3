// SPDX-License-Identifier: GPL-2.0-only
/*
 * The compiler's callbacks, and function entries of the stock kernel.
 */
#include "measure.h"

#include <stdio.h>
#include <string.h>

/* Words for the records of the longest loop, with room for the calls around it. */
#define LARGE	(2048 * KCOV_PAGE_WORDS)

/* One page. */
#define SMALL	KCOV_PAGE_WORDS

static const struct {
	const char *name;
	const char *what;
} comparisons[] = {
	{ "cmp1", "comparison, 1 byte: recording" },
	{ "cmp2", "comparison, 2 bytes: recording" },
	{ "cmp4", "comparison, 4 bytes: recording" },
	{ "cmp8", "comparison, 8 bytes: recording" },
	{ "const_cmp1", "comparison with a constant, 1 byte: recording" },
	{ "const_cmp2", "comparison with a constant, 2 bytes: recording" },
	{ "const_cmp4", "comparison with a constant, 4 bytes: recording" },
	{ "const_cmp8", "comparison with a constant, 8 bytes: recording" },
};

/* What a call of the function takes where nothing looks at its entry. */
static double plain_entry;

static void guarded(const char *name, double cost, const char *what)
{
	row(name, ROW_GUARDED, "instructions", cost, what);
}

/* Where nothing is recorded, or nothing that is looked at here. */
static double cost(const char *name)
{
	const struct loop loop = { .name = name };

	return loop_cost(&loop);
}

static double cost_into(const struct kcov_test *t, const char *name, unsigned int records)
{
	const struct loop loop = { .name = name, .t = t, .records = records };

	return loop_cost(&loop);
}

void measure_callbacks_idle(void)
{
	guarded("pc.idle", cost("pc"), "PC callback: nobody traces");
	guarded("cmp8.idle", cost("cmp8"), "comparison, 8 bytes: nobody traces");
	guarded("switch.idle", cost("switch16"), "switch of 16 cases: nobody traces");
	guarded("code.idle", cost("code"), "parser of 11 bytes: nobody traces");
}

void measure_callbacks_other(void)
{
	guarded("pc.other", cost("pc"), "PC callback: another task traces");
	guarded("cmp8.other", cost("cmp8"), "comparison, 8 bytes: another task traces");
	if (!is_ours())
		return;
	cover_functions(false);
	plain_entry = cost("entry");
	cover_functions(true);
	guarded("entry.other", cost("entry") - plain_entry, "function entry: another task traces");
}

static void measure_pcs(const struct kcov_test *t)
{
	guarded("pc.record", cost_into(t, "pc", 1), "PC callback: recording");
	guarded("cmp8.mode", cost_into(t, "cmp8", 0), "comparison, 8 bytes: own task traces PCs");
	guarded("switch.mode", cost_into(t, "switch16", 0),
		"switch of 16 cases: own task traces PCs");
	if (is_ours())
		guarded("entry.record", cost_into(t, "entry", 1) - plain_entry,
			"function entry: recording");
}

static void measure_comparisons(const struct kcov_test *t)
{
	double of_8, of_16;

	for (size_t i = 0; i < ARRAY_SIZE(comparisons); i++) {
		char name[32];

		snprintf(name, sizeof(name), "%s.record", comparisons[i].name);
		guarded(name, cost_into(t, comparisons[i].name, 1), comparisons[i].what);
	}
	of_8 = cost_into(t, "switch8", 8);
	of_16 = cost_into(t, "switch16", 16);
	guarded("switch.case", (of_16 - of_8) / 8, "switch, each case: recording");
	guarded("switch.record", of_16, "switch of 16 cases: recording");
	guarded("pc.mode", cost_into(t, "pc", 0), "PC callback: own task traces comparisons");
	if (is_ours())
		guarded("entry.mode", cost_into(t, "entry", 0) - plain_entry,
			"function entry: own task traces comparisons");
}

/* One turn's records are known from two runs; each sample is checked against that. */
static void measure_code(const struct kcov_test *t, const char *name, const char *what)
{
	const unsigned int records = loop_records("code", t);

	if (!records)
		die("%s: nothing was recorded", name);
	guarded(name, cost_into(t, "code", records), what);
}

static void measure_pc_code(const struct kcov_test *t)
{
	measure_code(t, "code.pc", "parser of 11 bytes: recording PCs");
}

static void measure_cmp_code(const struct kcov_test *t)
{
	measure_code(t, "code.cmp", "parser of 11 bytes: recording comparisons");
}

static void in_mode(unsigned long mode, void (*measure)(const struct kcov_test *t))
{
	struct kcov_test t;

	make(&t, LARGE);
	enable(&t, mode);
	measure(&t);
	disable(&t);
	kcov_release(&t);
}

/* A count beyond the end is a full buffer, and stays what it is. */
static double full_cost(const char *name, unsigned long mode)
{
	struct kcov_test t;
	double result;
	size_t count;

	make(&t, SMALL);
	enable(&t, mode);
	kcov_set_count(&t, SMALL);
	result = cost(name);
	count = kcov_count(&t);
	disable(&t);
	kcov_release(&t);
	if (count != SMALL)
		die("loop %s, full buffer: the count of %lu became %zu", name, SMALL, count);
	return result;
}

static void measure_full(void)
{
	guarded("pc.full", full_cost("pc", KCOV_TRACE_PC), "PC callback: buffer full");
	guarded("cmp8.full", full_cost("cmp8", KCOV_TRACE_CMP), "comparison, 8 bytes: buffer full");
	if (is_ours())
		guarded("entry.full", full_cost("entry", KCOV_TRACE_PC) - plain_entry,
			"function entry: buffer full");
}

/* What a tree has reached is in the buffer when it is disabled. */
static void measure_tree(void)
{
	struct kcov_test t;
	double result;
	int err;

	make(&t, LARGE);
	err = kcov_ioctl(t.fd, KCOV_TREE_ENABLE, 0);
	if (err)
		die("KCOV_TREE_ENABLE: %s", strerror(err));
	result = cost("pc");
	disable(&t);
	if (!kcov_count(&t))
		die("KCOV_TREE_ENABLE: nothing was recorded");
	kcov_release(&t);
	guarded("pc.tree", result, "PC callback: process tree, known place");
}

void measure_callbacks(void)
{
	in_mode(KCOV_TRACE_PC, measure_pcs);
	in_mode(KCOV_TRACE_CMP, measure_comparisons);
	measure_full();
	in_mode(KCOV_TRACE_PC, measure_pc_code);
	in_mode(KCOV_TRACE_CMP, measure_cmp_code);
	if (is_ours())
		measure_tree();
}
