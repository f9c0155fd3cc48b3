// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a reproducer within limits, in the guest of make repro.
 *
 *	guard SECONDS MEMORY PROCESSES OUTPUT COMMAND...
 *
 * The command records (kcovctl run, for itself or below strace) and starts the
 * reproducer. What it starts is in a cgroup with so many MiB and processes. What they
 * print is copied, a "| " before each line, up to OUTPUT bytes. When the command
 * has ended, or the seconds are over, all in the cgroup are killed.
 *
 * The last line says how it ended, for tests/debugging/repro:
 *
 *	@@ end exit N | signal N | killed | stuck PID NAME
 *
 * Those who record were born in the cgroup, so that all that they start is, too, and
 * leave it as soon as the reproducer is there: a limit is to end that, and not them.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guard_group.h"
#include "guard_output.h"

#define STEP_MS		50
#define RECORDER_SECONDS 120	/* for recorders, before and after it: strace slows them down */
#define KILL_SECONDS	10	/* for who is killed */
#define RECORDERS_MAX	2

struct run {
	pid_t command;
	struct output output;
	pid_t recorders[RECORDERS_MAX];
	int recorder_count;
	bool moved, ended;
	int status;
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Its output is ours from here on; what it reads is nothing. */
static void become(char **command, const int *pipe)
{
	const int nothing = open("/dev/null", O_RDONLY);

	process_set_oom("0");
	group_enter_for_good();
	setsid();
	dup2(nothing, STDIN_FILENO);
	dup2(pipe[1], STDOUT_FILENO);
	dup2(pipe[1], STDERR_FILENO);
	execvp(command[0], command);
	fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
	_exit(127);
}

static bool start(struct run *run, char **command)
{
	int pipe[2];

	if (pipe2(pipe, O_CLOEXEC))
		return false;
	run->command = fork();
	if (run->command < 0)
		return false;
	if (!run->command)
		become(command, pipe);
	close(pipe[1]);
	run->output.fd = pipe[0];
	return true;
}

static bool is_named(pid_t pid, const char *wanted)
{
	char name[32];

	process_name(pid, name, sizeof(name));
	return !strcmp(name, wanted);
}

/* kcovctl, or strace and below it kcovctl. */
static void find_recorders(struct run *run)
{
	pid_t pid = run->command;

	run->recorder_count = 0;
	while (pid > 0 && run->recorder_count < RECORDERS_MAX) {
		run->recorders[run->recorder_count++] = pid;
		if (is_named(pid, "kcovctl"))
			break;
		pid = process_child(pid);
	}
}

static pid_t recorder(const struct run *run)
{
	return run->recorder_count ? run->recorders[run->recorder_count - 1] : 0;
}

static void free_recorders(struct run *run)
{
	if (run->moved)
		return;
	find_recorders(run);
	if (!is_named(recorder(run), "kcovctl") || !process_child(recorder(run)))
		return;
	for (int i = 0; i < run->recorder_count; i++)
		group_leave(run->recorders[i]);
	run->moved = true;
}

static void reap(struct run *run)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != run->command)
			continue;
		run->ended = true;
		run->status = status;
	}
}

static void wait_until(struct run *run, double end)
{
	while (!run->ended && now() < end) {
		free_recorders(run);
		output_wait(&run->output, STEP_MS);
		reap(run);
	}
}

/* SIGKILL ends all that the kernel lets go. */
static bool kill_all(struct run *run)
{
	const double end = now() + KILL_SECONDS;

	group_kill();
	while (group_is_populated() && now() < end) {
		output_wait(&run->output, STEP_MS);
		reap(run);
	}
	return !group_is_populated();
}

/* A recorder that waits for who is stuck writes its file at the second signal. */
static void end_recorder(struct run *run)
{
	for (int i = 0; i < 2 && !run->ended; i++) {
		if (recorder(run) > 0)
			kill(recorder(run), SIGTERM);
		wait_until(run, now() + (i ? RECORDER_SECONDS : 0.5));
	}
}

/*
 * Who has left the cgroup all the same, by another's namespace, has become our child when its
 * parents have ended. Returns one that cannot be killed.
 */
static pid_t kill_orphans(struct run *run)
{
	const double end = now() + KILL_SECONDS;
	pid_t pid;

	while ((pid = process_child(getpid())) > 0 && now() < end) {
		kill(pid, SIGKILL);
		output_wait(&run->output, STEP_MS);
		reap(run);
	}
	return pid;
}

static void print_end(const struct run *run, pid_t stuck, bool is_late)
{
	char name[32] = "";

	if (stuck) {
		process_name(stuck, name, sizeof(name));
		printf("@@ end stuck %d %s\n", stuck, name);
	} else if (is_late) {
		puts("@@ end killed");
	} else if (WIFEXITED(run->status) && WEXITSTATUS(run->status) > 128) {
		printf("@@ end signal %d\n", WEXITSTATUS(run->status) - 128);
	} else if (WIFEXITED(run->status)) {
		printf("@@ end exit %d\n", WEXITSTATUS(run->status));
	} else {
		printf("@@ end signal %d\n", WTERMSIG(run->status));
	}
}

/* The time is the reproducer's: recorders, below strace above all, take theirs before. */
static void wait_for_start(struct run *run)
{
	const double end = now() + RECORDER_SECONDS;

	while (!run->moved && !run->ended && now() < end)
		wait_until(run, now() + 2 * STEP_MS / 1000.0);
	puts("@@ start");
	fflush(stdout);
}

static int guard(struct run *run, double seconds)
{
	bool is_late;
	pid_t stuck = 0;

	wait_for_start(run);
	wait_until(run, now() + seconds);
	is_late = !run->ended && (group_is_populated() || process_child(recorder(run)) > 0);
	if (!kill_all(run))
		stuck = group_print_stuck();
	output_end_line(&run->output);
	puts("@@ saving");
	fflush(stdout);
	wait_until(run, now() + (stuck ? 0.5 : RECORDER_SECONDS));
	end_recorder(run);
	if (!stuck)
		stuck = kill_orphans(run);
	while (run->output.fd >= 0 && !stuck)
		output_take(&run->output);
	output_end_line(&run->output);
	if (run->output.dropped)
		printf("@@ note %llu bytes of output are not kept\n", run->output.dropped);
	group_print_kills();
	print_end(run, stuck, is_late);
	return 0;
}

int main(int argc, char **argv)
{
	struct run run = { 0 };

	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	if (argc < 6) {
		fputs("usage: guard SECONDS MEMORY PROCESSES OUTPUT COMMAND...\n", stderr);
		return 2;
	}
	run.output.room = atol(argv[4]);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	process_set_oom("-1000");
	group_make(argv[2], argv[3]);
	if (!start(&run, argv + 5)) {
		perror("guard");
		return 1;
	}
	return guard(&run, atof(argv[1]));
}
