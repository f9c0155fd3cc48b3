// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words of a command line in a line of text: quoted where a shell needs it.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "kcovctl_words.h"

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./:=,@%^"

static bool has_control(const char *word)
{
	for (; *word; word++)
		if (iscntrl((unsigned char)*word))
			return true;
	return false;
}

/* A newline would end the line: such a word is $'...'. */
static void print_escaped(const char *word, FILE *out)
{
	fputs("$'", out);
	for (; *word; word++) {
		if (iscntrl((unsigned char)*word))
			fprintf(out, "\\%03o", (unsigned char)*word);
		else
			fprintf(out, strchr("'\\", *word) ? "\\%c" : "%c", *word);
	}
	fputc('\'', out);
}

static void print_quoted(const char *word, FILE *out)
{
	fputc('\'', out);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", out);
		else
			fputc(*word, out);
	}
	fputc('\'', out);
}

static void print_word(const char *word, FILE *out)
{
	if (has_control(word))
		print_escaped(word, out);
	else if (!*word || word[strspn(word, PLAIN)])
		print_quoted(word, out);
	else
		fputs(word, out);
}

void words_print(char *const *words, FILE *out)
{
	for (; *words; words++) {
		print_word(*words, out);
		if (words[1])
			fputc(' ', out);
	}
}
