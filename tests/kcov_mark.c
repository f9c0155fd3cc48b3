// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls by which tests tell tasks and moments apart. They are system calls that the
 * kernel refuses or that do nothing; where it covers none of its own code,
 * KCOV_TEST_CALL names a file of kcov_called.ko, and reading it so many bytes is one.
 */
#include "kcov_mark.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The driver counts from here: fewer are no mark. */
#define FIRST_SIZE	1

static const struct {
	long call, arguments[2];
	const char *function, *of_driver;
} marks[] = {
	[KCOV_MARK_HOSTNAME] = { SYS_sethostname, { 0, -1 },
				 "__x64_sys_sethostname", "called_first" },
	[KCOV_MARK_SYSINFO] = { SYS_sysinfo, { 0, 0 }, "__x64_sys_sysinfo", "called_second" },
	[KCOV_MARK_PRIORITY] = { SYS_getpriority, { 0, 0 },
				 "__x64_sys_getpriority", "called_third" },
	[KCOV_MARK_ITIMER] = { SYS_getitimer, { 0, 0 }, "__x64_sys_getitimer", "called_fourth" },
};

/* The driver's file, -1 where the kernel's own calls are recorded. */
int kcov_called(void)
{
	static bool is_known;
	static int fd = -1;

	if (!is_known) {
		const char *path = getenv("KCOV_TEST_CALL");

		if (path)
			fd = open(path, O_RDONLY | O_CLOEXEC);
		is_known = true;
	}
	return fd;
}

void kcov_make_mark(enum kcov_mark mark)
{
	if (kcov_called() >= 0)
		syscall(SYS_read, kcov_called(), NULL, FIRST_SIZE + (size_t)mark);
	else
		syscall(marks[mark].call, marks[mark].arguments[0], marks[mark].arguments[1]);
}

bool kcov_has_mark(const struct kcov_test *t, size_t count, enum kcov_mark mark)
{
	return kcov_reached(t, count, kcov_called() >= 0 ? marks[mark].of_driver :
						marks[mark].function);
}

/* Whether a call of kcov_read_nothing() is recorded. */
bool kcov_has_read(const struct kcov_test *t, size_t count)
{
	return kcov_reached(t, count, kcov_called() >= 0 ? "called_read" : "ksys_read");
}
