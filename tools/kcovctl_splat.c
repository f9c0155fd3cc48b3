// SPDX-License-Identifier: GPL-2.0-only
/*
 * Code as the kernel's log names it.
 */
#define _GNU_SOURCE 1
#include <ctype.h>
#include <string.h>

#include "kcovctl_splat.h"

/* A text that ends somewhere, which nothing marks. */
struct text {
	const char *at, *end;
};

static bool take(struct text *text, const char *wanted)
{
	const size_t length = strlen(wanted);

	if ((size_t)(text->end - text->at) < length ||
	    memcmp(text->at, wanted, length))
		return false;
	text->at += length;
	return true;
}

static bool take_hex(struct text *text, uint64_t *value)
{
	int digits = 0;

	*value = 0;
	if (!take(text, "0x"))
		return false;
	for (; text->at < text->end && isxdigit(*text->at); text->at++) {
		const int c = tolower(*text->at);

		*value = *value << 4 | (unsigned int)(c <= '9' ? c - '0' : c - 'a' + 10);
		digits++;
	}
	return digits && digits <= 16;
}

static bool is_of_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '$';
}

static bool copy(char *to, size_t room, const char *from, size_t length)
{
	if (!length || length >= room)
		return false;
	memcpy(to, from, length);
	to[length] = '\0';
	return true;
}

/* A space and [module], or with the build id that some kernels print: [module id]. */
static bool take_module(struct text *text, struct splat *splat)
{
	const char *name;

	splat->module[0] = '\0';
	if (!take(text, " ["))
		return true;
	name = text->at;
	while (text->at < text->end && is_of_name(*text->at))
		text->at++;
	return copy(splat->module, sizeof(splat->module), name,
		    (size_t)(text->at - name));
}

/*
 * RIP is where it happened, as is the place of a WARNING, which is that of RIP. Nothing
 * is called before the first byte of a function.
 */
static bool is_exact(const char *line, const char *name, uint64_t offset)
{
	const size_t before = (size_t)(name - line);

	return !offset || memmem(line, before, "RIP: ", 5) ||
	       memmem(line, before, "WARNING: CPU: ", 14);
}

static bool parse_at(const char *line, const char *plus, const char *end,
		     struct splat *splat)
{
	struct text text = { plus + 1, end };
	const char *name = plus;

	while (name > line && is_of_name(name[-1]))
		name--;
	if (!copy(splat->function, sizeof(splat->function), name,
		  (size_t)(plus - name)) ||
	    !take_hex(&text, &splat->offset) || !take(&text, "/") ||
	    !take_hex(&text, &splat->size) || !take_module(&text, splat))
		return false;
	splat->exact = is_exact(line, name, splat->offset);
	return true;
}

bool splat_parse(const char *line, size_t length, struct splat *splat)
{
	const char *plus = line, *end = line + length;

	while ((plus = memmem(plus, (size_t)(end - plus), "+0x", 3))) {
		if (parse_at(line, plus, end, splat))
			return true;
		plus++;
	}
	return false;
}
