// SPDX-License-Identifier: GPL-2.0-only
/*
 * Globs over functions, as the rules of kcov_mod/functions have them: a name,
 * or a module (vmlinux: the kernel itself), a colon and a name. One with a
 * slash is about source files: "fs/ext4/" is all below, and a path that does not
 * begin with a slash may begin at any directory.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_filter.h"

void filter_add(struct filter *filter, const char *glob)
{
	filter->globs = reallocarray(filter->globs, filter->count + 1,
				     sizeof(*filter->globs));
	if (!filter->globs)
		err(KCOVCTL_FAILED, "list of filters");
	filter->globs[filter->count++] = glob;
}

void filter_release(struct filter *filter)
{
	free(filter->globs);
	*filter = (struct filter){ 0 };
}

static bool is_path(const char *glob)
{
	return strchr(glob, '/');
}

bool filter_has_paths(const struct filter *filter)
{
	for (size_t i = 0; i < filter->count; i++)
		if (is_path(filter->globs[i]))
			return true;
	return false;
}

/* A directory's path means all below it. */
static bool matches_from(const char *glob, const char *path)
{
	const size_t length = strlen(glob);
	char directory[4096];

	if (glob[length - 1] != '/')
		return !fnmatch(glob, path, 0);
	snprintf(directory, sizeof(directory), "%.*s", (int)length - 1, glob);
	return !fnmatch(directory, path, FNM_LEADING_DIR);
}

static bool matches_path(const char *glob, const char *path)
{
	if (*glob == '/')
		return matches_from(glob, path);
	for (;;) {
		if (matches_from(glob, path))
			return true;
		path = strchr(path, '/');
		if (!path)
			return false;
		path++;
	}
}

/* In names of modules - and _ are alike: the kernel's are with _. */
static bool matches_module(const char *glob, size_t length, const char *module)
{
	char text[256];

	if (length >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)length, glob);
	if (!fnmatch(text, module, 0))
		return true;
	for (char *c = text; (c = strchr(c, '-'));)
		*c = '_';
	return !fnmatch(text, module, 0);
}

static bool matches(const char *glob, const char *module, const char *function,
		    const char *file)
{
	const char *colon = strchr(glob, ':');

	if (is_path(glob))
		return file && matches_path(glob, file);
	if (!colon)
		return !fnmatch(glob, function, 0);
	return matches_module(glob, (size_t)(colon - glob), module) &&
	       !fnmatch(colon + 1, function, 0);
}

bool filter_matches(const struct filter *filter, const char *module,
		    const char *function, const char *file)
{
	for (size_t i = 0; i < filter->count; i++)
		if (matches(filter->globs[i], module, function, file))
			return true;
	return !filter->count;
}
