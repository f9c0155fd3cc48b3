/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A plan: which modules go out and which come in, in which order.
 */
#ifndef KCOVCTL_PLAN_H
#define KCOVCTL_PLAN_H

#include "kcovctl.h"
#include "kcovctl_module.h"

enum part_source {
	PART_NOTHING,
	PART_STOCK,
	PART_FILE,
	PART_BEFORE,
};

/*
 * One name. What is loaded goes out, to is brought in; from is what is
 * brought back if that fails.
 */
struct part {
	char *name;
	struct kmod_module *stock;	/* exists or not */
	struct kmod_module *file;	/* instrumented; NULL: none */
	struct kmod_module *before;	/* the instrumented one that is loaded; NULL: none */
	struct names depends;		/* of these, and on what that depends */
	enum part_source from, to;
	bool loaded, instrumented;	/* before */
	bool had_stock;			/* loaded, or replaced by what is loaded */
	bool asked;			/* on the command line */
	bool stuck;			/* came in, could not be taken out again */
};

/* In the order in which they come in: who is used, then who uses. */
struct plan {
	const struct modules *modules;
	const struct kcovctl_verb *verb;
	bool with_users;
	struct part *part;
	size_t count;
};

/* The plan takes over the file's module; what is loaded is looked up. */
struct part *plan_add(struct plan *plan, const char *name,
		      struct kmod_module *file);

/* Whether what is loaded is what /lib/modules has. False: said why. */
bool plan_can_put_back(const struct plan *plan, const struct part *part);

struct part *plan_find(const struct plan *plan, const char *name);

/*
 * Add modules that use those of the plan, put all in order, look for users.
 * False: said what is in the way.
 */
bool plan_complete(struct plan *plan);

void plan_release(struct plan *plan);

#endif
