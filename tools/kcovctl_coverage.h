/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What runs have reached: places of code with their names, whichever run and
 * boot they are from.
 */
#ifndef KCOVCTL_COVERAGE_H
#define KCOVCTL_COVERAGE_H

#include <obstack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kcovctl_filter.h"
#include "kcovctl_record.h"
#include "kcovctl_strings.h"
#include "kcovctl_symbols.h"

#define COVERAGE_KERNEL "vmlinux"
#define COVERAGE_UNKNOWN "?"

/*
 * A place. Module, build id, section and offset there are what it is; equal
 * texts are the same pointer.
 */
struct spot {
	const char *module;	/* or one of the words above */
	const char *id;		/* "" if it is unknown */
	const char *section;
	uint64_t offset;
	uint64_t pc;		/* as the first run recorded it */
	uint64_t module_offset;	/* from its .text, from _text */
	const char *function;	/* or COVERAGE_UNKNOWN */
	uint64_t function_offset, function_size;
	const struct frame *frames;	/* innermost first */
	size_t frame_count;
	unsigned int runs;	/* that reached it: 0, too, if it can be reached */
};

/* spots[] are sorted, by module first, and each place is there once. */
struct coverage {
	struct spot *spots;
	size_t count, room;
	size_t runs;
	struct losses losses;	/* of all of them */
	struct strings strings;
	struct obstack frames;
};

/* Where names come from. */
struct naming {
	const char *vmlinux;	/* NULL: the usual places */
	const char **dirs;	/* searched for modules first */
	size_t dir_count;
	bool sites;		/* also places that can be reached, where these are known */
	bool lines;		/* without: names only, which takes no files */
	bool no_cache;
};

void coverage_begin(struct coverage *coverage);
void coverage_release(struct coverage *coverage);

/* One more run; false: said why. */
bool coverage_add(struct coverage *coverage, const struct record *record,
		  const struct naming *naming);

/* Keep what the filter matches; what the other has not reached. */
void coverage_filter(struct coverage *coverage, const struct filter *filter);
void coverage_subtract(struct coverage *coverage, const struct coverage *other);

#endif
