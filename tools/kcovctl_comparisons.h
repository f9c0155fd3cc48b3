/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The comparisons that a thread made, with their operands.
 */
#ifndef KCOVCTL_COMPARISONS_H
#define KCOVCTL_COMPARISONS_H

#include <libkcov.h>
#include <stdbool.h>

#include "kcovctl_show.h"

/* A table by place on standard output, or JSON. False: said why. */
bool comparisons_print(const struct kcov *kcov, const struct show *show);

#endif
