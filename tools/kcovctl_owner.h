/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Root in directories that belong to somebody else.
 */
#ifndef KCOVCTL_OWNER_H
#define KCOVCTL_OWNER_H

#include <stdbool.h>

/*
 * What lies on a way that is not root's alone is his whose it is: links on it
 * are not for root to follow, nor files for root to leave there. So until
 * owner_leave() root is him. False: that cannot be, and nothing has changed.
 */
bool owner_enter(const char *path);
void owner_leave(void);

#endif
