// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of descriptors in kcov_mod/instances, and the counters of kcov_mod/lost.
 */
#include "kcov_instances.h"
#include "kcov_test.h"

#include <stdio.h>

/* False if the line is odd; the head of the table is not. */
bool kcov_parse_row(const char *line, struct kcov_row *row)
{
	char rest;

	return sscanf(line, "%15s %15s %63s %15s %23s %23s %23s %23s %c", row->id, row->pid,
		      row->comm, row->mode, row->size, row->count, row->dropped, row->lost,
		      &rest) == 8;
}

/* The number of descriptors, the last of them in row; -1 if a line is odd. */
int kcov_read_rows(struct kcov_row *row)
{
	FILE *file = fopen(KCOV_INSTANCES, "re");
	char line[256];
	int rows = -1;

	while (file && fgets(line, sizeof(line), file)) {
		if (!kcov_parse_row(line, row))
			rows = -2;
		rows++;
		if (rows < 0)
			break;
	}
	if (file)
		fclose(file);
	return rows;
}

/* Nobody has a descriptor: to be waited for. */
bool kcov_has_no_rows(void *unused)
{
	struct kcov_row row;

	(void)unused;
	return kcov_read_rows(&row) == 0;
}

/* How often this was lost since the module was loaded. */
unsigned long kcov_lost(const char *what)
{
	return kcov_read_number(KCOV_LOST, what);
}
