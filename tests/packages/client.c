// SPDX-License-Identifier: GPL-2.0-only
/*
 * What somebody writes who has read libkcov.h: the PCs of one system call.
 */
#include <err.h>
#include <libkcov.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	struct kcov *kcov = kcov_open(0);
	size_t count;

	if (!kcov || kcov_enable(kcov, KCOV_TRACE_PC))
		errx(1, "%s", kcov_error());
	kcov_settle();
	kcov_reset(kcov);
	(void)!read(-1, NULL, 0);
	count = kcov_count(kcov);
	kcov_disable(kcov);
	for (size_t i = 1; i <= count; i++)
		printf("0x%lx\n", (unsigned long)kcov->cover[i]);
	kcov_close(kcov);
	return 0;
}
