// SPDX-License-Identifier: GPL-2.0-only
/*
 * What kcovctl run is asked to do: its options and its help.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>

#include "kcovctl.h"
#include "kcovctl_run_options.h"

const char run_usage[] =
"usage: kcovctl run [OPTION...] [--] COMMAND [ARG...]\n"
"Run a command and show which kernel code it reached, with all its threads and\n"
"children: a summary, and behind the command's own output what is asked for.\n"
"  -p              places (the default); each counts once\n"
"  -r, --remote    also what drivers do for the command elsewhere, where they\n"
"                  say so; --follow: and all work and timers that it hands over;\n"
"                  --usb BUS: and of that bus; --drain SECONDS: wait for late\n"
"                  work so long at most (10)\n"
"  -c              operands of comparisons, of the first thread only: the kernel\n"
"                  has no tree of these\n"
"  -s, --size WORDS       of each buffer, of 8 bytes (1048576); -r has seven\n"
"  -o, --output FILE      keep the run for kcovctl report\n"
"  --functions, --lines, --tree (by directories of the source), --raw (PCs),\n"
"  --offsets, --json      what to list\n"
"  --filter GLOB          only 'vfs_*', 'ext4:*', 'vmlinux:*', 'fs/ext4/'; again\n"
"  -m, --module-dir DIR, -k, --vmlinux FILE, --no-cache    as symbolize has them\n"
"  -h, --help      this text\n"
"A second SIGINT or SIGTERM ends the recording and not the command.\n"
"Exit status: the command's; 128+N if signal N ended it; 125 kcovctl failed;\n"
"126 the command cannot be executed; 127 it was not found.\n"
"Example: kcovctl run --functions --filter 'ext4:*' -- make check\n";

/* A tree has each place once: more than a whole kernel has functions. */
#define DEFAULT_WORDS 0x100000UL

#define DRAIN_SECONDS 10
#define DRAIN_LIMIT 3600

enum { OPTION_FOLLOW = 256, OPTION_USB, OPTION_DRAIN };

static const struct option options[] = {
	{ "remote", no_argument, NULL, 'r' },
	{ "follow", no_argument, NULL, OPTION_FOLLOW },
	{ "usb", required_argument, NULL, OPTION_USB },
	{ "drain", required_argument, NULL, OPTION_DRAIN },
	{ "size", required_argument, NULL, 's' },
	{ "output", required_argument, NULL, 'o' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

static bool parse_number(const char *what, unsigned long least,
			 unsigned long most, unsigned long *number)
{
	char *end;

	errno = 0;
	*number = strtoul(optarg, &end, 0);
	if (!errno && end != optarg && !*end && *optarg != '-' &&
	    *number >= least && *number <= most)
		return true;
	error_usage(&verb_run, "%s %s: not a number from %lu to %lu", what,
		    optarg, least, most);
	return false;
}

static bool add_bus(struct run_options *wanted)
{
	struct recording_config *recording = &wanted->recording;
	unsigned long bus;

	if (!parse_number("--usb", 1, UINT_MAX, &bus))
		return false;
	if (recording->handle_count == RUN_HANDLES_MAX) {
		error_usage(&verb_run, "more than %d buses", RUN_HANDLES_MAX);
		return false;
	}
	wanted->handles[recording->handle_count++] = kcov_usb((uint32_t)bus);
	recording->handles = wanted->handles;
	recording->remote = true;
	return true;
}

static bool set_numbers(struct run_options *wanted, int option)
{
	unsigned long number;

	switch (option) {
	case 's':
		if (!parse_number("--size", 2, INT_MAX / 2 / sizeof(uint64_t), &number))
			return false;
		wanted->recording.words = number;
		return true;
	case OPTION_DRAIN:
		if (!parse_number("--drain", 0, DRAIN_LIMIT, &number))
			return false;
		wanted->recording.drain = (unsigned int)number;
		return true;
	default:
		return add_bus(wanted);
	}
}

static bool set_option(struct run_options *wanted, int option)
{
	struct recording_config *recording = &wanted->recording;

	switch (option) {
	case 'p':
	case 'c':
		recording->comparisons = option == 'c';
		return true;
	case OPTION_FOLLOW:
		recording->follow = true;
		recording->remote = true;
		return true;
	case 'r':
		recording->remote = true;
		return true;
	case 's':
	case OPTION_DRAIN:
	case OPTION_USB:
		return set_numbers(wanted, option);
	case 'o':
		wanted->output = optarg;
		return true;
	case 'h':
		wanted->help = true;
		return true;
	default:
		if (show_option(&wanted->show, option))
			return true;
		error_usage(&verb_run, "bad option");
		return false;
	}
}

/* What says nothing of comparisons. */
static bool fits_together(const struct run_options *wanted)
{
	const enum show_view view = wanted->show.view;

	if (!wanted->recording.comparisons)
		return true;
	if (wanted->recording.remote || wanted->output)
		error_usage(&verb_run, "-c goes with neither -r nor -o: these are about places");
	else if (view != SHOW_SUMMARY && view != SHOW_JSON)
		error_usage(&verb_run, "-c has a table of its own, and --json");
	else
		return true;
	return false;
}

bool run_options_parse(struct run_options *wanted, int argc, char **argv)
{
	int option;

	*wanted = (struct run_options){
		.recording = { .words = DEFAULT_WORDS, .drain = DRAIN_SECONDS },
	};
	while ((option = getopt_long(argc, argv, "+pcrs:o:h" SHOW_SHORT,
				     show_table(options), NULL)) != -1)
		if (!set_option(wanted, option))
			return false;
	wanted->command = argv + optind;
	if (wanted->help)
		return true;
	if (optind < argc)
		return fits_together(wanted);
	error_usage(&verb_run, "which command?");
	return false;
}
