/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The set of covered functions, as kcov_mod/functions shows it.
 */
#ifndef KCOVCTL_COVERED_H
#define KCOVCTL_COVERED_H

#include <stdbool.h>
#include <stddef.h>

struct covered_function {
	const char *name;
	const char *module;	/* NULL: the kernel itself */
};

struct covered_module {
	const char *name;
	size_t count;
};

struct covered {
	char *text;		/* what the names point to */
	struct covered_function *functions;
	size_t count;
	struct covered_module *modules;	/* those that have any */
	size_t module_count;
	const char *state;	/* "armed", "not armed", "switched off" */
	const char *rules;
};

/* False: said why. */
bool covered_read(struct covered *covered);

/* From the file's text, which is taken over. False: it is no such file. */
bool covered_parse(struct covered *covered, char *text);
void covered_release(struct covered *covered);

/* Whether a pattern, a glob with or without module: in front, matches. */
bool covered_match(const struct covered_function *function, const char *pattern);

#endif
