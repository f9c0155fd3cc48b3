// SPDX-License-Identifier: GPL-2.0-only
/*
 * Another task that has something enabled, and sleeps, while the caller is measured.
 */
#include "measure.h"
#include "kcov_remote.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child. What it could not do, it says itself. */
static void be_other(const struct kcov_test *t, unsigned long handle, int ready, int end)
{
	const int err = handle ? kcov_enable_common(t->fd, handle) : kcov_enable(t->fd);
	char byte = 0;

	if (err)
		die("KCOV_%sENABLE in another task: %s", handle ? "REMOTE_" : "", strerror(err));
	if (write(ready, &byte, 1) != 1)
		_exit(1);
	/* Until nobody holds the other side any more. */
	_exit(read(end, &byte, 1) != 0);
}

/**
 * other_begin() - returns when it has enabled the descriptor
 * @other: for other_end()
 * @t: made by the caller, who so sees its records
 * @handle: for sections with this handle; 0 for its own system calls
 */
void other_begin(struct other *other, const struct kcov_test *t, unsigned long handle)
{
	int ready[2], end[2];
	char byte;

	if (pipe(ready) || pipe(end))
		die("pipe: %s", strerror(errno));
	other->pid = fork();
	if (other->pid < 0)
		die("fork: %s", strerror(errno));
	if (!other->pid) {
		close(end[1]);
		be_other(t, handle, ready[1], end[0]);
	}
	close(ready[1]);
	close(end[0]);
	if (read(ready[0], &byte, 1) != 1)
		die("the other task ended before it had enabled anything");
	close(ready[0]);
	other->end = end[1];
}

void other_end(struct other *other)
{
	int status;

	close(other->end);
	if (waitpid(other->pid, &status, 0) != other->pid || status)
		die("the other task ended with status %#x", status);
}
