/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a run records into: the descriptors, and what they had no room for.
 */
#ifndef KCOVCTL_RECORDING_H
#define KCOVCTL_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libkcov.h>

#include "kcovctl_child.h"
#include "kcovctl_losses.h"

struct recording_config {
	bool comparisons;	/* in place of places, of the first thread */
	bool remote, follow;
	size_t words;
	const uint64_t *handles;	/* of USB buses */
	size_t handle_count;
	unsigned int drain;	/* seconds that late work has at most */
};

struct recording {
	const struct recording_config *config;
	struct kcov *local, *remote;
	struct kcov_set *taken;	/* from the remote buffer, to make room there */
	size_t visits;		/* how many records that were */
	bool failed;		/* and there was no memory for them */
	bool tree;		/* local is that of a process tree */
	struct instance local_instance, remote_instance;
	struct losses before;
};

/* What a run lost, for its summary. */
struct recording_losses {
	bool full;		/* the command's own buffer */
	uint64_t dropped;	/* records without room */
	uint64_t sections;	/* remote ones */
	bool others;		/* kcov_mod/lost has more, of whoever records */
	struct losses all;	/* of these */
};

/* False: said why, and nothing is open. */
bool recording_open(struct recording *recording,
		    const struct recording_config *config);
void recording_close(struct recording *recording);

/* The child's part, a child_prepare. */
bool recording_enable(void *recording);

/* While the command runs: makes room. */
void recording_take(void *recording);

/* The command has ended: wait for late work, and stop. */
bool recording_end(struct recording *recording, struct child *child,
		   struct recording_losses *losses);

/* Each place once, into the set taken; false: not all of them, and said why. */
bool recording_places(struct recording *recording);

#endif
