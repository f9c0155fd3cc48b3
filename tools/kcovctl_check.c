// SPDX-License-Identifier: GPL-2.0-only
/*
 * What kcovctl doctor has found: printed at once, as the next check may be the one
 * that the machine does not survive; as JSON at the end.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_check.h"
#include "kcovctl_json.h"
#include "kcovctl_terminal.h"

#define NAME_WIDTH 22

struct result {
	const char *word;
	enum terminal_style style;
};

static const struct result results[] = {
	[CHECK_OK] = { "ok", TERMINAL_GREEN },
	[CHECK_NOTE] = { "note", TERMINAL_YELLOW },
	[CHECK_BAD] = { "BAD", TERMINAL_RED },
	[CHECK_SKIPPED] = { "-", TERMINAL_PLAIN },
};

static const char *first_bad, *last_bad;
static struct json_object *checks, *cures;	/* NULL: not as JSON */

void check_begin(bool json)
{
	first_bad = NULL;
	last_bad = NULL;
	checks = json ? json_object_new_array() : NULL;
}

static void add_check(const char *name, enum check_result result, const char *found)
{
	struct json_object *check = json_object_new_object();
	const char *word = result == CHECK_BAD ? "bad" :
			   result == CHECK_SKIPPED ? "skipped" : results[result].word;

	cures = json_object_new_array();
	json_object_object_add(check, "check", json_text(name));
	json_object_object_add(check, "result", json_text(word));
	json_object_object_add(check, "found", json_text(found));
	json_object_object_add(check, "cure", cures);
	json_object_array_add(checks, check);
}

static void print_check(const char *name, enum check_result result, const char *found)
{
	const struct result *r = &results[result];

	printf("%-*s %s%s%s%*s%s\n", NAME_WIDTH, name, terminal_style(stdout, r->style),
	       r->word, terminal_style(stdout, TERMINAL_PLAIN),
	       *found ? 5 - (int)strlen(r->word) : 0, "", found);
	fflush(stdout);
}

void check_say(const char *name, enum check_result result, const char *format, ...)
{
	char found[512];
	va_list args;

	va_start(args, format);
	vsnprintf(found, sizeof(found), format, args);
	va_end(args);
	if (result == CHECK_BAD) {
		first_bad = first_bad ?: name;
		last_bad = name;
	}
	if (checks)
		add_check(name, result, found);
	else
		print_check(name, result, found);
}

void check_cure(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (checks)
		json_object_array_add(cures, json_text(text));
	else
		printf("%*s %s\n", NAME_WIDTH + 5, "", text);
}

const char *check_first_bad(void)
{
	return first_bad;
}

const char *check_last_bad(void)
{
	return last_bad;
}

static void print_verdict(void)
{
	const char *plain = terminal_style(stdout, TERMINAL_PLAIN);

	if (!first_bad)
		printf("%sa fuzzer gets coverage here%s\n",
		       terminal_style(stdout, TERMINAL_BOLD), plain);
	else
		printf("%sa fuzzer gets no coverage here%s: the first thing to cure is '%s'\n",
		       terminal_style(stdout, TERMINAL_BOLD), plain, first_bad);
}

void check_end(void)
{
	struct json_object *all;

	if (!checks) {
		print_verdict();
		return;
	}
	all = json_object_new_object();
	json_object_object_add(all, "coverage", json_object_new_boolean(!first_bad));
	json_object_object_add(all, "checks", checks);
	puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(all);
}
