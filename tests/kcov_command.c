// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tests of kcovctl run share.
 */
#include "kcov_command.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kcov_remote.h"

/* Longer than kcovctl needs to end a recording, and never quiet meanwhile. */
#define LATE_SECONDS 2

/* --- the commands ------------------------------------------------------------------------ */

static void *call_getpriority(void *unused)
{
	getpriority(PRIO_PROCESS, 0);
	return unused;
}

static int in_a_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, call_getpriority, NULL) || pthread_join(thread, NULL);
}

static int call_getitimer(void *unused)
{
	struct itimerval value;

	(void)unused;
	return getitimer(ITIMER_REAL, &value);
}

static int in_a_grandchild(void *unused)
{
	(void)unused;
	return kcov_in_child(call_getitimer, NULL);
}

void kcov_command_touch(const char *path)
{
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

bool kcov_command_exists(void *path)
{
	return !access(path, F_OK);
}

static void tell(int signal)
{
	(void)signal;
	kcov_command_touch(KCOV_COMMAND_TOLD);
}

/* Says that it is there, and goes on until somebody says so; SIGINT does not end it. */
static int stay(void)
{
	signal(SIGINT, tell);
	kcov_command_touch(KCOV_COMMAND_HERE);
	return !kcov_wait_for(kcov_command_exists, KCOV_COMMAND_GO);
}

/* Whom the command's writer has handed work to goes on with it when the command has ended. */
static int leave(void (*go_on)(void))
{
	const pid_t command = getpid();

	if (fork())
		return 0;
	do {
		kcov_deferred("work common");
	} while (getppid() == command);
	go_on();
	return 0;
}

static void end_late(void)
{
	const time_t then = time(NULL);

	while (time(NULL) <= then + LATE_SECONDS)
		kcov_deferred("work common");
	kcov_deferred("timer common");
}

static void never_end(void)
{
	kcov_command_touch(KCOV_COMMAND_HERE);
	while (access(KCOV_COMMAND_GO, F_OK))
		kcov_deferred("work common");
}

static bool is_device(pid_t pid, int fd)
{
	char link[64], path[64];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", pid, fd);
	length = readlink(link, path, sizeof(path) - 1);
	path[length > 0 ? length : 0] = '\0';
	return !strcmp(path, KCOV_DEVICE);
}

/* Whoever has its file may end a tree: so kcovctl, when it does, finds it ended. */
static int disable(void)
{
	const int run = (int)syscall(SYS_pidfd_open, getppid(), 0);
	int found = 0;

	for (int fd = 0; fd < 64; fd++)
		if (is_device(getppid(), fd))
			found += !kcov_disable((int)syscall(SYS_pidfd_getfd, run, fd, 0));
	return !found;
}

int kcov_command_act(const char *word)
{
	struct sysinfo info;

	if (!strcmp(word, "sysinfo"))
		return sysinfo(&info);
	if (!strcmp(word, "thread"))
		return in_a_thread();
	if (!strcmp(word, "grandchild"))
		return kcov_in_child(in_a_grandchild, NULL);
	if (!strcmp(word, "stay"))
		return stay();
	if (!strcmp(word, "disable"))
		return disable();
	if (!strcmp(word, "late"))
		return leave(end_late);
	if (!strcmp(word, "endless"))
		return leave(never_end);
	return 1;
}

/* --- running kcovctl --------------------------------------------------------------------- */

int kcov_command(const char *arguments)
{
	return kcov_shell("kcovctl run %s 2>&1", arguments);
}

pid_t kcov_command_start(const char *arguments, const char *output)
{
	char command[1024];
	pid_t pid;

	snprintf(command, sizeof(command), "exec kcovctl run %s >%s 2>&1", arguments, output);
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(1);
	}
	return pid;
}

int kcov_command_status(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

bool kcov_is_followed(void)
{
	char value = '?';
	FILE *file = fopen(KCOV_FOLLOW, "re");

	if (file && fread(&value, 1, 1, file) != 1)
		value = '?';
	if (file)
		fclose(file);
	return value == '1';
}

/* --- fixtures ---------------------------------------------------------------------------- */

int kcov_command_setup(void **state)
{
	(void)state;
	return mkdir(KCOV_COMMAND_DIRECTORY, 0755);
}

/* Whatever a test left behind, a command that stays, too. */
int kcov_command_teardown(void **state)
{
	(void)state;
	kcov_command_touch(KCOV_COMMAND_GO);
	return kcov_shell("umount -l " KCOV_COMMAND_DIRECTORY "/* 2>/dev/null; rm -rf "
			  KCOV_COMMAND_DIRECTORY);
}

int kcov_command_load(void **state)
{
	return kcov_load_drivers(state) || kcov_load("kcov_sample");
}

int kcov_command_unload(void **state)
{
	return kcov_unload("kcov_sample") || kcov_unload_drivers(state);
}
