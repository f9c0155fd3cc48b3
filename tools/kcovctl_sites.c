// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl sites: how many callbacks object files and modules have, and whether
 * a module's are as they must be.
 */
#define _GNU_SOURCE 1
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_callbacks.h"

static const char usage[] =
"usage: kcovctl sites [OPTION...] FILE...\n"
"\n"
"Counts where object files and modules (.o, .ko) call kcov: a line a file.\n"
"\n"
"  PC     calls that record that a block was reached\n"
"  CMP    calls that record the operands of a comparison or switch\n"
"  lost   calls that objtool has removed from noinstr code, which nothing may\n"
"         instrument\n"
"  text   bytes of code\n"
"\n"
"  -b, --before FILE   the stock module, to compare the size of its code\n"
"  -t, --total         one line with the sums, and no more\n"
"  -h, --help          this text\n"
"\n"
"A callback that is jumped to records its caller's place, and one in noinstr\n"
"code can crash the machine: a module (.ko) with either is named.\n"
"\n"
"Exit status: 0 done, 1 failed or a module with such callbacks, 2 wrong usage.\n";

static const struct option options[] = {
	{ "before", required_argument, NULL, 'b' },
	{ "total", no_argument, NULL, 't' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

struct settings {
	const char *before;
	bool total;
	bool help;
};

static bool set_option(struct settings *settings, int option)
{
	switch (option) {
	case 'b':
		settings->before = optarg;
		return true;
	case 't':
		settings->total = true;
		return true;
	case 'h':
		settings->help = true;
		return true;
	default:
		return false;
	}
}

static void print_row(const struct callbacks *callbacks, const char *name)
{
	printf("%8zu %8zu %6zu %9zu  %s\n", callbacks->pcs,
	       callbacks->comparisons, callbacks->lost, callbacks->text, name);
}

/* Of objects, objtool may still have to remove some. */
static bool judge(const struct callbacks *callbacks, const char *path)
{
	if (!callbacks->is_module)
		return true;
	printf("%s: %zu callbacks are jumps, %zu are in noinstr code\n", path,
	       callbacks->jumps, callbacks->noinstr);
	return !callbacks->jumps && !callbacks->noinstr;
}

/* A module is the sum of its objects: where there is one, objects are details. */
struct sums {
	struct callbacks objects, modules;
};

static const struct callbacks *sum_of(const struct sums *sums)
{
	return sums->modules.is_module ? &sums->modules : &sums->objects;
}

static void print_sum(const struct sums *sums, bool total, int count)
{
	const struct callbacks *sum = sum_of(sums);

	if (total)
		printf("%zu PC, %zu CMP, %zu lost\n", sum->pcs,
		       sum->comparisons, sum->lost);
	else if (count > 1 && !sum->is_module)
		print_row(sum, "all");
}

static bool compare_text(const char *before, size_t after)
{
	struct callbacks callbacks;

	if (!callbacks_count(before, &callbacks))
		return false;
	printf("text: %zu bytes before, %zu after\n", callbacks.text, after);
	return true;
}

static enum kcovctl_exit count_files(const struct settings *settings,
				     char **files, int count)
{
	struct sums sums = { 0 };
	struct callbacks one;
	bool fine = true;

	if (!settings->total)
		printf("%8s %8s %6s %9s\n", "PC", "CMP", "lost", "text");
	for (int i = 0; i < count; i++) {
		if (!callbacks_count(files[i], &one))
			return KCOVCTL_FAILED;
		callbacks_add(one.is_module ? &sums.modules : &sums.objects,
			      &one);
		if (!settings->total)
			print_row(&one, files[i]);
		fine &= judge(&one, files[i]);
	}
	print_sum(&sums, settings->total, count);
	if (settings->before &&
	    !compare_text(settings->before, sum_of(&sums)->text))
		return KCOVCTL_FAILED;
	return fine ? KCOVCTL_OK : KCOVCTL_FAILED;
}

static enum kcovctl_exit run(int argc, char **argv)
{
	struct settings settings = { 0 };
	int option;

	while ((option = getopt_long(argc, argv, "b:th", options, NULL)) != -1)
		if (!set_option(&settings, option))
			return error_usage(&verb_sites, "bad option");
	if (settings.help) {
		fputs(usage, stdout);
		return KCOVCTL_OK;
	}
	if (optind == argc)
		return error_usage(&verb_sites, "no file is named");
	return count_files(&settings, argv + optind, argc - optind);
}

const struct kcovctl_verb verb_sites = {
	.name = "sites",
	.summary = "count the callbacks in object files and modules",
	.usage = usage,
	.run = run,
};
