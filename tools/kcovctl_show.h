/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How what was reached is shown: what kcovctl run and kcovctl report share.
 */
#ifndef KCOVCTL_SHOW_H
#define KCOVCTL_SHOW_H

#include <getopt.h>
#include <stdbool.h>

#include "kcovctl_coverage.h"
#include "kcovctl_filter.h"

enum show_view {
	SHOW_SUMMARY,	/* alone */
	SHOW_FUNCTIONS,
	SHOW_LINES,
	SHOW_TREE,
	SHOW_RAW,
	SHOW_OFFSETS,
	SHOW_JSON,
};

struct show {
	enum show_view view;
	struct filter filter;
	struct naming naming;
};

/* For the short options of getopt_long(3). */
#define SHOW_SHORT "m:k:"

/* A verb's own long options, of which { 0 } is the end, and these. */
const struct option *show_table(const struct option *own);

/* False: the option is not one of these. */
bool show_option(struct show *show, int option);
void show_release(struct show *show);

/* What of the files is needed for that view. */
struct naming show_naming(const struct show *show);

struct json_object;

/*
 * The summary on standard error, what was asked for on standard output. more is
 * added to an object of JSON, which takes it over; NULL: nothing.
 */
void show_print(const struct show *show, const struct coverage *coverage,
		struct json_object *more);

#endif
