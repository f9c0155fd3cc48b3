// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command that is run: its start, our signals meanwhile, its end.
 *
 * Signals are blocked and taken one by one, so that none comes at a bad moment:
 * what was switched on for the run is to be switched off, whatever happens.
 * Those that our caller ignores (nohup, a shell's background) stay ignored.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_child.h"

/* How often something is done while the command runs. */
#define MEANWHILE_MS 20

/* Nobody asks for the same again so soon. */
#define SAME_MS 200

static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static bool is_ignored(int signal)
{
	struct sigaction action;

	return !sigaction(signal, NULL, &action) && action.sa_handler == SIG_IGN;
}

void child_hold(struct child *child)
{
	*child = (struct child){ 0 };
	sigemptyset(&child->awaited);
	sigaddset(&child->awaited, SIGCHLD);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (!is_ignored(ends[i]))
			sigaddset(&child->awaited, ends[i]);
	sigprocmask(SIG_BLOCK, &child->awaited, &child->before);
}

static int status_of_exec(int error)
{
	return error == ENOENT ? CHILD_NOT_FOUND : CHILD_NOT_EXECUTED;
}

/* What the child could not do is in the pipe; nothing, when it executes. */
static void become(const struct child *child, char *const *argv,
		   child_prepare *prepare, void *data, int pipe)
{
	int status = CHILD_FAILED;

	sigprocmask(SIG_SETMASK, &child->before, NULL);
	if (prepare(data)) {
		execvp(argv[0], argv);
		status = status_of_exec(errno);
		warnx("%s: %s", argv[0], error_text(errno));
	}
	if (write(pipe, &status, sizeof(status)) < 0)
		status = CHILD_FAILED;
	_exit(status);
}

/*
 * An ignored SIGCHLD, which a caller may leave us, would take the status of
 * the command away. It is the command's again.
 */
static pid_t fork_with(struct child *child, char *const *argv,
		       child_prepare *prepare, void *data, int pipe)
{
	const struct sigaction usual = { .sa_handler = SIG_DFL };
	struct sigaction callers;
	pid_t pid;

	sigaction(SIGCHLD, &usual, &callers);
	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	sigaction(SIGCHLD, &callers, NULL);
	become(child, argv, prepare, data, pipe);
	return 0;
}

static int read_failure(int pipe)
{
	int status;
	ssize_t got;

	do {
		got = read(pipe, &status, sizeof(status));
	} while (got < 0 && errno == EINTR);
	return got == sizeof(status) ? status : 0;
}

static int start(struct child *child, char *const *argv,
		 child_prepare *prepare, void *data, const int *ends_of_pipe)
{
	int failure;

	child->pid = fork_with(child, argv, prepare, data, ends_of_pipe[1]);
	if (child->pid < 0) {
		warnx("fork: %s", error_text(errno));
		return CHILD_FAILED;
	}
	close(ends_of_pipe[1]);
	failure = read_failure(ends_of_pipe[0]);
	if (failure)
		waitpid(child->pid, NULL, 0);
	return failure;
}

static void reap(struct child *child)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != child->pid)
			continue;
		child->ended = true;
		child->status = status;
	}
}

/*
 * timeout(1) and others send a signal to whom they have started, and then to all
 * in its group: that is one request, to the command, too.
 */
static bool is_same_again(struct child *child, int signal)
{
	const struct timespec then = child->signal_time;
	struct timespec now;
	long long passed;

	clock_gettime(CLOCK_MONOTONIC, &now);
	passed = (now.tv_sec - then.tv_sec) * 1000LL +
		 (now.tv_nsec - then.tv_nsec) / 1000000;
	if (child->signal == signal && passed < SAME_MS)
		return true;
	child->signal_time = now;
	return false;
}

/* That of which the command has died was meant for it. */
static bool is_its_end(const struct child *child, int signal)
{
	return WIFSIGNALED(child->status) && WTERMSIG(child->status) == signal;
}

/*
 * The terminal sends a signal to all in its foreground: kill(2) to us alone. One that
 * comes when the command has ended is for us, though we may not have looked yet.
 */
static void take(struct child *child, const siginfo_t *info)
{
	if (info->si_signo == SIGCHLD || is_same_again(child, info->si_signo))
		return;
	child->signals++;
	child->signal = info->si_signo;
	reap(child);
	if (child->ended)
		child->is_over |= !is_its_end(child, info->si_signo);
	else if (info->si_code <= 0 && child->pid > 0)
		kill(child->pid, info->si_signo);
}

/* While we made ready; the command, which does not run yet, got nothing. */
static bool is_interrupted(struct child *child)
{
	const struct timespec now = { 0 };
	siginfo_t info;

	while (sigtimedwait(&child->awaited, &info, &now) > 0)
		take(child, &info);
	return child->signals;
}

/*
 * What the command leaves behind becomes our child, as it would become that of
 * a session's manager: so it can be counted, and no zombie is left.
 */
int child_start(struct child *child, char *const *argv, child_prepare *prepare,
		void *data)
{
	int pipe[2], failure;

	if (is_interrupted(child))
		return child_exit_status(child);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (pipe2(pipe, O_CLOEXEC)) {
		warnx("pipe: %s", error_text(errno));
		return CHILD_FAILED;
	}
	failure = start(child, argv, prepare, data, pipe);
	close(pipe[0]);
	return failure;
}

void child_wait(struct child *child, void (*meanwhile)(void *data), void *data)
{
	const struct timespec pause = { .tv_nsec = MEANWHILE_MS * 1000000L };
	siginfo_t info;

	for (reap(child); !child->ended && child->signals < 2; reap(child)) {
		if (sigtimedwait(&child->awaited, &info,
				 meanwhile ? &pause : NULL) > 0)
			take(child, &info);
		else if (meanwhile)
			meanwhile(data);
	}
}

static struct timespec time_in(unsigned int milliseconds)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_sec += milliseconds / 1000;
	time.tv_nsec += milliseconds % 1000 * 1000000L;
	if (time.tv_nsec >= 1000000000L) {
		time.tv_nsec -= 1000000000L;
		time.tv_sec++;
	}
	return time;
}

/* What is left of the time until then; none: 0. */
static struct timespec until(const struct timespec *then)
{
	struct timespec left, now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	left.tv_sec = then->tv_sec - now.tv_sec;
	left.tv_nsec = then->tv_nsec - now.tv_nsec;
	if (left.tv_nsec < 0) {
		left.tv_nsec += 1000000000L;
		left.tv_sec--;
	}
	return left.tv_sec < 0 ? (struct timespec){ 0 } : left;
}

/* Those that end meanwhile, which were left behind, are no end of the pause. */
bool child_pause(struct child *child, unsigned int milliseconds)
{
	const struct timespec then = time_in(milliseconds);
	const int signals = child->signals;
	struct timespec left = until(&then);
	siginfo_t info;

	while (!child->is_over && child->signals == signals && (left.tv_sec || left.tv_nsec)) {
		if (sigtimedwait(&child->awaited, &info, &left) > 0)
			take(child, &info);
		reap(child);
		left = until(&then);
	}
	return !child->is_over && child->signals == signals;
}

void child_release(struct child *child)
{
	sigprocmask(SIG_SETMASK, &child->before, NULL);
}

int child_exit_status(const struct child *child)
{
	if (!child->ended)
		return CHILD_SIGNALLED + child->signal;
	return WIFSIGNALED(child->status) ?
	       CHILD_SIGNALLED + WTERMSIG(child->status) :
	       WEXITSTATUS(child->status);
}
