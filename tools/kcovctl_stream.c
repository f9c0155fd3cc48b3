// SPDX-License-Identifier: GPL-2.0-only
/*
 * Standard output, of which each piece is small.
 */
#include <errno.h>

#include "kcovctl.h"
#include "kcovctl_stream.h"

struct stream stream;

void stream_pass(void)
{
	if (fwrite(stream.bytes, 1, stream.length, stdout) != stream.length)
		error_output(errno);
	stream.length = 0;
}

bool stream_flush(void)
{
	stream_pass();
	return error_flush();
}
