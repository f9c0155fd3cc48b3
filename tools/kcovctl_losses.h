/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was not recorded: of a descriptor, and of everybody.
 */
#ifndef KCOVCTL_LOSSES_H
#define KCOVCTL_LOSSES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define LOSSES_MAX 32

struct loss {
	char what[64];
	uint64_t number;
};

/* The counters of kcov_mod/lost; none on a kernel with its own kcov. */
struct losses {
	struct loss loss[LOSSES_MAX];
	size_t count;
};

/* A line of kcov_mod/instances. */
struct instance {
	unsigned int id;
	uint64_t dropped;	/* records that found no room */
	uint64_t sections;	/* remote sections that were not recorded */
};

void losses_read(struct losses *losses);

/* Add "3 of this" to a list in words; "of_this" is the same. */
void losses_append(char *text, size_t room, uint64_t number, const char *what);

/* Add what was counted since then. */
void losses_since(const struct losses *then, char *text, size_t room);

/* The descriptor that this thread has enabled; one by its number. */
bool instance_of_this_thread(struct instance *instance);
bool instance_again(struct instance *instance);

#endif
