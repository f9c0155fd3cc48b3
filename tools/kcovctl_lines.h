/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Source lines of kernel addresses, where debug information is at hand.
 */
#ifndef KCOVCTL_LINES_H
#define KCOVCTL_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "kcovctl_kernel.h"
#include "kcovctl_objects.h"

/* One at a time. False: said why on standard error. */
bool lines_open(const struct kernel *kernel,
		const struct objects_config *config);
void lines_close(void);

/*
 * The source file and line of an address of the running kernel. NULL: not
 * known. The text lives until lines_close().
 */
const char *lines_find(uint64_t address, int *line);

#endif
