/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What programs say: the tests of kcovctl run it as a user does, and look at its words.
 */
#ifndef KCOV_SAID_H
#define KCOV_SAID_H

#include "kcov_test.h"

/* What the last one said. */
extern char kcov_said[1 << 20];

/* The status of a shell's command. */
int kcov_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Does kcovctl end so, and with these words? False: prints what it did. */
bool kcov_ends(int status, const char *arguments, const char *words);

/* Of a program in the background, what it wrote into this file. */
void kcov_read_said(const char *path);

/* False: prints what there is in place of these words. */
bool kcov_says(const char *words);

#endif /* KCOV_SAID_H */
