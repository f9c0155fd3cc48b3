/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was reached, by directories of the source.
 */
#ifndef KCOVCTL_TREE_H
#define KCOVCTL_TREE_H

#include <stdio.h>

#include "kcovctl_census.h"

void tree_print(const struct census *census, FILE *out);

#endif
