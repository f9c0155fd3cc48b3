// SPDX-License-Identifier: GPL-2.0-only
/*
 * The switch kcov_mod/follow, which all runs share.
 *
 * Who needs it on has a lock of the file below, for all that need it. The file
 * says whether one of them has switched it on: then the last one switches it
 * off. A run that was killed leaves that word behind, and the next one makes
 * good for it.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_follow.h"
#include "kcovctl_state.h"

#define SWITCH_PATH "/sys/kernel/debug/kcov_mod/follow"
#define LOCK_PATH STATE_DIRECTORY "/.follow"

/* Locks are of bytes: who looks at the switch and changes it, who needs it on. */
enum { CHANGING, NEEDING };

static int lock = -1;

static bool take(int which, short type, int how)
{
	struct flock what = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = which,
		.l_len = 1,
	};
	int failed;

	do {
		failed = fcntl(lock, how, &what);
	} while (failed && errno == EINTR);
	return !failed;
}

static bool read_switch(char *value)
{
	int fd = open(SWITCH_PATH, O_RDONLY | O_CLOEXEC);
	bool done = fd >= 0 && read(fd, value, 1) == 1;

	if (!done)
		warnx("%s: %s", SWITCH_PATH, error_text(errno));
	if (fd < 0 && errno == ENOENT)
		warnx("  work is followed by the module kcov only: is it loaded?");
	if (fd >= 0)
		close(fd);
	return done;
}

static bool write_switch(char value)
{
	int fd = open(SWITCH_PATH, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, &value, 1) == 1;

	if (!done)
		warnx("%s: %s", SWITCH_PATH, error_text(errno));
	if (fd >= 0)
		close(fd);
	return done;
}

static bool is_ours(void)
{
	char word;

	return pread(lock, &word, 1, 0) == 1;
}

static bool remember(void)
{
	if (pwrite(lock, "1", 1, 0) == 1)
		return true;
	warnx("%s: %s", LOCK_PATH, error_text(errno));
	return false;
}

static bool switch_off(void)
{
	return write_switch('0') && !ftruncate(lock, 0);
}

/* A word for a switch that is not on would switch it off when somebody else has it on. */
static bool switch_on(void)
{
	char value;

	if (!read_switch(&value))
		return false;
	if (value == '1')
		return true;
	if (remember() && write_switch('1'))
		return true;
	if (ftruncate(lock, 0))
		warnx("%s: %s", LOCK_PATH, error_text(errno));
	return false;
}

static bool need(void)
{
	if (take(NEEDING, F_RDLCK, F_OFD_SETLKW))
		return true;
	warnx("%s: %s", LOCK_PATH, error_text(errno));
	if (is_ours())
		switch_off();
	return false;
}

static bool open_lock(void)
{
	mkdir(STATE_DIRECTORY, 0755);
	lock = open(LOCK_PATH, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0)
		warnx("%s: %s", LOCK_PATH, error_text(errno));
	return lock >= 0;
}

static void let_go(void)
{
	close(lock);
	lock = -1;
}

bool follow_begin(void)
{
	bool on;

	if (!open_lock())
		return false;
	take(CHANGING, F_WRLCK, F_OFD_SETLKW);
	on = switch_on() && need();
	if (on)
		take(CHANGING, F_UNLCK, F_OFD_SETLK);
	else
		let_go();
	return on;
}

bool follow_end(void)
{
	bool done = true;

	if (lock < 0)
		return true;
	take(CHANGING, F_WRLCK, F_OFD_SETLKW);
	if (take(NEEDING, F_WRLCK, F_OFD_SETLK) && is_ours())
		done = switch_off();
	let_go();
	return done;
}
