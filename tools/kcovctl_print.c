// SPDX-License-Identifier: GPL-2.0-only
/*
 * A place as lines of text.
 *
 * Traces come by the same places again and again: when all names are known, most
 * of the time would go into making the same text. So a place keeps its own, from
 * the second time on: of a place that comes once memory would cost more.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl_hex.h"
#include "kcovctl_stream.h"
#include "kcovctl_places.h"
#include "kcovctl_print.h"

/* The text that is being made, from bytes to at. */
static struct {
	char *bytes, *at;
	size_t room;
} buffer;

/* Numbers and what stands between texts. */
#define LINE_ROOM 128

static size_t room_of(const struct place *place)
{
	size_t room = LINE_ROOM;

	room += place->symbol ? strlen(place->symbol) : 0;
	room += place->module ? strlen(place->module) : 0;
	for (size_t i = 0; i < place->frame_count; i++) {
		const struct frame *frame = &place->frames[i];

		room += LINE_ROOM + strlen(frame->function);
		room += frame->file ? strlen(frame->file) : 0;
	}
	return room;
}

/* Once a place, so that nothing has to be asked of each piece. */
static void begin(const struct place *place)
{
	size_t room = room_of(place);

	if (room > buffer.room) {
		buffer.bytes = realloc(buffer.bytes, room * 2);
		buffer.room = room * 2;
	}
	if (!buffer.bytes)
		err(1, "text");
	buffer.at = buffer.bytes;
}

static void put(const char *text)
{
	buffer.at = stpcpy(buffer.at, text);
}

static void put_prefix(void)
{
	*buffer.at++ = '0';
	*buffer.at++ = 'x';
}

static void put_hex(uint64_t number)
{
	int shift = number ? (63 - __builtin_clzll(number)) & ~3 : 0;
	char *at;

	put_prefix();
	at = buffer.at;
	for (; shift >= 0; shift -= 4)
		*at++ = "0123456789abcdef"[number >> shift & 15];
	buffer.at = at;
}

static void put_pc(uint64_t pc)
{
	if (!(pc >> 60)) {
		put_hex(pc);
		return;
	}
	put_prefix();
	hex_put(buffer.at, (uint32_t)(pc >> 32));
	hex_put(buffer.at + 8, (uint32_t)pc);
	buffer.at += 16;
}

static void put_decimal(int number)
{
	char text[16], *at = &text[sizeof(text) - 1];
	unsigned int left = number < 0 ? 0 : (unsigned int)number;

	*at = '\0';
	do {
		*--at = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	put(at);
}

static void put_line(const struct frame *frame)
{
	if (!frame->file)
		return;
	*buffer.at++ = ' ';
	put(frame->file);
	*buffer.at++ = ':';
	put_decimal(frame->line);
}

static void put_symbol(const struct place *place)
{
	if (!place->symbol) {
		put(" ?");
		return;
	}
	*buffer.at++ = ' ';
	put(place->symbol);
	*buffer.at++ = '+';
	put_hex(place->symbol_offset);
	*buffer.at++ = '/';
	put_hex(place->symbol_size);
	if (place->module) {
		put(" [");
		put(place->module);
		*buffer.at++ = ']';
	}
	if (place->frame_count)
		put_line(place->frames);
}

/* The line is one of the innermost: that is the function to be told, then. */
static void put_innermost(const struct place *place)
{
	if (place->frame_count < 2)
		return;
	put(" (");
	put(place->frames->function);
	put(")");
}

static void put_callers(const struct place *place)
{
	for (size_t i = 1; i < place->frame_count; i++) {
		put("  (inlined by) ");
		put(place->frames[i].function);
		put_line(&place->frames[i]);
		put("\n");
	}
}

void print_frames(const struct place *place, enum print_style style)
{
	begin(place);
	put_line(place->frames);
	if (style == PRINT_INLINES)
		put_innermost(place);
	*buffer.at++ = '\n';
	if (style == PRINT_INLINES)
		put_callers(place);
	stream_put(buffer.bytes, (size_t)(buffer.at - buffer.bytes));
}

static size_t make_text(const struct place *place, enum print_style style)
{
	begin(place);
	put_pc(place->pc);
	put_symbol(place);
	if (style == PRINT_INLINES)
		put_innermost(place);
	*buffer.at++ = '\n';
	if (style == PRINT_INLINES)
		put_callers(place);
	return (size_t)(buffer.at - buffer.bytes);
}

void print_place(struct place *place, enum print_style style)
{
	size_t length;

	if (place->printed) {
		stream_put(place->printed, place->printed_length);
		return;
	}
	length = make_text(place, style);
	stream_put(buffer.bytes, length);
	if (place->printed_length)
		place->printed = places_bytes(buffer.bytes, length);
	place->printed_length = length;
}
