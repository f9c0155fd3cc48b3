/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Coverage as lcov's tools read it: a .info file, see geninfo(1).
 */
#ifndef KCOVCTL_LCOV_H
#define KCOVCTL_LCOV_H

#include <stdbool.h>

#include "kcovctl_coverage.h"

struct lcov_config {
	const char *const *sources;	/* directories; none: the usual places */
	size_t source_count;
	const char *release;	/* of the kernel */
};

/*
 * Lines and functions, with the number of runs that reached each; 0 for those
 * that can be reached, as far as the coverage knows. False: said why, and
 * nothing is left.
 */
bool lcov_write(const struct coverage *coverage,
		const struct lcov_config *config, const char *path);

#endif
