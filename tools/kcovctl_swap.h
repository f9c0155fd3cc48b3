/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The swap itself: a plan is carried out, or all is put back.
 */
#ifndef KCOVCTL_SWAP_H
#define KCOVCTL_SWAP_H

#include "kcovctl_plan.h"

/* False: this process may not swap modules; said why. */
bool swap_is_allowed(const struct kcovctl_verb *verb);

/*
 * False: said what failed, and all is as it was before, or said what to type
 * to make it so; a part that came in and could not be taken out again is stuck.
 */
bool swap_run(struct plan *plan);

#endif
