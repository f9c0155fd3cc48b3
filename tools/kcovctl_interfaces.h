/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network interfaces that would go with a module.
 */
#ifndef KCOVCTL_INTERFACES_H
#define KCOVCTL_INTERFACES_H

#include "kcovctl_module.h"

/* Name each with what takes it out of the way; how many there are. */
size_t interfaces_name(const struct modules *modules, const char *name);

#endif
