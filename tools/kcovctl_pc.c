// SPDX-License-Identifier: GPL-2.0-only
/*
 * A recorded PC as a line of text: reading it.
 */
#include <stdlib.h>
#include <string.h>

#include "kcovctl_pc.h"

#define PC_DIGITS 16

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_prefixed(const char *word, size_t length)
{
	return length > 2 && word[0] == '0' && (word[1] | 0x20) == 'x';
}

/* strtoull() alone would take signs, blanks and a second 0x. */
static bool parse_digits(const char *digits, size_t length, uint64_t *value)
{
	char word[PC_DIGITS + 1] = "";

	if (!length || length > PC_DIGITS)
		return false;
	memcpy(word, digits, length);
	*value = strtoull(word, NULL, 16);
	return strspn(word, "0123456789abcdefABCDEF") == length;
}

bool pc_parse(const char *line, size_t length, uint64_t *pc)
{
	while (length && is_blank(line[length - 1]))
		length--;
	for (; length && is_blank(*line); length--)
		line++;
	if (is_prefixed(line, length))
		return parse_digits(line + 2, length - 2, pc);
	return parse_digits(line, length, pc) && *pc >> 63;
}
