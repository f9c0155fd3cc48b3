/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why the kernel does not take a file, and what makes it.
 */
#ifndef KCOVCTL_REFUSAL_H
#define KCOVCTL_REFUSAL_H

#include "kcovctl_plan.h"

/* For the errno with which it refused a part's file. */
void refusal_explain(const struct part *part, int err);

#endif
