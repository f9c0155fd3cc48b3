// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel logs about modules, from a moment on.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl_klog.h"

int klog_open(void)
{
	const int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	klog_forget(log);
	return log;
}

void klog_forget(int log)
{
	lseek(log, 0, SEEK_END);
}

/* A record: "number,number,...;text\n" and lines that are not for people. */
static void print_record(char *record, const char *module)
{
	char *text = strchr(record, ';');
	char *end = text ? strchr(text, '\n') : NULL;

	if (!end)
		return;
	*end = '\0';
	if (strstr(text, module) || strstr(text, "module"))
		warnx("  kernel log: %s", text + 1);
}

void klog_print(int log, const char *module)
{
	char record[4096];
	ssize_t length;

	do {
		length = read(log, record, sizeof(record) - 1);
		if (length > 0) {
			record[length] = '\0';
			print_record(record, module);
		}
	} while (length > 0 || (length < 0 && errno == EPIPE));
}
