// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module could not record: in words, and what helps.
 */
#define _GNU_SOURCE 1
#include <inttypes.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_cures.h"
#include "kcovctl_mod.h"
#include "kcovctl_terminal.h"

struct cure {
	const char *name;	/* of the counter, as the module has it */
	const char *words;	/* what it counts */
	const char *text;
	const char *parameter;	/* to be raised, NULL: none */
};

static const struct cure cures[] = {
	{ "sections_with_an_invalid_handle",
	  "sections that a driver began with something that is no handle",
	  "a mistake in the driver: dmesg names it", NULL },
	{ "sections_inside_a_section",
	  "sections that began inside of another one",
	  "the outer one has the records; a driver that marks work twice does this", NULL },
	{ "sections_without_a_buffer",
	  "sections that found no buffer free",
	  "more of them at the same time; for softirqs it is softirq_areas",
	  "remote_areas" },
	{ "sections_that_outlived_their_owner",
	  "sections that ended when nobody waited for them any more",
	  "wait for the work before KCOV_DISABLE", NULL },
	{ "sections_not_merged",
	  "sections whose owner changed the count meanwhile, again and again",
	  "do not store into word 0 while sections come in", NULL },
	{ "children_without_the_common_handle",
	  "children that were forked too fast to get the common handle",
	  "more of them in store", "spare_tasks" },
	{ "deferred_work_not_remembered",
	  "deferred work that found no room to be remembered",
	  "too much was queued at once: queue less, or do not follow", NULL },
	{ "tasks_outside_of_their_tree",
	  "tasks of process trees that got no set",
	  "more of them in store, or more memory for the cgroup", "tree_sets" },
	{ "deferred_work_of_too_long_a_chain",
	  "deferred work that was handed on too often to be followed",
	  "a longer chain", "follow_depth" },
	{ "modules_without_function_entries",
	  "modules whose function entries are not covered",
	  "load the module again: ftrace had no memory for it", NULL },
	{ "all_function_entries_with_a_module",
	  "times that all function entries went with a module",
	  "the next KCOV_INIT_TRACE brings them back: there was no memory", NULL },
	{ "usb_completions_not_seen",
	  "completions of USB transfers that were not seen",
	  "too many at once: fewer devices at a time", NULL },
};

/* NULL: a counter of another version. */
static const struct cure *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(cures); i++)
		if (!strcmp(cures[i].name, name))
			return &cures[i];
	return NULL;
}

static void print_loss(const struct loss *loss)
{
	const struct cure *cure = find(loss->what);

	printf("%s%9" PRIu64 "%s %s\n", terminal_style(stdout, TERMINAL_YELLOW), loss->number,
	       terminal_style(stdout, TERMINAL_PLAIN), cure ? cure->words : loss->what);
	if (!cure)
		return;
	printf("%9s %s", "", cure->text);
	if (cure->parameter)
		printf(": echo %lu >" MOD_PARAMETERS "/%s", 2 * mod_number(cure->parameter),
		       cure->parameter);
	putchar('\n');
}

void cures_print(const struct losses *losses)
{
	size_t count = 0;

	if (!losses->count) {
		puts("what else was lost is not known: " MOD_DIRECTORY "/lost cannot be read");
		return;
	}
	for (size_t i = 0; i < losses->count; i++) {
		if (!losses->loss[i].number)
			continue;
		if (!count++)
			puts("lost since the module was loaded:");
		print_loss(&losses->loss[i]);
	}
	if (!count)
		puts("nothing else was lost since the module was loaded");
}
