// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cgroup of a reproducer: its limits, and who is in it.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard_group.h"

#define ROOT	"/sys/fs/cgroup"
#define GROUP	ROOT "/repro"

static bool write_file(const char *path, const char *text)
{
	const size_t length = strlen(text);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, length) == (ssize_t)length;

	if (fd >= 0)
		close(fd);
	return written;
}

static size_t read_file(const char *path, char *text, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, room - 1);

	if (fd >= 0)
		close(fd);
	text[got > 0 ? got : 0] = '\0';
	return got > 0 ? (size_t)got : 0;
}

static void set_limit(const char *file, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), GROUP "/%s", file);
	if (!write_file(path, value))
		printf("@@ note %s=%s cannot be set: %s\n", file, value, strerror(errno));
}

/* A kernel that lacks a controller has the others. */
void group_make(const char *mebibytes, const char *processes)
{
	char bytes[32];

	snprintf(bytes, sizeof(bytes), "%sM", mebibytes);
	write_file(ROOT "/cgroup.subtree_control", "+memory");
	write_file(ROOT "/cgroup.subtree_control", "+pids");
	mkdir(GROUP, 0755);
	set_limit("memory.max", bytes);
	set_limit("pids.max", processes);
	if (mount("cgroup2", ROOT, "cgroup2", MS_REMOUNT, "nsdelegate"))
		printf("@@ note who leaves the cgroup is held by no limit: %s\n", strerror(errno));
}

static void move_to(const char *group, pid_t pid)
{
	char path[128], text[16];

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	snprintf(text, sizeof(text), "%d", pid);
	write_file(path, text);
}

/*
 * Nobody of a cgroup's namespace can move out of it, where the mount has nsdelegate; a
 * cgroup2 that is mounted in it has this one as its root.
 */
void group_enter_for_good(void)
{
	move_to(GROUP, getpid());
	unshare(CLONE_NEWCGROUP);
}

void group_leave(pid_t pid)
{
	move_to(ROOT, pid);
}

bool group_is_populated(void)
{
	char text[128];

	read_file(GROUP "/cgroup.events", text, sizeof(text));
	return strstr(text, "populated 1");
}

void group_kill(void)
{
	write_file(GROUP "/cgroup.kill", "1");
}

static void print_file(const char *path, const char *what, pid_t pid)
{
	char text[4096], *line, *rest = text;

	read_file(path, text, sizeof(text));
	while ((line = strsep(&rest, "\n")))
		if (*line)
			printf("@@ stuck %s %d %s\n", what, pid, line);
}

static pid_t first_stuck;

/* Of one cgroup: who is in it. */
static int print_stuck(const char *path, const struct stat *status, int type, struct FTW *at)
{
	char text[4096], stack[64];
	char *line, *rest = text;

	(void)status;
	if (type != FTW_F || strcmp(path + at->base, "cgroup.procs"))
		return 0;
	read_file(path, text, sizeof(text));
	while ((line = strsep(&rest, "\n"))) {
		const pid_t pid = atoi(line);

		if (pid <= 0)
			continue;
		first_stuck = first_stuck ? first_stuck : pid;
		snprintf(stack, sizeof(stack), "/proc/%d/stack", pid);
		print_file(stack, "stack", pid);
	}
	return 0;
}

/*
 * Where they are, as the kernel has it; of those that run nobody but their CPU knows,
 * which says so on the console. Returns the first of them.
 */
pid_t group_print_stuck(void)
{
	write_file("/proc/sysrq-trigger", "l");
	first_stuck = 0;
	nftw(GROUP, print_stuck, 16, FTW_PHYS);
	return first_stuck;
}

/* Of those in the cgroup: the machine's own is another matter. */
void group_print_kills(void)
{
	char text[512];
	const char *count;

	read_file(GROUP "/memory.events", text, sizeof(text));
	count = strstr(text, "oom_kill ");
	if (count && atoi(count + strlen("oom_kill ")))
		printf("@@ note killed for want of memory: %d\n",
		       atoi(count + strlen("oom_kill ")));
}

pid_t process_child(pid_t pid)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	return read_file(path, text, sizeof(text)) ? atoi(text) : 0;
}

void process_name(pid_t pid, char *name, size_t room)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	read_file(path, name, room);
	name[strcspn(name, "\n")] = '\0';
}

void process_set_oom(const char *value)
{
	write_file("/proc/self/oom_score_adj", value);
}
