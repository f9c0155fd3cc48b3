/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run as it is kept: what was reached, and which code lay where.
 *
 * In a file it is lines that begin with #, and then a PC a line, so that
 * kcovctl symbolize and addr2line take it, too. The last line has the number of
 * PCs, so that a file that was cut off is known.
 */
#ifndef KCOVCTL_RECORD_H
#define KCOVCTL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kcovctl_layout.h"
#include "kcovctl_losses.h"

struct record {
	const char *name;	/* of its file, or the command's */
	struct layout layout;
	uint64_t *pcs;		/* each once, the lowest first */
	size_t count;
	struct losses losses;
};

/* What a file says of a run besides. */
struct record_notes {
	char *const *command;
	int status;
};

/* False: said why. Of a write nothing is left then. */
bool record_write(const struct record *record, const struct record_notes *notes,
		  const char *path);

/* A file without a layout is of the running kernel. */
bool record_read(struct record *record, const char *path);
void record_release(struct record *record);

/* Sorted, and each of them once. */
void record_sort(struct record *record);

#endif
