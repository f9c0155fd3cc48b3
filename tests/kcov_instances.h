/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of descriptors in kcov_mod/instances, and the counters of kcov_mod/lost.
 */
#ifndef KCOV_INSTANCES_H
#define KCOV_INSTANCES_H

#include <stdbool.h>

/* One line of the table, as text. */
struct kcov_row {
	char id[16], pid[16], comm[64], mode[16], size[24], count[24], dropped[24], lost[24];
};

bool kcov_parse_row(const char *line, struct kcov_row *row);
int kcov_read_rows(struct kcov_row *last);
bool kcov_has_no_rows(void *unused);
unsigned long kcov_lost(const char *what);

#endif /* KCOV_INSTANCES_H */
