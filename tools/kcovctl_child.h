/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command that is run: it has the terminal and the signals as if its
 * caller had started it, and we wait for it.
 */
#ifndef KCOVCTL_CHILD_H
#define KCOVCTL_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

/* As env(1), nice(1) and timeout(1) answer. */
enum {
	CHILD_FAILED = 125,	/* we did */
	CHILD_NOT_EXECUTED = 126,
	CHILD_NOT_FOUND = 127,
	CHILD_SIGNALLED = 128,	/* and the signal's number */
};

struct child {
	pid_t pid;
	int status;		/* of wait(2), when it has ended */
	bool ended;
	bool is_over;		/* a signal came behind its end */
	int signals;		/* that we got meanwhile, */
	int signal;		/* and the last one of them, */
	struct timespec signal_time;	/* which was then */
	sigset_t awaited, before;
};

/* What is done in the child just before it executes; false: said why. */
typedef bool child_prepare(void *data);

/* Signals are kept back from here to child_release(). */
void child_hold(struct child *child);

/* Not 0: the status to end with, and said why. */
int child_start(struct child *child, char *const *argv, child_prepare *prepare,
		void *data);

/*
 * Until the command has ended, or somebody asked twice to end all this: at
 * least a fraction of a second apart, as timeout(1) asks twice at once. A
 * signal that the terminal did not send to both of us is passed on. What is to
 * be done meanwhile, every so often, may be NULL.
 */
void child_wait(struct child *child, void (*meanwhile)(void *data), void *data);

/* Wait for so long; false: a signal asks to make an end of it. */
bool child_pause(struct child *child, unsigned int milliseconds);

/* From here on signals have their usual effect again. */
void child_release(struct child *child);

/* What to exit with. */
int child_exit_status(const struct child *child);

#endif
