// SPDX-License-Identifier: GPL-2.0-only
/*
 * Texts of anybody's in JSON: what is no UTF-8 is made visible, as no reader of
 * JSON takes it. The library passes such bytes on as they are.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_json.h"

/* "\xNN" */
#define ESCAPED 4

/* What a first byte says of its character; no shorter one has the same value. */
static const struct form {
	unsigned char mask, value;
	size_t length;
	unsigned int least;
} forms[] = {
	{ 0x80, 0x00, 1, 0 },
	{ 0xe0, 0xc0, 2, 0x80 },
	{ 0xf0, 0xe0, 3, 0x800 },
	{ 0xf8, 0xf0, 4, 0x10000 },
};

static const struct form *form_of(unsigned char first)
{
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if ((first & forms[i].mask) == forms[i].value)
			return &forms[i];
	return NULL;
}

/* Halves of a pair of UTF-16 are no characters, nor is what lies behind the last. */
static bool is_character(unsigned int value, unsigned int least)
{
	return value >= least && value <= 0x10ffff &&
	       (value < 0xd800 || value > 0xdfff);
}

/* The bytes of the character that begins here; 0: none does. */
static size_t length_of(const unsigned char *at)
{
	const struct form *form = form_of(*at);
	unsigned int value;

	if (!form)
		return 0;
	value = *at & ~form->mask & 0xff;
	for (size_t i = 1; i < form->length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (at[i] & 0x3f);
	}
	return is_character(value, form->least) ? form->length : 0;
}

/* The room is for a text of which each byte is escaped. */
static void escape(const char *text, char *out)
{
	size_t length;

	for (; *text; text += length) {
		length = length_of((const unsigned char *)text);
		if (length) {
			out = mempcpy(out, text, length);
		} else {
			out += sprintf(out, "\\x%02x", (unsigned char)*text);
			length = 1;
		}
	}
	*out = '\0';
}

struct json_object *json_text(const char *text)
{
	char *escaped = malloc(strlen(text) * ESCAPED + 1);
	struct json_object *object;

	if (!escaped)
		err(KCOVCTL_FAILED, "JSON");
	escape(text, escaped);
	object = json_object_new_string(escaped);
	free(escaped);
	if (!object)
		err(KCOVCTL_FAILED, "JSON");
	return object;
}
