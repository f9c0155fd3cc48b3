// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl instances: who has descriptors, how full they are, and what was lost.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_cures.h"
#include "kcovctl_descriptors.h"
#include "kcovctl_mod.h"

static const char usage[] =
"usage: kcovctl instances [-w] [--json]\n"
"       kcovctl instances --follow on|off\n"
"\n"
"Shows the open descriptors of kcov: who has them enabled, how, how large the\n"
"buffer is and how full, how many records were dropped because it was full, how\n"
"many sections of others were lost. Then what was lost since the module was\n"
"loaded, and what helps; and whether deferred work follows its task.\n"
"\n"
"  MODE  new, ready (it has a buffer), pc, cmp, remote-pc, remote-cmp, tree\n"
"\n"
"  -w, --watch          again each second, until it is interrupted\n"
"      --json           one JSON object; with --watch, one in each line\n"
"      --follow on|off  whether deferred work (works, timers) is recorded for the\n"
"                       task that queued it; for descriptors with a common handle\n"
"  -h, --help           this text\n"
"\n"
"Exit status: 0 done, 1 failed, 2 wrong usage.\n";

struct view {
	FILE *instances, *follow;
	struct json_object *json;	/* NULL: for people */
	size_t count;
	uint64_t words;
	bool complete;
};

static void show_line(struct view *view, struct json_object *all, const char *line)
{
	struct descriptor descriptor;

	if (!descriptor_parse(line, &descriptor)) {
		warnx(MOD_DIRECTORY "/instances: not a line of that table: %s", line);
		view->complete = false;
		return;
	}
	view->count++;
	view->words += descriptor.words;
	if (all)
		json_object_array_add(all, descriptor_json(&descriptor));
	else
		descriptor_print(&descriptor);
}

static void show_instances(struct view *view)
{
	struct json_object *all = view->json ? json_object_new_array() : NULL;
	char *line = NULL;
	size_t room = 0;

	if (all)
		json_object_object_add(view->json, "instances", all);
	else
		descriptor_print_head();
	while (getline(&line, &room, view->instances) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "id ", 3))
			show_line(view, all, line);
	}
	free(line);
	if (ferror(view->instances)) {
		warnx(MOD_DIRECTORY "/instances: %s", error_text(errno));
		view->complete = false;
	}
	if (!all)
		printf("%zu descriptor%s, %" PRIu64 " KiB of buffers\n", view->count,
		       view->count == 1 ? "" : "s", view->words * 8 >> 10);
}

static void show_losses(struct view *view)
{
	struct json_object *all = json_object_new_object();
	struct losses losses;

	losses_read(&losses);
	for (size_t i = 0; i < losses.count; i++)
		json_object_object_add(all, losses.loss[i].what,
				       json_object_new_uint64(losses.loss[i].number));
	if (view->json) {
		json_object_object_add(view->json, "lost", all);
		return;
	}
	json_object_put(all);
	cures_print(&losses);
}

/* Closed under lockdown: then nobody knows. */
static void show_follow(struct view *view)
{
	const int value = view->follow ? fgetc(view->follow) : EOF;

	if (view->json)
		json_object_object_add(view->json, "follow", value == EOF ? NULL :
				       json_object_new_boolean(value == '1'));
	else if (value != EOF)
		puts(value == '1' ? "deferred work follows its task" :
		     "deferred work does not follow its task: --follow on");
}

static bool open_view(struct view *view)
{
	view->instances = mod_open("instances");
	view->follow = fopen(MOD_DIRECTORY "/follow", "re");
	return view->instances;
}

static void close_view(struct view *view)
{
	if (view->instances)
		fclose(view->instances);
	if (view->follow)
		fclose(view->follow);
	json_object_put(view->json);
}

static bool show(bool json, int format)
{
	struct view view = { .complete = true };
	bool opened = open_view(&view);

	if (opened) {
		view.json = json ? json_object_new_object() : NULL;
		show_instances(&view);
		show_losses(&view);
		show_follow(&view);
		if (json)
			puts(json_object_to_json_string_ext(view.json, format));
	}
	close_view(&view);
	return opened && view.complete;
}

/* One second, or until somebody ends it. */
static bool wait_on(const sigset_t *ends)
{
	const struct timespec second = { .tv_sec = 1 };

	return sigtimedwait(ends, NULL, &second) < 0;
}

/* Until somebody ends it, or nobody reads it, or the module goes. */
static enum kcovctl_exit watch(bool json)
{
	sigset_t ends;
	bool shown;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	do {
		if (isatty(STDOUT_FILENO))
			fputs("\033[H\033[2J", stdout);
		shown = show(json, JSON_C_TO_STRING_PLAIN);
		if (!json)
			putchar('\n');
		shown = error_flush() && shown;
	} while (shown && wait_on(&ends));
	return shown ? KCOVCTL_OK : KCOVCTL_FAILED;
}

static enum kcovctl_exit switch_follow(const char *word)
{
	const bool on = !strcmp(word, "on");
	int err;

	if (!on && strcmp(word, "off"))
		return error_usage(&verb_instances, "--follow %s: neither on nor off", word);
	err = mod_write("follow", on ? "1" : "0");
	if (err > 0) {
		warnx(MOD_DIRECTORY "/follow: %s", error_text(err));
		warnx("  works and timers cannot be watched on this kernel: see dmesg");
	}
	return err ? KCOVCTL_FAILED : KCOVCTL_OK;
}

static enum kcovctl_exit run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "watch", no_argument, NULL, 'w' },
		{ "json", no_argument, NULL, 'j' },
		{ "follow", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	const char *switch_to = NULL;
	bool json = false, again = false;
	int c;

	while ((c = getopt_long(argc, argv, "wh", options, NULL)) != -1) {
		switch (c) {
		case 'w':
			again = true;
			break;
		case 'j':
			json = true;
			break;
		case 'f':
			switch_to = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return KCOVCTL_OK;
		default:
			return error_usage(&verb_instances, "bad option");
		}
	}
	if (optind < argc)
		return error_usage(&verb_instances, "%s: takes no argument", argv[optind]);
	if (switch_to)
		return json || again ?
			error_usage(&verb_instances, "--follow shows nothing: use it alone") :
			switch_follow(switch_to);
	if (again)
		return watch(json);
	return show(json, JSON_C_TO_STRING_PRETTY) ? KCOVCTL_OK : KCOVCTL_FAILED;
}

const struct kcovctl_verb verb_instances = {
	.name = "instances",
	.summary = "show who has descriptors, how full they are, what was lost",
	.usage = usage,
	.run = run,
};
