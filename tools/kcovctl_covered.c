// SPDX-License-Identifier: GPL-2.0-only
/*
 * The set of covered functions: two lines about it, then a function a line, its
 * module behind it in brackets.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_covered.h"
#include "kcovctl_mod.h"

/* The line that begins with these words, what follows them; NULL: it does not. */
static char *behind(char *line, const char *words)
{
	const size_t length = strlen(words);

	return line && !strncmp(line, words, length) ? line + length : NULL;
}

static bool parse_head(struct covered *covered, char **text)
{
	char *first = behind(strsep(text, "\n"), "# ");
	char *rules = behind(strsep(text, "\n"), "# rules: ");

	first = first ? strstr(first, "functions, ") : NULL;
	if (!first || !rules)
		return false;
	covered->state = first + strlen("functions, ");
	covered->rules = rules;
	return true;
}

static void parse_function(struct covered_function *function, char *line)
{
	char *module = strstr(line, " [");

	function->name = line;
	function->module = NULL;
	if (!module)
		return;
	*module = '\0';
	function->module = module + 2;
	module[2 + strcspn(module + 2, "]")] = '\0';
}

/* The kernel shows modules in the order in which it found them, each in one go or not. */
static bool count_module(struct covered *covered, const char *name)
{
	struct covered_module *modules;

	for (size_t i = covered->module_count; i-- > 0;) {
		if (!strcmp(covered->modules[i].name, name)) {
			covered->modules[i].count++;
			return true;
		}
	}
	modules = reallocarray(covered->modules, covered->module_count + 1, sizeof(*modules));
	if (!modules)
		return false;
	modules[covered->module_count++] = (struct covered_module){ name, 1 };
	covered->modules = modules;
	return true;
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		lines++;
	}
	return lines;
}

static bool parse_functions(struct covered *covered, char *text)
{
	char *line;

	covered->functions = calloc(count_lines(text) + 1, sizeof(*covered->functions));
	if (!covered->functions)
		return false;
	while ((line = strsep(&text, "\n"))) {
		struct covered_function *function = &covered->functions[covered->count];

		if (!*line)
			continue;
		parse_function(function, line);
		covered->count++;
		if (function->module && !count_module(covered, function->module))
			return false;
	}
	return true;
}

bool covered_parse(struct covered *covered, char *text)
{
	char *rest = text;

	*covered = (struct covered){ .text = text };
	if (parse_head(covered, &rest) && rest && parse_functions(covered, rest))
		return true;
	covered_release(covered);
	return false;
}

bool covered_read(struct covered *covered)
{
	FILE *file = mod_open("functions");
	char *text = NULL;
	size_t room = 0;
	bool complete;

	if (!file)
		return false;
	complete = getdelim(&text, &room, '\0', file) >= 0;
	if (!complete)
		warnx(MOD_DIRECTORY "/functions: %s", error_text(errno));
	fclose(file);
	if (!complete) {
		free(text);
		return false;
	}
	if (covered_parse(covered, text))
		return true;
	warnx(MOD_DIRECTORY "/functions: not as this kcovctl knows it");
	warnx("  load the kcov.ko that belongs to it");
	return false;
}

void covered_release(struct covered *covered)
{
	free(covered->modules);
	free(covered->functions);
	free(covered->text);
	*covered = (struct covered){ .count = 0 };
}

bool covered_match(const struct covered_function *function, const char *pattern)
{
	const char *colon = strchr(pattern, ':');
	char module[64];

	if (!colon)
		return !fnmatch(pattern, function->name, 0);
	snprintf(module, sizeof(module), "%.*s", (int)(colon - pattern), pattern);
	return !fnmatch(module, function->module ?: "vmlinux", 0) &&
	       !fnmatch(colon + 1, function->name, 0);
}
