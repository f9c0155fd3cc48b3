/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a coverage amounts to: its functions and its modules, counted.
 */
#ifndef KCOVCTL_CENSUS_H
#define KCOVCTL_CENSUS_H

#include "kcovctl_coverage.h"

/* known is 0 where nobody knows how many blocks there are. */
struct tally {
	const char *module, *function;	/* function: NULL in a module's */
	const struct spot *first;	/* the lowest place that is known */
	const struct spot *entry;	/* the lowest that was reached; NULL: none */
	size_t functions, blocks;	/* reached; a function's own is 1 or 0 */
	size_t known_functions, known;
	unsigned int runs;		/* that reached it */
};

struct tallies {
	struct tally *tally;
	size_t count;
};

struct census {
	struct tallies functions;	/* by module and name */
	struct tallies modules;		/* by name */
	size_t reached_functions, reached_modules, blocks;
	size_t unknown;			/* places of which nobody knows the code */
	size_t without_lines;		/* reached, but no line is known */
};

/* Points into the coverage. */
void census_take(struct census *census, const struct coverage *coverage);
void census_release(struct census *census);

/* The end of the spots of one function, from its first one. */
size_t census_function_end(const struct coverage *coverage, size_t first);

#endif
