// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl functions: which functions are covered, and which shall be.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_covered.h"
#include "kcovctl_json.h"
#include "kcovctl_klog.h"
#include "kcovctl_mod.h"

static const char usage[] =
"usage: kcovctl functions [--json] [PATTERN]\n"
"       kcovctl functions RULE... | default\n"
"       kcovctl functions --on | --off\n"
"\n"
"Without an argument: how many function entries are covered, of which modules,\n"
"and by which rules. With a PATTERN: those that match it ('*': all).\n"
"\n"
"A RULE changes the set, after those that were given before:\n"
"  +GLOB   these too     -GLOB   without these     =GLOB   these and no others\n"
"  default, none         forgets all rules\n"
"A GLOB may have a module in front, ext4:*, where vmlinux is the kernel itself.\n"
"A wildcard never brings in what is left out by default, an exact name does.\n"
"\n"
"      --json       one JSON object\n"
"      --on, --off  cover function entries, or only modules built with callbacks\n"
"  -h, --help       this text\n"
"\n"
"Examples:\n"
"  kcovctl functions '=vfs_* +ext4:*'\n"
"  kcovctl functions 'ext4:*_iomap_*'\n"
"\n"
"Exit status: 0 done, 1 failed or nothing matches, 2 wrong usage.\n";

/* What the module takes in one call is less than a page. */
#define RULES_LENGTH 4096

struct request {
	bool json, help;
	const char *switch_to;	/* "Y", "N"; NULL: as it is */
	const char *pattern;
	char rules[RULES_LENGTH];
};

static void add_head(struct json_object *object, const struct covered *covered)
{
	struct json_object *modules = json_object_new_object();
	size_t kernel = covered->count;

	for (size_t i = 0; i < covered->module_count; i++) {
		const struct covered_module *module = &covered->modules[i];

		kernel -= module->count;
		json_object_object_add(modules, module->name,
				       json_object_new_uint64(module->count));
	}
	json_object_object_add(object, "count", json_object_new_uint64(covered->count));
	json_object_object_add(object, "kernel", json_object_new_uint64(kernel));
	json_object_object_add(object, "modules", modules);
	json_object_object_add(object, "state", json_text(covered->state));
	json_object_object_add(object, "rules", json_text(covered->rules));
}

static struct json_object *function_json(const struct covered_function *function)
{
	struct json_object *one = json_object_new_object();

	json_object_object_add(one, "name", json_text(function->name));
	json_object_object_add(one, "module", function->module ?
			       json_text(function->module) : NULL);
	return one;
}

static void print_state(const struct covered *covered)
{
	if (!strcmp(covered->state, "switched off"))
		printf("switched off: no function entry is covered; --on covers %zu\n",
		       covered->count);
	else if (!strcmp(covered->state, "not armed"))
		printf("%zu functions, as soon as somebody has a buffer\n", covered->count);
	else
		printf("%zu functions, %s\n", covered->count, covered->state);
}

static void print_head(const struct covered *covered)
{
	size_t kernel = covered->count;

	for (size_t i = 0; i < covered->module_count; i++)
		kernel -= covered->modules[i].count;
	print_state(covered);
	printf("rules: %s\n", covered->rules);
	printf("%8zu the kernel itself\n", kernel);
	for (size_t i = 0; i < covered->module_count; i++)
		printf("%8zu %s\n", covered->modules[i].count, covered->modules[i].name);
}

static void print_function(const struct covered_function *function)
{
	if (function->module)
		printf("%s [%s]\n", function->name, function->module);
	else
		puts(function->name);
}

/* The number of them. */
static size_t list(const struct covered *covered, const char *pattern, struct json_object *all)
{
	size_t count = 0;

	for (size_t i = 0; i < covered->count; i++) {
		const struct covered_function *function = &covered->functions[i];

		if (!covered_match(function, pattern))
			continue;
		count++;
		if (all)
			json_object_array_add(all, function_json(function));
		else
			print_function(function);
	}
	return count;
}

static void print_json(struct json_object *object)
{
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY));
	json_object_put(object);
}

