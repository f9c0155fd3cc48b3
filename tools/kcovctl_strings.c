// SPDX-License-Identifier: GPL-2.0-only
/*
 * Texts that are kept once: a search tree of them.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_strings.h"

static int compare(const void *left, const void *right)
{
	return strcmp(left, right);
}

const char *strings_keep(struct strings *strings, const char *text)
{
	char **found = text ? tsearch(text, &strings->root, compare) : NULL;

	if (!text)
		return NULL;
	if (!found)
		err(KCOVCTL_FAILED, "list of names");
	if (*found == text)
		*found = strdup(text);
	if (!*found)
		err(KCOVCTL_FAILED, "list of names");
	return *found;
}

void strings_release(struct strings *strings)
{
	tdestroy(strings->root, free);
	strings->root = NULL;
}
