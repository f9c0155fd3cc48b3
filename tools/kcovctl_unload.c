// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl unload: the stock modules again.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl_plan.h"
#include "kcovctl_state.h"
#include "kcovctl_swap.h"

static const char usage[] =
	"usage: kcovctl unload [--users] [MODULE...]\n"
	"\n"
	"Unload instrumented modules, and load the stock ones again that kcovctl\n"
	"load had taken out. Before anything is changed, all is checked, and what\n"
	"is in the way is named: other modules, mounts, disks, network interfaces.\n"
	"Without MODULE: all that kcovctl load has loaded.\n"
	"\n"
	"      --users     modules that use MODULE go out first and come back\n"
	"  -h, --help      this text\n"
	"\n"
	"Examples:\n"
	"  kcovctl unload ext4\n"
	"  kcovctl unload\n";

static bool is_instrumented(const char *name)
{
	if (!module_is_loaded(name)) {
		warnx("%s: is not loaded, so there is nothing to swap back", name);
		warnx("  lsmod names what is loaded");
		return false;
	}
	if (!module_is_instrumented(name)) {
		warnx("%s: the loaded one is not instrumented, so there is nothing to swap back",
		      name);
		warnx("  ls /sys/module/kcov/holders names those that are");
		return false;
	}
	return true;
}

static void set_sources(struct part *part)
{
	part->asked = true;
	part->to = part->had_stock ? PART_STOCK : PART_NOTHING;
	part->from = part->before ? PART_BEFORE :
		     module_exists(part->stock) ? PART_STOCK : PART_NOTHING;
}

static bool add(struct plan *plan, const char *name)
{
	if (plan_find(plan, name))
		return true;
	if (!is_instrumented(name))
		return false;
	set_sources(plan_add(plan, name, NULL));
	return true;
}

static bool add_words(struct plan *plan, char **words)
{
	bool fit = true;

	for (; *words; words++) {
		char *name = names_spell(basename(*words));

		fit &= add(plan, name);
		free(name);
	}
	return fit;
}

static void add_known(struct plan *plan)
{
	struct names names = module_holders("kcov");

	for (size_t i = 0; i < names.count; i++)
		if (state_read(names.name[i]).known)
			add(plan, names.name[i]);
	names_free(&names);
	if (!plan->count)
		puts("no module is loaded that kcovctl load has loaded");
}

static bool unload(struct plan *plan, char **words)
{
	if (!swap_is_allowed(&verb_unload))
		return false;
	state_lock();
	if (!*words)
		add_known(plan);
	if (!add_words(plan, words) || !plan_complete(plan) || !swap_run(plan))
		return false;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->part[i].asked)
			state_forget(plan->part[i].name);
	return true;
}

static enum kcovctl_exit unload_words(bool with_users, char **words)
{
	struct modules modules;
	struct plan plan = {
		.modules = &modules,
		.verb = &verb_unload,
		.with_users = with_users,
	};
	bool done;

	if (!modules_open(&modules))
		return KCOVCTL_FAILED;
	done = unload(&plan, words);
	plan_release(&plan);
	modules_close(&modules);
	return done ? KCOVCTL_OK : KCOVCTL_FAILED;
}

static enum kcovctl_exit run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "users", no_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	bool with_users = false;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'u':
			with_users = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return KCOVCTL_OK;
		default:
			return error_usage(&verb_unload, "bad option");
		}
	}
	return unload_words(with_users, argv + optind);
}

const struct kcovctl_verb verb_unload = {
	.name = "unload",
	.summary = "swap the stock modules back in",
	.usage = usage,
	.run = run,
};
