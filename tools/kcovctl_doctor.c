// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl doctor: why there is no coverage, or that there is.
 */
#define _GNU_SOURCE 1
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "kcovctl.h"
#include "kcovctl_check.h"
#include "kcovctl_doctor.h"

static const char usage[] =
"usage: kcovctl doctor [--json]\n"
"\n"
"Looks at all that coverage depends on, a line a check: ok; note, if something\n"
"is missing that coverage does not need; BAD, and below it what helps; or - for\n"
"what cannot be found out before an earlier check is ok.\n"
"\n"
"It looks at the kernel, its configuration and headers, lockdown, debugfs, who\n"
"may see addresses, the module and ftrace. Then it opens the device, makes each\n"
"call by its number, records one mmap(), and says what syzkaller will enable.\n"
"\n"
"Nothing is changed: it runs beside a fuzzer with one thread and a descriptor of\n"
"its own, with 32 KiB of buffer and for a moment some MiB for sections and for a\n"
"tree, and closes it again. As with any client, tracing is armed by that, if it\n"
"was not, for as long as the module's disarm_delay says.\n"
"\n"
"      --json    all of it as one JSON object\n"
"  -h, --help    this text\n"
"\n"
"Exit status: 0 a fuzzer gets coverage here, 1 it does not, 2 wrong usage.\n";

static enum kcovctl_exit examine(bool json)
{
	struct patient patient = { .is_loaded = false };

	check_begin(json);
	doctor_kernel(&patient);
	doctor_access(&patient);
	doctor_module(&patient);
	doctor_device(&patient);
	doctor_fuzzer(&patient);
	check_end();
	config_release(&patient.config);
	return check_first_bad() ? KCOVCTL_FAILED : KCOVCTL_OK;
}

static enum kcovctl_exit run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return KCOVCTL_OK;
		default:
			return error_usage(&verb_doctor, "bad option");
		}
	}
	if (optind < argc)
		return error_usage(&verb_doctor, "%s: takes no argument", argv[optind]);
	return examine(json);
}

const struct kcovctl_verb verb_doctor = {
	.name = "doctor",
	.summary = "find out why there is no coverage, or that there is",
	.usage = usage,
	.run = run,
};
