// SPDX-License-Identifier: GPL-2.0-only
/*
 * A place as lines of text. Of long traces, most of the time goes into this
 * when all names are known, so there is no printf().
 */
#define _GNU_SOURCE 1
#include <stdio.h>
#include <string.h>

#include "kcovctl_print.h"

static void put(const char *text, FILE *out)
{
	fputs_unlocked(text, out);
}

static void put_hex(uint64_t number, FILE *out)
{
	char text[2 + 16 + 1], *at = &text[sizeof(text) - 1];

	*at = '\0';
	do {
		*--at = "0123456789abcdef"[number & 15];
		number >>= 4;
	} while (number);
	*--at = 'x';
	*--at = '0';
	put(at, out);
}

static void put_decimal(int number, FILE *out)
{
	char text[3 * sizeof(number) + 1], *at = &text[sizeof(text) - 1];
	unsigned int left = number < 0 ? 0 : (unsigned int)number;

	*at = '\0';
	do {
		*--at = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	put(at, out);
}

static void put_line(const struct frame *frame, FILE *out)
{
	if (!frame->file)
		return;
	put(" ", out);
	put(frame->file, out);
	put(":", out);
	put_decimal(frame->line, out);
}

static void put_symbol(const struct place *place, FILE *out)
{
	put_hex(place->pc, out);
	if (!place->symbol) {
		put(" ?", out);
		return;
	}
	put(" ", out);
	put(place->symbol, out);
	put("+", out);
	put_hex(place->symbol_offset, out);
	put("/", out);
	put_hex(place->symbol_size, out);
	if (place->module) {
		put(" [", out);
		put(place->module, out);
		put("]", out);
	}
	if (place->frame_count)
		put_line(place->frames, out);
}

void print_place(const struct place *place, FILE *out)
{
	put_symbol(place, out);
	put("\n", out);
}

/* The line is one of the innermost: that is the function to be told, then. */
void print_inlines(const struct place *place, FILE *out)
{
	put_symbol(place, out);
	if (place->frame_count > 1) {
		put(" (", out);
		put(place->frames->function, out);
		put(")", out);
	}
	put("\n", out);
	for (size_t i = 1; i < place->frame_count; i++) {
		put("  (inlined by) ", out);
		put(place->frames[i].function, out);
		put_line(&place->frames[i], out);
		put("\n", out);
	}
}
