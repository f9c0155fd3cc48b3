// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding module files and vmlinux, and refusing those of another build.
 *
 * Modules are looked for where 'kcovctl load' had them from, in the directories
 * of the command line, with all below them, where 'kcovctl instrument' puts
 * them, where debug packages do,
 * in /lib/modules/RELEASE (updates and extra before kernel, the order of
 * depmod), and in the current directory alone.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_array.h"
#include "kcovctl_cache.h"
#include "kcovctl_objects.h"
#include "kcovctl_state.h"

static const struct objects_config *config;

/* Every module file seen, in the order of preference. */
static char **files;
static size_t file_count, file_room;
static bool scanned;

static void add_file(const char *path)
{
	files = array_grow(files, file_count, &file_room, sizeof(*files));
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

static void scan_release(const char *above)
{
	char path[CACHE_PATH + 256];

	snprintf(path, sizeof(path), "%s/%s", above, config->release);
	scan(path, 100);
}

static void scan_all(void)
{
	char modules[CACHE_PATH];

	if (scanned)
		return;
	scanned = true;
	for (size_t i = 0; i < config->dir_count; i++) {
		if (access(config->dirs[i], R_OK | X_OK))
			warnx("%s: %s", config->dirs[i], error_text(errno));
		scan(config->dirs[i], 100);
	}
	if (cache_path("modules", modules, sizeof(modules)))
		scan_release(modules);
	scan_release("/usr/lib/debug/lib/modules");
	scan_release("/lib/modules");
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
			 const struct buildid *wanted, const char *cure)
{
	char a[BUILDID_MAX * 2 + 1], b[BUILDID_MAX * 2 + 1];

	buildid_format(theirs, a);
	buildid_format(wanted, b);
	warnx("%s: build id %s, but %s is what ran: %s", path,
	      theirs->length ? a : "missing", b, cure);
}

/* Of several files with the id, who has debug information is the best. */
struct search {
	const struct buildid *wanted;
	const char *found;		/* without debug information */
	const char *refused;
	struct buildid refused_id;
};

static bool is_best(struct search *search, const char *path)
{
	struct buildid theirs = { 0 };
	bool has_lines = false;

	if (!buildid_examine(path, &theirs, &has_lines) ||
	    !buildid_equal(&theirs, search->wanted)) {
		if (!search->refused) {
			search->refused = path;
			search->refused_id = theirs;
		}
		return false;
	}
	if (!search->found)
		search->found = path;
	return has_lines;
}

static char *copy(const char *path)
{
	char *own = strdup(path);

	if (!own)
		err(1, "path");
	return own;
}

char *objects_find_module(const char *name, const struct buildid *id)
{
	const struct state state = state_read(name);
	struct search search = { .wanted = id };

	if (state.known && is_best(&search, state.path))
		return copy(state.path);
	scan_all();
	for (size_t i = 0; i < file_count; i++)
		if (is_named(files[i], name) && is_best(&search, files[i]))
			return copy(files[i]);
	if (search.found)
		return copy(search.found);
	if (search.refused)
		say_mismatch(search.refused, &search.refused_id, id,
			     "give the right module's directory with --module-dir");
	return NULL;
}

static char *check_vmlinux(const char *path, const struct buildid *id)
{
	struct search search = { .wanted = id };

	if (access(path, R_OK)) {
		if (config->vmlinux)
			warnx("%s: %s", path, error_text(errno));
		return NULL;
	}
	if (is_best(&search, path) || search.found)
		return copy(path);
	say_mismatch(path, &search.refused_id, id,
		     "give the right kernel's vmlinux with --vmlinux");
	return NULL;
}

char *objects_find_vmlinux(const struct buildid *id)
{
	static const char *const places[] = {
		"/usr/lib/debug/boot/vmlinux-%s",
		"/usr/lib/debug/lib/modules/%s/vmlinux",
		"/boot/vmlinux-%s",
		"/lib/modules/%s/vmlinux",
		"/lib/modules/%s/build/vmlinux",
	};
	char path[4096];
	char *found = NULL;

	if (config->vmlinux)
		return check_vmlinux(config->vmlinux, id);
	for (size_t i = 0; i < ARRAY_SIZE(places) && !found; i++) {
		snprintf(path, sizeof(path), places[i], config->release);
		found = check_vmlinux(path, id);
	}
	return found;
}

bool objects_are_given(const char *path)
{
	if (config->vmlinux && !strcmp(path, config->vmlinux))
		return true;
	for (size_t i = 0; i < config->dir_count; i++) {
		size_t length = strlen(config->dirs[i]);

		if (!strncmp(path, config->dirs[i], length) &&
		    (path[length] == '/' || path[length - 1] == '/'))
			return true;
	}
	return false;
}

void objects_open(const struct objects_config *new_config)
{
	config = new_config;
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
