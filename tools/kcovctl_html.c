// SPDX-License-Identifier: GPL-2.0-only
/*
 * Coverage for a browser: genhtml fills a directory beside the wanted one, which
 * then takes its place.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_html.h"
#include "kcovctl_output.h"

/*
 * Ours: so such a directory may be replaced. What genhtml leaves would not do, as it
 * may be called among other files.
 */
#define MARK ".kcovctl-report"

#define PATH_ROOM 4096

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *walk)
{
	(void)status, (void)type, (void)walk;
	return remove(path);
}

static void remove_all(const char *directory)
{
	nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static bool may_replace(const char *directory)
{
	char mark[PATH_ROOM + 16];

	snprintf(mark, sizeof(mark), "%s/" MARK, directory);
	if (access(directory, F_OK) || !access(mark, F_OK) ||
	    !rmdir(directory))
		return true;
	warnx("%s: is there, and is no report that could be replaced:", directory);
	warnx("  give another name with --html, or remove it");
	return false;
}

/* What it says goes to standard error: standard output may be a list of ours. */
static void execute(const char *info, const char *directory)
{
	dup2(STDERR_FILENO, STDOUT_FILENO);
	execlp("genhtml", "genhtml", "--quiet", "--ignore-errors", "source",
	       "--legend", "--title", "kcovctl report", "--output-directory",
	       directory, info, (char *)NULL);
	_exit(errno == ENOENT ? 127 : 126);
}

/* The terminal's signals are its business, and wait for us: what it left is to go. */
static int run_genhtml(const char *info, const char *directory,
		       const sigset_t *usual)
{
	int status = -1;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		sigprocmask(SIG_SETMASK, usual, NULL);
		execute(info, directory);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static bool make_pages(const char *info, const char *directory,
		       const sigset_t *usual)
{
	const int status = run_genhtml(info, directory, usual);

	if (!status)
		return true;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		warnx("genhtml is not here: apt-get install lcov, or use --lcov");
	else if (WIFSIGNALED(status))
		warnx("genhtml was ended by signal %d: nothing is kept",
		      WTERMSIG(status));
	else
		warnx("genhtml failed, see its message above: nothing is kept");
	return false;
}

static bool mark(const char *made)
{
	char path[PATH_ROOM + 32];
	int fd;

	snprintf(path, sizeof(path), "%s/" MARK, made);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		warnx("%s: %s", path, error_text(errno));
	else
		close(fd);
	return fd >= 0;
}

/* Over an old one by an exchange, so that there is always one of them. */
static bool put_in_place(const char *made, const char *directory)
{
	if (!rename(made, directory))
		return true;
	if (!renameat2(AT_FDCWD, made, AT_FDCWD, directory, RENAME_EXCHANGE)) {
		remove_all(made);
		return true;
	}
	warnx("%s: %s", directory, error_text(errno));
	return false;
}

static mode_t usual_mode(void)
{
	const mode_t mask = umask(0);

	umask(mask);
	return 0777 & ~mask;
}

static bool fill(const struct coverage *coverage,
		 const struct lcov_config *config, const char *made,
		 const char *directory, const sigset_t *usual)
{
	char info[PATH_ROOM + 32];
	bool done;

	chmod(made, usual_mode());
	snprintf(info, sizeof(info), "%s/coverage.info", made);
	done = lcov_write(coverage, config, info) &&
	       make_pages(info, made, usual);
	unlink(info);
	return done && mark(made) && put_in_place(made, directory);
}

static bool write_beside(const struct coverage *coverage,
			 const struct lcov_config *config, const char *directory,
			 const sigset_t *usual)
{
	char made[PATH_ROOM + 8];

	snprintf(made, sizeof(made), "%s.XXXXXX", directory);
	if (!mkdtemp(made)) {
		warnx("%s: %s", directory, error_text(errno));
		return false;
	}
	if (fill(coverage, config, made, directory, usual))
		return true;
	remove_all(made);
	return false;
}

bool html_write(const struct coverage *coverage,
		const struct lcov_config *config, const char *directory)
{
	size_t length = strlen(directory);
	char name[PATH_ROOM];
	sigset_t usual;
	bool written;

	while (length > 1 && directory[length - 1] == '/')
		length--;
	snprintf(name, sizeof(name), "%.*s", (int)length, directory);
	if (!may_replace(name))
		return false;
	output_hold_signals(&usual);
	written = write_beside(coverage, config, name, &usual);
	sigprocmask(SIG_SETMASK, &usual, NULL);
	return written;
}