/* False: none matches. */
static bool show_covered(const struct covered *covered, const struct request *request)
{
	struct json_object *object = request->json ? json_object_new_object() : NULL;
	struct json_object *all = object && request->pattern ? json_object_new_array() : NULL;
	bool found = true;

	if (request->pattern)
		found = list(covered, request->pattern, all);
	else if (!object)
		print_head(covered);
	if (object)
		add_head(object, covered);
	if (all)
		json_object_object_add(object, "functions", all);
	if (object)
		print_json(object);
	return found;
}

static enum kcovctl_exit show(const struct request *request)
{
	struct covered covered;
	bool found;

	if (!covered_read(&covered))
		return KCOVCTL_FAILED;
	found = show_covered(&covered, request);
	if (!found)
		warnx("no function that is covered matches '%s'", request->pattern);
	covered_release(&covered);
	return found ? KCOVCTL_OK : KCOVCTL_FAILED;
}

static void explain_change(int err)
{
	switch (err) {
	case ENOENT:
		warnx("  a rule matches no function: available_filter_functions in tracefs has");
		warnx("  those that there are. Nothing is changed");
		break;
	case EINVAL:
		warnx("  a rule is +GLOB, -GLOB or =GLOB, where GLOB may be MODULE:GLOB;");
		warnx("  or default. Nothing is changed");
		break;
	case E2BIG:
		warnx("  too many rules: wildcards match many functions, and '=GLOB' begins anew");
		break;
	case EOPNOTSUPP:
		warnx("  this kernel has no function entries to be covered: see kcovctl doctor");
		break;
	case ENOMEM:
		warnx("  there is not enough memory: free some");
		break;
	}
}

/* The module's own reason is in the kernel's log. */
static enum kcovctl_exit change(const struct request *request)
{
	const int log = klog_open();
	const int err = request->switch_to ?
			mod_set("function_entries", request->switch_to) :
			mod_write("functions", request->rules);

	if (err > 0) {
		warnx("%s: %s", request->switch_to ? "function_entries" : request->rules,
		      error_text(err));
		klog_print(log, "kcov");
		explain_change(err);
	}
	if (log >= 0)
		close(log);
	return err ? KCOVCTL_FAILED : show(request);
}

static bool is_rule(const char *word)
{
	return strchr("+-=", word[0]) || !strcmp(word, "default") || !strcmp(word, "none");
}

/* Rules may begin like options do, so this is not for getopt. */
static bool set_option(struct request *request, const char *word)
{
	if (!strcmp(word, "--json"))
		request->json = true;
	else if (!strcmp(word, "--help") || !strcmp(word, "-h"))
		request->help = true;
	else if (!strcmp(word, "--on"))
		request->switch_to = "Y";
	else if (!strcmp(word, "--off"))
		request->switch_to = "N";
	else
		return false;
	return true;
}

static bool add_rule(struct request *request, const char *rule)
{
	const size_t length = strlen(request->rules);

	return snprintf(request->rules + length, RULES_LENGTH - length, "%s%s",
			length ? " " : "", rule) < (int)(RULES_LENGTH - length);
}

static enum kcovctl_exit parse_word(struct request *request, const char *word)
{
	if (set_option(request, word))
		return KCOVCTL_OK;
	if (!strncmp(word, "--", 2))
		return error_usage(&verb_functions, "%s: no such option", word);
	if (*word && is_rule(word))
		return add_rule(request, word) ? KCOVCTL_OK :
		       error_usage(&verb_functions, "rules of more than %d characters",
				   RULES_LENGTH - 1);
	if (!*word || request->pattern)
		return error_usage(&verb_functions, "'%s': neither a rule, nor the only pattern",
				   word);
	request->pattern = word;
	return KCOVCTL_OK;
}

static enum kcovctl_exit run(int argc, char **argv)
{
	static struct request request;
	int things;

	for (int i = 1; i < argc; i++) {
		const enum kcovctl_exit code = parse_word(&request, argv[i]);

		if (code)
			return code;
	}
	if (request.help) {
		fputs(usage, stdout);
		return KCOVCTL_OK;
	}
	things = !!request.switch_to + !!request.pattern + !!request.rules[0];
	if (things > 1)
		return error_usage(&verb_functions, "a pattern, rules, or a switch: one of them");
	return request.switch_to || request.rules[0] ? change(&request) : show(&request);
}

const struct kcovctl_verb verb_functions = {
	.name = "functions",
	.summary = "show which functions are covered, or choose them",
	.usage = usage,
	.run = run,
};
