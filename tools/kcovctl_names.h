/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists of names of modules. In these - is written as _, as the kernel does.
 */
#ifndef KCOVCTL_NAMES_H
#define KCOVCTL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct names {
	char **name;
	size_t count;
};

/* A copy, which the caller frees; a suffix .ko is left out. */
char *names_spell(const char *name);

void names_add(struct names *names, const char *name);
bool names_have(const struct names *names, const char *name);

/* Words between any of these characters; no words if text is NULL. */
struct names names_split(const char *text, const char *between);

/* What a directory holds; nothing if it is not there. */
struct names names_in(const char *directory);

void names_free(struct names *names);

#endif
