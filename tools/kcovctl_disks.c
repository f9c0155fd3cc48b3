// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which module drives a disk, or anything else that sysfs shows.
 *
 * What is plugged in has a driver there. Disks that are made of files, memory or
 * other disks have none: their number is registered by the module.
 */
#define _GNU_SOURCE 1
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_disks.h"
#include "kcovctl_module.h"

#define DEPTH_MAX 8	/* of disks made of disks */

/* Those that register another name than their own. */
static const struct {
	const char *driver, *module;
} registered[] = {
	{ "device-mapper", "dm_mod" },
	{ "md", "md_mod" },
	{ "mdp", "md_mod" },
	{ "ramdisk", "brd" },
	{ "nullb", "null_blk" },
};

static bool is_drivers_module(const char *device, const char *name)
{
	char link[MODULE_PATH + 16], module[MODULE_PATH];

	snprintf(link, sizeof(link), "%s/driver/module", device);
	return realpath(link, module) && !strcmp(basename(module), name);
}

bool device_hangs_on(const char *device, const char *name)
{
	char path[MODULE_PATH], *slash;

	if (!realpath(device, path))
		return false;
	while ((slash = strrchr(path, '/')) && slash != path) {
		if (is_drivers_module(path, name))
			return true;
		*slash = '\0';
	}
	return false;
}

static bool registers(const char *name, const char *driver)
{
	char *spelled = names_spell(driver);
	bool same = !strcmp(spelled, name);

	free(spelled);
	for (size_t i = 0; i < ARRAY_SIZE(registered); i++)
		if (!strcmp(registered[i].driver, driver))
			same = !strcmp(registered[i].module, name);
	return same;
}

/* Behind "Block devices:" there are lines like "  7 loop". */
static bool is_major_of(unsigned int major, const char *name)
{
	FILE *file = fopen("/proc/devices", "re");
	bool blocks = false, found = false;
	char line[128], driver[64];
	unsigned int number;

	while (file && !found && fgets(line, sizeof(line), file)) {
		blocks |= !strcmp(line, "Block devices:\n");
		found = blocks && sscanf(line, "%u %63s", &number, driver) == 2 &&
			number == major && registers(name, driver);
	}
	if (file)
		fclose(file);
	return found;
}

static bool is_made_by(const char *disk, const char *name)
{
	char path[MODULE_PATH + 16];
	unsigned int major;
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/dev", disk);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fscanf(file, "%u:", &major) == 1)
		found = is_major_of(major, name);
	fclose(file);
	return found;
}

static bool device_is_on(const char *device, const char *name, int depth);

/* RAID, LVM, encryption: the disks below. */
static bool parts_are_on(const char *disk, const char *name, int depth)
{
	char path[MODULE_PATH + 16], part[2 * MODULE_PATH];
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/slaves", disk);
	dir = depth ? opendir(path) : NULL;
	if (!dir)
		return false;
	for (struct dirent *entry; !found && (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(part, sizeof(part), "%s/%s", path, entry->d_name);
		found = device_is_on(part, name, depth - 1);
	}
	closedir(dir);
	return found;
}

/* A partition is a directory in that of its disk. */
static bool find_disk(const char *device, char *disk)
{
	char partition[MODULE_PATH + 16];

	if (!realpath(device, disk))
		return false;
	snprintf(partition, sizeof(partition), "%s/partition", disk);
	if (!access(partition, F_OK))
		*strrchr(disk, '/') = '\0';
	return true;
}

static bool device_is_on(const char *device, const char *name, int depth)
{
	char disk[MODULE_PATH];

	return find_disk(device, disk) &&
	       (device_hangs_on(disk, name) || is_made_by(disk, name) ||
		parts_are_on(disk, name, depth));
}

bool disk_hangs_on(unsigned int major, unsigned int minor, const char *name)
{
	char device[64];

	snprintf(device, sizeof(device), "/sys/dev/block/%u:%u", major, minor);
	return device_is_on(device, name, DEPTH_MAX);
}

bool disk_file_hangs_on(const char *path, const char *name)
{
	struct stat status;

	return *path == '/' && !stat(path, &status) && S_ISBLK(status.st_mode) &&
	       disk_hangs_on(major(status.st_rdev), minor(status.st_rdev), name);
}
