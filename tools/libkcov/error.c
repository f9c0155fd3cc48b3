// SPDX-License-Identifier: GPL-2.0-only
/*
 * The words for what has failed: a buffer for each thread.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <libkcov.h>
#include <stdio.h>
#include <string.h>

#include "cures.h"
#include "error.h"

/* The longest cure has three lines. */
static __thread char message[512];

static const char *const names[] = {
	[LIBKCOV_OPEN] = "open",
	[LIBKCOV_INIT] = "KCOV_INIT_TRACE",
	[LIBKCOV_MAP] = "mmap",
	[LIBKCOV_ENABLE] = "KCOV_ENABLE",
	[LIBKCOV_TREE] = "KCOV_TREE_ENABLE",
	[LIBKCOV_REMOTE] = "KCOV_REMOTE_ENABLE",
	[LIBKCOV_DISABLE] = "KCOV_DISABLE",
	[LIBKCOV_MEMORY] = "malloc",
};

/* Some of the kernel's numbers have no name out here. */
static void word_errno(char *text, size_t room, int err)
{
	if (strerrorname_np(err))
		snprintf(text, room, "%s (%s)", strerrorname_np(err), strerrordesc_np(err));
	else
		snprintf(text, room, "errno %d", err);
}

int libkcov_refuse(enum libkcov_step step, int err)
{
	struct libkcov_cure cure = libkcov_cure(step, err);
	char text[128];

	word_errno(text, sizeof(text), err);
	snprintf(message, sizeof(message), "%s%s: %s%s%s",
		 step == LIBKCOV_MEMORY ? "" : LIBKCOV_DEVICE ": ", names[step], text,
		 cure.text[0] ? "\n" : "", cure.text);
	errno = err;
	return -1;
}

int libkcov_fail(enum libkcov_step step)
{
	return libkcov_refuse(step, errno);
}

const char *kcov_error(void)
{
	return message;
}
