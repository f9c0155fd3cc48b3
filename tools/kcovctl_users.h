/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who uses a loaded module, other than modules.
 */
#ifndef KCOVCTL_USERS_H
#define KCOVCTL_USERS_H

#include "kcovctl_module.h"

/* Name each with what makes it stop; false if there is one. */
bool users_none(const struct modules *modules, const char *name);

#endif
