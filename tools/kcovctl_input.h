/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Standard input, line by line.
 */
#ifndef KCOVCTL_INPUT_H
#define KCOVCTL_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Called for each line, with its newline if it has one. One that is longer than
 * any that is of interest comes in pieces, is_piece.
 */
typedef void input_line(const char *line, size_t length, bool is_piece);

/* Which line that is. */
extern uint64_t input_line_number;

/*
 * Until the end. Output is flushed before each wait for input and not more
 * often: a filter that others talk to line by line, and a fast one for long
 * files. False: said why, or standard output cannot be written to.
 */
bool input_read(input_line *take);

#endif
