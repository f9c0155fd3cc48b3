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

/* What is lost each once: the counters of kcov_mod/lost, or those of runs. */
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

/* "3 records without room, 1 remote sections"; "" if nothing is lost. */
struct losses_words {
	char text[LOSSES_MAX * (sizeof(struct loss) + 16)];
};

/* The module's counters; none on a kernel with its own kcov. */
void losses_read(struct losses *losses);

/* Add so many of this, of all those; "of_this" is "of this". */
void losses_count(struct losses *losses, uint64_t number, const char *what);
void losses_add(struct losses *losses, const struct losses *more);

/* Add what the module has counted since then; whether it has. */
bool losses_since(const struct losses *then, struct losses *losses);

/* In words, and from these; false: they are none of ours. */
struct losses_words losses_words(const struct losses *losses);
bool losses_parse(struct losses *losses, const char *words);

/* The descriptor that this thread has enabled; one by its number. */
bool instance_of_this_thread(struct instance *instance);
bool instance_again(struct instance *instance);

#endif
