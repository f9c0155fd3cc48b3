// SPDX-License-Identifier: GPL-2.0-only
/*
 * How far the kernel is locked down: the word in brackets.
 */
#define _GNU_SOURCE 1
#include <stdio.h>
#include <string.h>

#include "lockdown.h"

#define LOCKDOWN_PATH "/sys/kernel/security/lockdown"

struct libkcov_lockdown libkcov_lockdown(void)
{
	FILE *file = fopen(LOCKDOWN_PATH, "re");
	struct libkcov_lockdown lockdown = { "" };
	char levels[80] = "";
	const char *bracket;

	if (!file)
		return lockdown;
	bracket = fgets(levels, sizeof(levels), file) ? strchr(levels, '[') : NULL;
	fclose(file);
	if (bracket && sscanf(bracket, "[%79[^]]", lockdown.level) == 1 &&
	    !strcmp(lockdown.level, "none"))
		lockdown.level[0] = '\0';
	return lockdown;
}
