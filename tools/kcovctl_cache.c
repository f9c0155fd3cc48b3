// SPDX-License-Identifier: GPL-2.0-only
/*
 * The private directory, and in it instrumented modules for one kernel.
 */
#define _GNU_SOURCE 1
#include <dirent.h>
#include <err.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl_cache.h"
#include "kcovctl_names.h"

/* Modules are built by a user and loaded by root: sudo keeps whose they are. */
static const char *home(void)
{
	const char *user = geteuid() ? NULL : getenv("SUDO_USER");
	const struct passwd *entry = user ? getpwnam(user) : NULL;

	if (entry)
		return entry->pw_dir;
	if (getenv("HOME"))
		return getenv("HOME");
	entry = getpwuid(geteuid());
	return entry ? entry->pw_dir : NULL;
}

/* A relative one would be another one in each directory. */
static const char *absolute(const char *variable)
{
	const char *path = getenv(variable);

	return path && *path == '/' ? path : NULL;
}

static bool find_home(char *path, size_t room)
{
	const char *cache = absolute("XDG_CACHE_HOME");
	const char *chosen = absolute("KCOV_CACHE");
	const char *own = home();

	if (chosen)
		snprintf(path, room, "%s", chosen);
	else if (cache)
		snprintf(path, room, "%s/kcov", cache);
	else if (own)
		snprintf(path, room, "%s/.cache/kcov", own);
	return chosen || cache || own;
}

bool cache_home(char *path, size_t room)
{
	if (find_home(path, room))
		return true;
	warnx("no home directory, so no place for instrumented modules: set KCOV_CACHE");
	return false;
}

bool cache_path(const char *directory, char *path, size_t room)
{
	char home[CACHE_PATH];

	if (!find_home(home, sizeof(home)))
		return false;
	return snprintf(path, room, "%s/%s", home, directory) < (int)room;
}

bool cache_directory(const char *release, char *path, size_t room)
{
	char home[CACHE_PATH];

	if (!cache_home(home, sizeof(home)))
		return false;
	snprintf(path, room, "%s/modules/%s", home, release);
	return true;
}

static bool is_file_of(const char *file, const char *name)
{
	const char *suffix = strrchr(file, '.');
	char *spelled;
	bool same;

	if (!suffix || strcmp(suffix, ".ko"))
		return false;
	spelled = names_spell(file);
	same = !strcmp(spelled, name);
	free(spelled);
	return same;
}

bool cache_find(const char *directory, const char *name, char *path,
		size_t room)
{
	DIR *dir = opendir(directory);
	bool found = false;

	if (!dir)
		return false;
	for (struct dirent *entry; !found && (entry = readdir(dir));) {
		found = is_file_of(entry->d_name, name);
		if (found)
			snprintf(path, room, "%s/%s", directory, entry->d_name);
	}
	closedir(dir);
	return found;
}
