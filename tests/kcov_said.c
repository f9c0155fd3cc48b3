// SPDX-License-Identifier: GPL-2.0-only
/*
 * What programs say.
 */
#include "kcov_said.h"

#include <stdio.h>
#include <string.h>

char kcov_said[1 << 20];

int kcov_shell(const char *format, ...)
{
	char command[2048];
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof(command))
		return -1;
	return kcov_run(command, kcov_said, sizeof(kcov_said));
}

bool kcov_ends(int status, const char *arguments, const char *words)
{
	int answer = kcov_shell("kcovctl %s 2>&1", arguments);

	if (answer == status && strstr(kcov_said, words))
		return true;
	print_error("kcovctl %s: %d, not %d, or not '%s':\n%.2000s", arguments, answer, status,
		    words, kcov_said);
	return false;
}

void kcov_read_said(const char *path)
{
	FILE *file = fopen(path, "re");

	kcov_said[file ? fread(kcov_said, 1, sizeof(kcov_said) - 1, file) : 0] = '\0';
	if (file)
		fclose(file);
}

bool kcov_says(const char *words)
{
	if (strstr(kcov_said, words))
		return true;
	print_error("no '%s' in: %.500s\n", words, kcov_said);
	return false;
}
