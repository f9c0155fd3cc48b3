/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was found of one build id, kept on disk for the next call.
 */
#ifndef KCOVCTL_STORE_H
#define KCOVCTL_STORE_H

#include "kcovctl_binary.h"
#include "kcovctl_symbols.h"

struct store;

/* A place in code that may lie anywhere. */
struct store_key {
	const char *section;	/* "" for the kernel, as a whole */
	uint64_t offset;	/* of the PC */
};

/* Never NULL: without a file, or with a damaged one, it is empty. */
struct store *store_open(const struct buildid *id);

/* Where the lines in it come from; NULL: it has none. */
const struct binary_source *store_source(const struct store *store);

/* Who adds places with lines says where these come from. */
void store_set_source(struct store *store, const struct binary_source *source);

/* What it has is not true any more. */
void store_forget(struct store *store);

/*
 * Set symbol, which is NULL where there is none, and frames of a place; false: it
 * has none, and the place is as it was. has_lines: it was made with debug
 * information at hand.
 */
bool store_find(struct store *store, const struct store_key *key,
		struct place *place, bool *has_lines);

/* The place must live until store_close(); the section's name, too. */
void store_add(struct store *store, const struct store_key *key,
	       const struct place *place, bool has_lines);

/* Write the file if there is anything new. */
void store_close(struct store *store);

#endif
