/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is for eyes only: colours, the width, and how far something has come.
 */
#ifndef KCOVCTL_TERMINAL_H
#define KCOVCTL_TERMINAL_H

#include <stdint.h>
#include <stdio.h>

enum terminal_style {
	TERMINAL_PLAIN,	/* back to normal */
	TERMINAL_BOLD,
	TERMINAL_RED,
	TERMINAL_GREEN,
	TERMINAL_YELLOW,
};

/*
 * What to print before and behind what is to look so: empty where the stream is
 * no terminal, and with NO_COLOR in the environment.
 */
const char *terminal_style(FILE *out, enum terminal_style style);

/* Columns; 0: it is no terminal, nothing has to be made to fit. */
unsigned int terminal_width(FILE *out);

/*
 * Say on standard error what is being done and how much of it is, if that is a
 * terminal and it has taken more than a second; to be called as often as one
 * likes. of: 0 where nobody knows how much there is. Before any other message,
 * and at the end, progress_end() takes it from the screen again.
 */
void progress_show(const char *what, uint64_t done, uint64_t of);
void progress_end(void);

#endif
