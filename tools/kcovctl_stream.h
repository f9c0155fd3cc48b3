/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Standard output, of which each piece is small: nothing is asked of most of them.
 */
#ifndef KCOVCTL_STREAM_H
#define KCOVCTL_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define STREAM_ROOM (64UL << 10)

struct stream {
	char bytes[STREAM_ROOM];
	size_t length;
};

extern struct stream stream;

/* To stdout, behind which nothing may be written before. */
void stream_pass(void);

/* And from there to where it goes; false: kcovctl_error.c will say why. */
bool stream_flush(void);

static inline void stream_put(const char *bytes, size_t length)
{
	if (length > STREAM_ROOM - stream.length)
		stream_pass();
	if (length > STREAM_ROOM) {
		fwrite(bytes, 1, length, stdout);
		return;
	}
	memcpy(stream.bytes + stream.length, bytes, length);
	stream.length += length;
}

#endif
