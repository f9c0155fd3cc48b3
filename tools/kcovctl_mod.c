// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files in kcov_mod/ and the module's parameters.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_mod.h"
#include "kcovctl_module.h"
#include "libkcov/lockdown.h"

#define DEBUGFS "/sys/kernel/debug"

static bool is_mounted(void)
{
	struct statfs fs;

	return !statfs(DEBUGFS, &fs) && fs.f_type == DEBUGFS_MAGIC;
}

static void explain_missing(void)
{
	if (!is_mounted())
		warnx("  debugfs is not mounted: mount -t debugfs none " DEBUGFS);
	else if (module_is_loaded("kcov"))
		warnx("  this kcov.ko has no such file: load the one that belongs to this kcovctl");
	else if (!access(DEBUGFS "/kcov", F_OK))
		warnx("  this kernel has its own kcov (CONFIG_KCOV=y), which does not tell");
	else
		warnx("  the module is not loaded: modprobe kcov, or insmod kcov.ko");
}

static void explain_open(const char *path)
{
	const int err = errno;
	const struct libkcov_lockdown lockdown = libkcov_lockdown();

	warnx("%s: %s", path, error_text(err));
	if (err == EACCES) {
		warnx("  only root may look: run as root, or through sudo");
	} else if (lockdown.level[0] && (err == EPERM || err == ENOENT)) {
		warnx("  the kernel is locked down (%s), as Secure Boot does: boot with Secure",
		      lockdown.level);
		warnx("  Boot off, in the firmware or by mokutil --disable-validation");
	} else if (err == ENOENT) {
		explain_missing();
	} else if (err == ENOMEM) {
		warnx("  there is not enough memory: free some");
	}
}

struct path {
	char text[128];
};

static struct path path_of(const char *directory, const char *name)
{
	struct path path;

	snprintf(path.text, sizeof(path.text), "%s/%s", directory, name);
	return path;
}

FILE *mod_open(const char *name)
{
	const struct path path = path_of(MOD_DIRECTORY, name);
	FILE *file = fopen(path.text, "re");

	if (!file)
		explain_open(path.text);
	return file;
}

/* All in one call: the module takes what is written at once as a whole. */
static int write_text(const struct path *path, const char *text)
{
	const int fd = open(path->text, O_WRONLY | O_CLOEXEC);
	int err;

	if (fd < 0) {
		explain_open(path->text);
		return -1;
	}
	err = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return err;
}

int mod_write(const char *name, const char *text)
{
	const struct path path = path_of(MOD_DIRECTORY, name);

	return write_text(&path, text);
}

int mod_set(const char *parameter, const char *text)
{
	const struct path path = path_of(MOD_PARAMETERS, parameter);

	return write_text(&path, text);
}

unsigned long mod_number(const char *parameter)
{
	const struct path path = path_of(MOD_PARAMETERS, parameter);
	FILE *file = fopen(path.text, "re");
	unsigned long number = 0;

	if (file && fscanf(file, "%lu", &number) != 1)
		number = 0;
	if (file)
		fclose(file);
	return number;
}
