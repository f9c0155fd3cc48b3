// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who uses a loaded module, other than modules: mounted filesystems, disks
 * they are on, swap, network interfaces; and what has a count but no name.
 *
 * Only mounts of our own mount namespace can be seen. Those of others are in
 * the use count.
 */
#define _GNU_SOURCE 1
#include <dirent.h>
#include <err.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "kcovctl_users.h"

#define DEPTH_MAX 8	/* of disks made of disks */

struct search {
	const struct modules *modules;
	const char *name;
	size_t found;
};

struct mount {
	unsigned int major, minor;
	char point[MODULE_PATH], type[64], source[MODULE_PATH];
};

static bool is_among(struct kmod_list *list, const char *name)
{
	struct kmod_list *entry;
	bool found = false;

	kmod_list_foreach(entry, list) {
		struct kmod_module *module = kmod_module_get_module(entry);

		found |= !strcmp(kmod_module_get_name(module), name);
		kmod_module_unref(module);
	}
	return found;
}

/* A filesystem's module has an alias that says so. "fuse.sshfs" is fuse's. */
static bool serves(const struct search *search, const char *type)
{
	struct kmod_list *list = NULL;
	char alias[80];
	bool found;

	snprintf(alias, sizeof(alias), "fs-%.*s", (int)strcspn(type, "."),
		 type);
	if (kmod_module_new_from_lookup(search->modules->stock, alias, &list) < 0 || !list)
		return !strcmp(type, search->name);
	found = is_among(list, search->name);
	kmod_module_unref_list(list);
	return found;
}

static bool is_drivers_module(const char *device, const char *name)
{
	char link[MODULE_PATH + 16], module[MODULE_PATH];

	snprintf(link, sizeof(link), "%s/driver/module", device);
	return realpath(link, module) && !strcmp(basename(module), name);
}

/* Drivers of the device and of all that it is plugged into. */
static bool hangs_on(const char *device, const char *name)
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

static bool disk_hangs_on(const char *disk, const char *name, int depth);

/* RAID, LVM, encryption: the disks below. */
static bool parts_hang_on(const char *disk, const char *name, int depth)
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
		found = disk_hangs_on(part, name, depth - 1);
	}
	closedir(dir);
	return found;
}

static bool disk_hangs_on(const char *disk, const char *name, int depth)
{
	return hangs_on(disk, name) || parts_hang_on(disk, name, depth);
}

static bool number_hangs_on(unsigned int major, unsigned int minor,
			    const char *name)
{
	char disk[64];

	snprintf(disk, sizeof(disk), "/sys/dev/block/%u:%u", major, minor);
	return disk_hangs_on(disk, name, DEPTH_MAX);
}

static bool file_hangs_on(const char *device, const char *name)
{
	struct stat status;

	return *device == '/' && !stat(device, &status) &&
	       S_ISBLK(status.st_mode) &&
	       number_hangs_on(major(status.st_rdev), minor(status.st_rdev),
			       name);
}

/* Filesystems that span disks have no number, but name one of them. */
static bool is_on(const struct search *search, const struct mount *mount)
{
	if (mount->major)
		return number_hangs_on(mount->major, mount->minor,
				       search->name);
	return file_hangs_on(mount->source, search->name);
}

/* Blanks are written as \040. */
static void decode(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		unsigned int value;

		if (*from == '\\' && sscanf(from + 1, "%3o", &value) == 1) {
			*to = (char)value;
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /root /point options [fields] - type source options" */
static bool parse_mount(const char *line, struct mount *mount)
{
	const char *behind = strstr(line, " - ");

	if (!behind ||
	    sscanf(line, "%*s %*s %u:%u %*s %4095s", &mount->major,
		   &mount->minor, mount->point) != 3 ||
	    sscanf(behind, " - %63s %4095s", mount->type, mount->source) != 2)
		return false;
	decode(mount->point);
	decode(mount->source);
	return true;
}

static void say_mount(struct search *search, const struct mount *mount,
		      const char *how)
{
	search->found++;
	if (!strcmp(mount->point, "/")) {
		warnx("%s: the root filesystem is %s, so it cannot be swapped now",
		      search->name, how);
		warnx("  kcovctl instrument --install %s, and boot again",
		      search->name);
		return;
	}
	warnx("%s: in use: %s (%s) is %s: umount %s", search->name,
	      mount->point, mount->type, how, mount->point);
}

static void find_in_mount(struct search *search, const char *line)
{
	struct mount mount;

	if (!parse_mount(line, &mount))
		return;
	if (serves(search, mount.type))
		say_mount(search, &mount, "mounted with it");
	else if (is_on(search, &mount))
		say_mount(search, &mount, "on a disk that it drives");
}

static void find_in_swap(struct search *search, const char *line)
{
	char device[MODULE_PATH];

	if (sscanf(line, "%4095s", device) != 1)
		return;
	decode(device);
	if (!file_hangs_on(device, search->name))
		return;
	search->found++;
	warnx("%s: in use: swap is on %s, which it drives: swapoff %s",
	      search->name, device, device);
}

static void each_line(struct search *search, const char *path,
		      void (*find)(struct search *search, const char *line))
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return;
	while (getline(&line, &room, file) > 0)
		find(search, line);
	free(line);
	fclose(file);
}

static bool is_up(const char *interface)
{
	char path[MODULE_PATH];
	unsigned int flags = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/net/%s/flags", interface);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fscanf(file, "%x", &flags) != 1)
		flags = 0;
	fclose(file);
	return flags & IFF_UP;
}

/* It would go without any count, and the connection to this machine with it. */
static void find_in_interface(struct search *search, const char *interface)
{
	char device[MODULE_PATH];

	snprintf(device, sizeof(device), "/sys/class/net/%s/device", interface);
	if (!is_up(interface) || !hangs_on(device, search->name))
		return;
	search->found++;
	warnx("%s: in use: it drives the network interface %s, which is up",
	      search->name, interface);
	warnx("  ip link set %s down", interface);
}

static void find_in_interfaces(struct search *search)
{
	DIR *dir = opendir("/sys/class/net");

	if (!dir)
		return;
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			find_in_interface(search, entry->d_name);
	closedir(dir);
}

static void find_in_count(struct search *search)
{
	struct names holders = module_holders(search->name);
	const long count = module_use_count(search->name) -
			   (long)holders.count;

	names_free(&holders);
	if (count <= 0)
		return;
	search->found++;
	warnx("%s: in use, with a count of %ld, and the kernel does not say by whom",
	      search->name, count);
	warnx("  look for open devices and sockets (lsof, ss), virtual machines, and mounts in");
	warnx("  containers, and end these");
}

bool users_none(const struct modules *modules, const char *name)
{
	struct search search = { .modules = modules, .name = name };

	each_line(&search, "/proc/self/mountinfo", find_in_mount);
	each_line(&search, "/proc/swaps", find_in_swap);
	find_in_interfaces(&search);
	if (!search.found)
		find_in_count(&search);
	if (module_is_permanent(name)) {
		search.found++;
		warnx("%s: cannot be taken out of a running kernel: it has no exit function",
		      name);
		warnx("  kcovctl instrument --install %s, and boot again", name);
	}
	return !search.found;
}
