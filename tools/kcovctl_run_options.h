/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kcovctl run is asked to do.
 */
#ifndef KCOVCTL_RUN_OPTIONS_H
#define KCOVCTL_RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "kcovctl_recording.h"
#include "kcovctl_show.h"

#define RUN_HANDLES_MAX 255

struct run_options {
	struct recording_config recording;
	uint64_t handles[RUN_HANDLES_MAX];
	struct show show;
	const char *output;
	char **command;
	bool help;
};

extern const char run_usage[];

/* False: said what is wrong. show is to be released in any case. */
bool run_options_parse(struct run_options *options, int argc, char **argv);

#endif
