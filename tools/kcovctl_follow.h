/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The switch kcov_mod/follow: deferred work follows its task.
 */
#ifndef KCOVCTL_FOLLOW_H
#define KCOVCTL_FOLLOW_H

#include <stdbool.h>

/*
 * On for a run, and as it was when the last of such runs is over. False: said
 * why.
 */
bool follow_begin(void);
bool follow_end(void);

#endif
