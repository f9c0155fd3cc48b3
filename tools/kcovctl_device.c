// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kcov device: open, initialise, map, enable; and why these fail.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcov.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_device.h"
#include "kcovctl_lockdown.h"

#define DEBUGFS_PATH "/sys/kernel/debug"
#define RESTRICT_PATH "/proc/sys/kernel/kptr_restrict"

struct cure {
	int err;
	const char *text;
};

static const struct cure open_cures[] = {
	{ EACCES, "only root may trace: run as root, or through sudo" },
	{ EMFILE, "too many open files: raise ulimit -n" },
	{ ENFILE, "too many open files: raise sysctl fs.file-max" },
	{ ENOMEM, "no memory for a descriptor: free some" },
	{ 0 }
};

static const struct cure init_cures[] = {
	{ EINVAL,
	  "the kernel refuses this buffer size: choose another with --size" },
	{ ENOMEM,
	  "no memory for the buffer: ask for less with --size, or raise the cgroup's limit" },
	{ EBUSY,
	  "function entries cannot be recorded (see dmesg): sysctl kernel.ftrace_enabled=1" },
	{ ENOTTY,
	  "this is no kcov device: is another module of this name loaded?" },
	{ 0 }
};

static const struct cure map_cures[] = {
	{ ENOMEM,
	  "no address space for the buffer: ask for less with --size, or raise ulimit -v" },
	{ EAGAIN, "too much locked memory: raise ulimit -l" },
	{ 0 }
};

static const struct cure enable_cures[] = {
	{ EBUSY,
	  "this thread already records with another descriptor: disable that one first" },
	{ EINVAL,
	  "somebody else has this descriptor enabled, or the kernel does not know the mode" },
	{ EOPNOTSUPP, "this kernel cannot record in this mode" },
	{ 524 /* ENOTSUPP, kernel only */,
	  "this kernel cannot record in this mode" },
	{ 0 }
};

static const struct cure disable_cures[] = {
	{ EINVAL,
	  "recording had ended already: did the traced call close the descriptor?" },
	{ 0 }
};

static bool explain(const char *step, const struct cure *cures)
{
	int err = errno;

	warnx("%s: %s: %s", DEVICE_PATH, step, error_text(err));
	for (; cures->err; cures++)
		if (cures->err == err)
			warnx("  %s", cures->text);
	return false;
}

/* A missing debugfs looks like a missing module, and is cured differently. */
static bool is_debugfs_mounted(void)
{
	struct statfs fs;

	return !statfs(DEBUGFS_PATH, &fs) && fs.f_type == DEBUGFS_MAGIC;
}

struct line {
	char text[80];
};

/* Empty if there is no such file. */
static struct line read_line(const char *path)
{
	FILE *file = fopen(path, "re");
	struct line line = { "" };

	if (file && !fgets(line.text, sizeof(line.text), file))
		line.text[0] = '\0';
	if (file)
		fclose(file);
	return line;
}

static void explain_lockdown(const char *level)
{
	warnx("  the kernel is locked down (%s), as Secure Boot does: boot with", level);
	warnx("  Secure Boot off, in the firmware or by mokutil --disable-validation,");
	warnx("  and without lockdown= on the kernel's command line");
}

/* The module asks the kernel for both. */
static void explain_hidden_addresses(void)
{
	if (read_line(RESTRICT_PATH).text[0] == '2')
		warnx("  addresses are hidden from everybody: sysctl kernel.kptr_restrict=1");
	else
		warnx("  addresses are hidden from this process: it needs CAP_SYSLOG");
}

/*
 * Lockdown refuses to load the module as well as to open its file, before the
 * module is asked: no other cure helps then.
 */
static bool explain_open(void)
{
	const int err = errno;
	struct lockdown lockdown;

	if (err != EPERM && err != ENOENT)
		return explain("open", open_cures);
	lockdown = lockdown_read();
	warnx("%s: open: %s", DEVICE_PATH, error_text(err));
	if (err == ENOENT && !is_debugfs_mounted())
		warnx("  debugfs is not mounted: mount -t debugfs none " DEBUGFS_PATH);
	else if (lockdown.level[0])
		explain_lockdown(lockdown.level);
	else if (err == ENOENT)
		warnx("  the module is not loaded: modprobe kcov, or insmod kcov.ko");
	else
		explain_hidden_addresses();
	return false;
}

static size_t round_to_pages(size_t words)
{
	size_t page_words = (size_t)sysconf(_SC_PAGESIZE) / sizeof(unsigned long);

	return (words + page_words - 1) / page_words * page_words;
}

static bool init_and_map(struct device *dev)
{
	if (ioctl(dev->fd, KCOV_INIT_TRACE, dev->words))
		return explain("KCOV_INIT_TRACE", init_cures);
	dev->cover = mmap(NULL, dev->words * sizeof(unsigned long),
			  PROT_READ | PROT_WRITE, MAP_SHARED, dev->fd, 0);
	if (dev->cover == MAP_FAILED)
		return explain("mmap", map_cures);
	return true;
}

bool device_open(struct device *dev, size_t words)
{
	dev->words = round_to_pages(words);
	dev->fd = open(DEVICE_PATH, O_RDWR | O_CLOEXEC);
	if (dev->fd < 0)
		return explain_open();
	if (init_and_map(dev))
		return true;
	close(dev->fd);
	return false;
}

void device_close(struct device *dev)
{
	munmap(dev->cover, dev->words * sizeof(unsigned long));
	close(dev->fd);
}

bool device_enable(struct device *dev, unsigned long mode)
{
	return !ioctl(dev->fd, KCOV_ENABLE, mode) ||
	       explain("KCOV_ENABLE", enable_cures);
}

bool device_disable(struct device *dev)
{
	return !ioctl(dev->fd, KCOV_DISABLE, 0) ||
	       explain("KCOV_DISABLE", disable_cures);
}
