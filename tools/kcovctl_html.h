/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Coverage for a browser, by lcov's genhtml.
 */
#ifndef KCOVCTL_HTML_H
#define KCOVCTL_HTML_H

#include <stdbool.h>

#include "kcovctl_lcov.h"

/* The directory is whole, or what it was. False: said why. */
bool html_write(const struct coverage *coverage,
		const struct lcov_config *config, const char *directory);

#endif
