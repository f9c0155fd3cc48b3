/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Words of a command line in a line of text.
 */
#ifndef KCOVCTL_WORDS_H
#define KCOVCTL_WORDS_H

#include <stdio.h>

/* As a shell reads them back; bash, where there are control characters. */
void words_print(char *const *words, FILE *out);

#endif
