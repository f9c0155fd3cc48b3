// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who uses a loaded module, other than modules: mounted filesystems, disks
 * they are on, swap, network interfaces; and what has a count but no name.
 *
 * Only mounts of our own mount namespace can be seen. Those of others are in
 * the use count.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl_disks.h"
#include "kcovctl_interfaces.h"
#include "kcovctl_users.h"

struct search {
	const struct modules *modules;
	const char *name;
	size_t found;
};

struct mount {
	unsigned int major, minor;
	char point[MODULE_PATH], type[64], source[MODULE_PATH];
};

/* "fuse.sshfs" is fuse's. */
static bool serves(const struct search *search, const char *type)
{
	char first[64];

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(type, "."), type);
	return modules_serve(search->modules, search->name, "fs-", first);
}

/* Filesystems that span disks have no number, but name one of them. */
static bool is_on(const struct search *search, const struct mount *mount)
{
	if (mount->major)
		return disk_hangs_on(mount->major, mount->minor, search->name);
	return disk_file_hangs_on(mount->source, search->name);
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
	if (!disk_file_hangs_on(device, search->name))
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
	search.found += interfaces_name(modules, name);
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
