// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding module files and vmlinux, and refusing those of another build.
 *
 * Modules are looked for in the directories of the command line, with all
 * below them, in /lib/modules/RELEASE the same way (updates and extra before
 * kernel, the order of depmod), and in the current directory alone.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_buildid.h"
#include "kcovctl_objects.h"

static const struct objects_config *config;
static struct utsname host;

/* Every module file seen, in the order of preference. */
static char **files;
static size_t file_count, file_room;
static bool scanned;

static void add_file(const char *path)
{
	if (file_count == file_room) {
		file_room = file_room ? file_room * 2 : 1024;
		files = reallocarray(files, file_room, sizeof(*files));
		if (!files)
			err(1, "list of modules");
	}
	files[file_count] = strdup(path);
	if (!files[file_count++])
		err(1, "list of modules");
}

/* updates/, extra/, then the rest by name. */
static int rank(const FTSENT *entry)
{
	if (!strcmp(entry->fts_name, "updates"))
		return 0;
	return strcmp(entry->fts_name, "extra") ? 2 : 1;
}

static int compare_entries(const FTSENT **a, const FTSENT **b)
{
	int order = rank(*a) - rank(*b);

	return order ? order : strcmp((*a)->fts_name, (*b)->fts_name);
}

/* depth 1: the directory alone. */
static void scan(const char *dir, int depth)
{
	char *const roots[] = { (char *)dir, NULL };
	FTS *tree = fts_open(roots, FTS_COMFOLLOW | FTS_PHYSICAL | FTS_NOCHDIR,
			     compare_entries);
	FTSENT *entry;

	if (!tree)
		return;
	while ((entry = fts_read(tree))) {
		if (entry->fts_info == FTS_D && entry->fts_level >= depth)
			fts_set(tree, entry, FTS_SKIP);
		if (entry->fts_info == FTS_F && strstr(entry->fts_name, ".ko"))
			add_file(entry->fts_path);
	}
	fts_close(tree);
}

static void scan_all(void)
{
	char path[sizeof(host.release) + 16];

	if (scanned)
		return;
	scanned = true;
	for (size_t i = 0; i < config->dir_count; i++) {
		if (access(config->dirs[i], R_OK | X_OK))
			warnx("%s: %s", config->dirs[i], error_text(errno));
		scan(config->dirs[i], 100);
	}
	snprintf(path, sizeof(path), "/lib/modules/%s", host.release);
	scan(path, 100);
	scan(".", 1);
}

/* A module's file may have - where the module's name has _. */
static bool is_named(const char *path, const char *module)
{
	const char *name = strrchr(path, '/');

	name = name ? name + 1 : path;
	while (*module && (*name == *module || (*name == '-' && *module == '_')))
		name++, module++;
	if (*module)
		return false;
	return !strcmp(name, ".ko") || !strcmp(name, ".ko.xz") ||
	       !strcmp(name, ".ko.zst") || !strcmp(name, ".ko.gz");
}

static void say_mismatch(const char *path, const struct buildid *theirs,
			 const struct buildid *running, const char *cure)
{
	char a[BUILDID_MAX * 2 + 1], b[BUILDID_MAX * 2 + 1];

	buildid_format(theirs, a);
	buildid_format(running, b);
	warnx("%s: build id %s, but %s is running: %s", path,
	      theirs->length ? a : "missing", b, cure);
}

static bool is_running(const char *path, const struct buildid *running,
		       struct buildid *theirs)
{
	theirs->length = 0;
	return buildid_from_elf(path, theirs) && buildid_equal(theirs, running);
}

char *objects_find_module(const char *name)
{
	struct buildid running, theirs, refused_id = { 0 };
	const char *refused = NULL;
	char notes[4096];

	if (!config->sysfs)
		return NULL;
	snprintf(notes, sizeof(notes), "%s/module/%s/notes/.note.gnu.build-id",
		 config->sysfs, name);
	if (!buildid_from_notes(notes, &running))
		return NULL;
	scan_all();
	for (size_t i = 0; i < file_count; i++) {
		if (!is_named(files[i], name))
			continue;
		if (is_running(files[i], &running, &theirs))
			return strdup(files[i]);
		if (!refused) {
			refused = files[i];
			refused_id = theirs;
		}
	}
	if (refused)
		say_mismatch(refused, &refused_id, &running,
			     "give the right module's directory with --module-dir");
	return NULL;
}

static char *check_vmlinux(const char *path, const struct buildid *running)
{
	struct buildid theirs;

	if (access(path, R_OK)) {
		if (config->vmlinux)
			warnx("%s: %s", path, error_text(errno));
		return NULL;
	}
	if (is_running(path, running, &theirs))
		return strdup(path);
	say_mismatch(path, &theirs, running,
		     "give the right kernel's vmlinux with --vmlinux");
	return NULL;
}

char *objects_find_vmlinux(void)
{
	static const char *const places[] = {
		"/usr/lib/debug/boot/vmlinux-%s",
		"/usr/lib/debug/lib/modules/%s/vmlinux",
		"/boot/vmlinux-%s",
		"/lib/modules/%s/vmlinux",
		"/lib/modules/%s/build/vmlinux",
	};
	char path[4096];
	struct buildid running;
	char *found = NULL;

	if (!config->sysfs)
		return NULL;
	snprintf(path, sizeof(path), "%s/kernel/notes", config->sysfs);
	if (!buildid_from_notes(path, &running)) {
		if (config->vmlinux)
			warnx("%s: no build id of the running kernel to check %s against",
			      path, config->vmlinux);
		return NULL;
	}
	if (config->vmlinux)
		return check_vmlinux(config->vmlinux, &running);
	for (size_t i = 0; i < ARRAY_SIZE(places) && !found; i++) {
		snprintf(path, sizeof(path), places[i], host.release);
		found = check_vmlinux(path, &running);
	}
	return found;
}

void objects_open(const struct objects_config *new_config)
{
	config = new_config;
	uname(&host);
}

void objects_close(void)
{
	for (size_t i = 0; i < file_count; i++)
		free(files[i]);
	free(files);
	files = NULL;
	file_count = 0;
	file_room = 0;
	scanned = false;
}
