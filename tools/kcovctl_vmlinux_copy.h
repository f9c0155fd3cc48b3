/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The copy that kcovctl vmlinux writes.
 */
#ifndef KCOVCTL_VMLINUX_COPY_H
#define KCOVCTL_VMLINUX_COPY_H

#include <stdbool.h>

struct image;

/*
 * Of an image that was scanned. False: said why, or a signal came, which ends us here
 * if it is not blocked; there is no new file then.
 */
bool vmlinux_copy(const struct image *image, const char *path);

#endif
