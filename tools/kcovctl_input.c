// SPDX-License-Identifier: GPL-2.0-only
/*
 * Standard input, line by line, in a buffer that does not grow.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_input.h"
#include "kcovctl_stream.h"
#include "kcovctl_terminal.h"

#define INPUT_ROOM (256UL << 10)

uint64_t input_line_number;

/* How long it is nobody knows of a pipe: 0. */
static uint64_t input_done, input_size;

struct input {
	char *text;
	size_t length;
	bool in_piece;	/* the beginning of this line is gone already */
};

/* Between lines on the terminal progress would be in the way. */
static void find_size(void)
{
	struct stat status;

	if (!fstat(STDIN_FILENO, &status) && S_ISREG(status.st_mode) &&
	    !isatty(STDOUT_FILENO))
		input_size = (uint64_t)status.st_size;
}

static void hand_over(input_line *take, const char *line, size_t length,
		      bool is_piece)
{
	input_line_number++;
	input_done += length;
	if (input_size && input_line_number % 64 == 0)
		progress_show("naming", input_done, input_size);
	take(line, length, is_piece);
}

/* Hand over the complete lines, keep the rest. */
static void take_complete(struct input *input, input_line *take)
{
	char *line = input->text, *end = input->text + input->length;
	char *newline;

	while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
		hand_over(take, line, (size_t)(newline + 1 - line),
			  input->in_piece);
		input->in_piece = false;
		line = newline + 1;
	}
	input->length = (size_t)(end - line);
	memmove(input->text, line, input->length);
}

static void take_rest(struct input *input, input_line *take, bool is_piece)
{
	if (!input->length)
		return;
	hand_over(take, input->text, input->length,
		  is_piece || input->in_piece);
	input->in_piece = is_piece;
	input->length = 0;
}

static ssize_t read_more(struct input *input)
{
	ssize_t got;

	do {
		got = read(STDIN_FILENO, input->text + input->length,
			   INPUT_ROOM - input->length);
	} while (got < 0 && errno == EINTR);
	if (got > 0)
		input->length += (size_t)got;
	return got;
}

bool input_read(input_line *take)
{
	struct input input = { .text = malloc(INPUT_ROOM) };
	ssize_t got;

	if (!input.text)
		err(KCOVCTL_FAILED, "standard input");
	find_size();
	while ((got = read_more(&input)) > 0) {
		take_complete(&input, take);
		if (input.length == INPUT_ROOM)
			take_rest(&input, take, /*is_piece=*/true);
		if (!stream_flush())
			break;
	}
	if (got < 0)
		warnx("standard input: %s", error_text(errno));
	if (!got)
		take_rest(&input, take, /*is_piece=*/false);
	free(input.text);
	return !got;
}
