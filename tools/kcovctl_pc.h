/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A recorded PC as a line of text. Pure code.
 */
#ifndef KCOVCTL_PC_H
#define KCOVCTL_PC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Read a line that consists of one PC and nothing else: hexadecimal digits
 * behind 0x, or bare ones if they give an address in the kernel's half (so
 * that "added" stays a word). Blanks around it are no matter.
 */
bool pc_parse(const char *line, size_t length, uint64_t *pc);

#endif
