// SPDX-License-Identifier: GPL-2.0-only
/*
 * Source files on this machine, by the names that debug information has.
 *
 * Those of the kernel and of instrumented modules are relative to the top of the
 * kernel's source: fs/isofs/inode.c, ./include/linux/fs.h. kcovctl instrument
 * keeps that in the private directory.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_cache.h"
#include "kcovctl_source.h"

static char **places;
static size_t place_count;
static bool are_given;
static size_t missing;

static void add_place(const char *path)
{
	places = reallocarray(places, place_count + 1, sizeof(*places));
	if (!places)
		err(KCOVCTL_FAILED, "list of sources");
	places[place_count] = strdup(path);
	if (!places[place_count++])
		err(KCOVCTL_FAILED, "list of sources");
}

/* source/SIZE-TIME-linux-source-6.1.tar.xz there: unpacked by instrument. */
static void add_unpacked(const char *series)
{
	char home[CACHE_PATH], pattern[2 * CACHE_PATH];
	glob_t found;

	if (!cache_home(home, sizeof(home)))
		return;
	snprintf(pattern, sizeof(pattern), "%s/source/*-linux-source-%s.tar.*",
		 home, series);
	if (!glob(pattern, 0, NULL, &found)) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			add_place(found.gl_pathv[i]);
		globfree(&found);
	}
}

/* "6.1" of 6.1.0-56-amd64, as Debian names its source packages. */
static void add_usual(const char *release)
{
	char path[256], series[32];
	size_t length = strcspn(release, ".");

	length += release[length] == '.';
	length += strspn(release + length, "0123456789");
	snprintf(series, sizeof(series), "%.*s", (int)length, release);
	add_unpacked(series);
	snprintf(path, sizeof(path), "/usr/src/linux-source-%s", series);
	add_place(path);
	snprintf(path, sizeof(path), "/lib/modules/%s/source", release);
	add_place(path);
	snprintf(path, sizeof(path), "/lib/modules/%s/build", release);
	add_place(path);
}

/* A file of the same name that lies here is not the one that was meant. */
void source_open(const char *const *directories, size_t count,
		 const char *release)
{
	missing = 0;
	are_given = count;
	for (size_t i = 0; i < count; i++)
		add_place(directories[i]);
	if (are_given)
		return;
	add_usual(release);
	add_place(".");
}

static char *find_in(const char *place, const char *name)
{
	char path[2 * CACHE_PATH];

	snprintf(path, sizeof(path), "%s/%s", place, name);
	return realpath(path, NULL);
}

static char *name_missing(const char *name)
{
	char path[2 * CACHE_PATH];

	missing++;
	if (!are_given || *name == '/')
		return strdup(name);
	snprintf(path, sizeof(path), "%s/%s", places[0], name);
	return strdup(path);
}

char *source_find(const char *name)
{
	char *found = NULL;

	if (*name == '/')
		found = access(name, R_OK) ? NULL : strdup(name);
	for (size_t i = 0; *name != '/' && i < place_count && !found; i++)
		found = find_in(places[i], name);
	if (!found)
		found = name_missing(name);
	if (!found)
		err(KCOVCTL_FAILED, "list of sources");
	return found;
}

void source_close(void)
{
	while (place_count)
		free(places[--place_count]);
	free(places);
	places = NULL;
	if (!missing)
		return;
	warnx("%zu source file%s not %s:", missing, missing == 1 ? " is" : "s are",
	      are_given ? "where --source says" : "here");
	warnx("  give the top of the source of each, --source can be repeated; for the");
	warnx("  kernel's, as root: apt-get install linux-source-VERSION, and unpack it");
}
