/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The layout of a run in which modules came and went.
 */
#ifndef KCOVCTL_HISTORY_H
#define KCOVCTL_HISTORY_H

#include "kcovctl_layout.h"

/*
 * Adds to what lies where now, behind the run, what is known of its begin: the
 * modules that have gone since, and where the initialisation of new ones was.
 */
void history_add(struct layout *now, const struct layout *before);

#endif
