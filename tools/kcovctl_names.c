// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lists of names of modules.
 */
#define _GNU_SOURCE 1
#include <dirent.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_names.h"

char *names_spell(const char *name)
{
	char *copy = strdup(name);
	char *suffix;

	if (!copy)
		errx(KCOVCTL_FAILED, "no memory");
	suffix = strrchr(copy, '.');
	if (suffix && !strcmp(suffix, ".ko"))
		*suffix = '\0';
	for (char *c = copy; *c; c++)
		if (*c == '-')
			*c = '_';
	return copy;
}

void names_add(struct names *names, const char *name)
{
	names->name = reallocarray(names->name, names->count + 1,
				   sizeof(*names->name));
	if (!names->name)
		errx(KCOVCTL_FAILED, "no memory");
	names->name[names->count++] = names_spell(name);
}

bool names_have(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->name[i], name))
			return true;
	return false;
}

struct names names_split(const char *text, const char *between)
{
	char *copy = text ? strdup(text) : NULL;
	struct names names = { 0 };
	char *rest;

	for (char *word = copy ? strtok_r(copy, between, &rest) : NULL; word;
	     word = strtok_r(NULL, between, &rest))
		names_add(&names, word);
	free(copy);
	return names;
}

struct names names_in(const char *directory)
{
	struct names names = { 0 };
	DIR *dir = opendir(directory);

	if (!dir)
		return names;
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			names_add(&names, entry->d_name);
	closedir(dir);
	return names;
}

void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->name[i]);
	free(names->name);
	*names = (struct names){ 0 };
}
