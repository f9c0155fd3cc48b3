/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was lost since the module was loaded: in words, and what helps.
 */
#ifndef KCOVCTL_CURES_H
#define KCOVCTL_CURES_H

#include "kcovctl_losses.h"

/* Of those that are not 0. */
void cures_print(const struct losses *losses);

#endif
