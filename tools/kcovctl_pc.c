// SPDX-License-Identifier: GPL-2.0-only
/*
 * A recorded PC as a line of text: reading it.
 */
#include "kcovctl_hex.h"
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

/* One more than a digit is worth; 0: it is none. */
static const unsigned char digit_values[256] = {
	['0'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
	['A'] = 11, 12, 13, 14, 15, 16,
	['a'] = 11, 12, 13, 14, 15, 16,
};

/* By hand, as traces are long: strtoull() takes much else for a number, too. */
static bool parse_digits(const char *digits, size_t length, uint64_t *value)
{
	uint64_t sum = 0;
	uint32_t eight;

	if (!length || length > PC_DIGITS)
		return false;
	for (; length >= 8; length -= 8, digits += 8) {
		if (!hex_get(digits, &eight))
			return false;
		sum = sum << 32 | eight;
	}
	for (size_t i = 0; i < length; i++) {
		unsigned int digit = digit_values[(unsigned char)digits[i]];

		if (!digit)
			return false;
		sum = sum << 4 | (digit - 1);
	}
	*value = sum;
	return true;
}

/* As kcovctl trace writes them: 0x, sixteen digits, a newline. */
static bool parse_usual(const char *line, size_t length, uint64_t *pc)
{
	uint32_t high, low;

	if (length != 2 + PC_DIGITS + 1 || !is_prefixed(line, length) ||
	    line[length - 1] != '\n' || !hex_get(line + 2, &high) ||
	    !hex_get(line + 2 + 8, &low))
		return false;
	*pc = (uint64_t)high << 32 | low;
	return true;
}

bool pc_parse(const char *line, size_t length, uint64_t *pc)
{
	if (parse_usual(line, length, pc))
		return true;
	while (length && is_blank(line[length - 1]))
		length--;
	for (; length && is_blank(*line); length--)
		line++;
	if (is_prefixed(line, length))
		return parse_digits(line + 2, length - 2, pc);
	return parse_digits(line, length, pc) && *pc >> 63;
}
