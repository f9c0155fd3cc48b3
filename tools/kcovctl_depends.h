/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stock modules that instrumented ones need and that were not loaded.
 */
#ifndef KCOVCTL_DEPENDS_H
#define KCOVCTL_DEPENDS_H

#include "kcovctl_plan.h"

struct dependency {
	char *name;
	size_t part;	/* who needs it, by its place in the plan */
};

/* Those that were brought in, in that order. */
struct dependencies {
	struct dependency *one;
	size_t count;
};

/* What a part needs, before the part itself. False: said why. */
bool dependencies_bring(struct dependencies *dependencies,
			const struct plan *plan, size_t part);

/* Those that came in for this part; what is used meanwhile stays. */
void dependencies_take_out(struct dependencies *dependencies,
			   const struct plan *plan, size_t part);

void dependencies_report(const struct dependencies *dependencies,
			 const struct plan *plan);
void dependencies_free(struct dependencies *dependencies);

#endif
