// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file that is written whole or not at all: under a temporary name beside the
 * one it gets when all is on the disk.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_output.h"

/* The latter may lead to a file, which our other output is in, too. */
static bool is_standard_output(const char *path)
{
	return !strcmp(path, "-") || !strcmp(path, "/dev/stdout");
}

/*
 * The kernel follows no link that somebody else has put into a directory like
 * /tmp. Who looks up where it leads goes there all the same: so it is asked.
 */
static bool may_follow(const char *path)
{
	struct stat status;
	int fd;

	if (lstat(path, &status) || !S_ISLNK(status.st_mode))
		return true;
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno == ENOENT || errno == ENXIO;
}

static void say_whose(const char *path)
{
	warnx("%s: a link of another user's, in a directory that all can write to:",
	      path);
	warnx("  it may lead anywhere; remove it, or give another name");
}

/* A link stays one; a device or a pipe is no file to take the place of. */
static bool choose_names(struct output *output, const char *path)
{
	struct stat status;

	if (!may_follow(path)) {
		if (errno == EACCES)
			say_whose(path);
		errno = EACCES;
		return false;
	}
	output->path = realpath(path, NULL);
	if (!output->path)
		output->path = strdup(path);
	if (!stat(path, &status) && !S_ISREG(status.st_mode))
		return output->path;
	if (output->path && asprintf(&output->temporary, "%s.XXXXXX", output->path) >= 0)
		return true;
	output->temporary = NULL;
	return false;
}

static mode_t usual_mode(void)
{
	const mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

/* Somebody else's file may be open to others, or made to run as its owner. */
static mode_t mode_for(const char *path)
{
	struct stat status;

	if (stat(path, &status) || status.st_uid != geteuid())
		return usual_mode();
	return status.st_mode & 0777;
}

static FILE *open_temporary(const char *path, char *name)
{
	int fd = mkostemp(name, O_CLOEXEC);

	if (fd < 0)
		return NULL;
	fchmod(fd, mode_for(path));
	return fdopen(fd, "w");
}

static FILE *open_file(struct output *output, const char *path)
{
	if (!choose_names(output, path))
		return NULL;
	return output->temporary ?
	       open_temporary(output->path, output->temporary) :
	       fopen(path, "we");
}

static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

void output_hold_signals(sigset_t *usual)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		sigaddset(&set, ends[i]);
	sigprocmask(SIG_BLOCK, &set, usual);
}

/* What our caller has blocked does not end us: that waits for longer than this file. */
bool output_is_interrupted(const struct output *output)
{
	sigset_t waiting;

	sigpending(&waiting);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (sigismember(&waiting, ends[i]) && !sigismember(&output->signals, ends[i]))
			return true;
	}
	return false;
}

static void release(struct output *output)
{
	const int error = errno;

	free(output->path);
	free(output->temporary);
	sigprocmask(SIG_SETMASK, &output->signals, NULL);
	errno = error;
}

bool output_open(struct output *output, const char *path)
{
	*output = (struct output){ 0 };
	output_hold_signals(&output->signals);
	if (is_standard_output(path)) {
		output->file = stdout;
		return true;
	}
	output->file = open_file(output, path);
	if (output->file)
		return true;
	warnx("%s: %s", path, error_text(errno));
	release(output);
	return false;
}

/* What could not be written may be known by the close only. */
static bool is_written(struct output *output)
{
	bool written = !fflush(output->file) && !ferror(output->file);

	if (written && output->temporary)
		written = !fsync(fileno(output->file));
	if (fclose(output->file) && written)
		written = false;
	return written;
}

bool output_close(struct output *output)
{
	bool written;

	if (output->file == stdout) {
		release(output);
		return error_flush();
	}
	errno = 0;
	written = is_written(output);
	if (written && output->temporary)
		written = !rename(output->temporary, output->path);
	if (!written)
		warnx("%s: %s: nothing is kept", output->path,
		      errno ? error_text(errno) : "not all could be written");
	if (!written && output->temporary)
		unlink(output->temporary);
	release(output);
	return written;
}

void output_discard(struct output *output)
{
	if (output->file != stdout)
		fclose(output->file);
	if (output->temporary)
		unlink(output->temporary);
	release(output);
}

bool output_check(const char *path)
{
	struct output output;
	struct stat status;

	if (is_standard_output(path) ||
	    (!stat(path, &status) && !S_ISREG(status.st_mode)))
		return true;
	if (!output_open(&output, path))
		return false;
	output_discard(&output);
	return true;
}
