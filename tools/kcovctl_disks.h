/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which module drives a disk, or anything else that sysfs shows.
 */
#ifndef KCOVCTL_DISKS_H
#define KCOVCTL_DISKS_H

#include <stdbool.h>

/* Whether a module drives a device of sysfs, or what it is plugged into. */
bool device_hangs_on(const char *device, const char *name);

/* A disk by its number, or by its file; the disks below it count, too. */
bool disk_hangs_on(unsigned int major, unsigned int minor, const char *name);
bool disk_file_hangs_on(const char *path, const char *name);

#endif
