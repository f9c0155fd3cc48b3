// SPDX-License-Identifier: GPL-2.0-only
/*
 * Why a step fails, and what helps: a table a step, and for open() a look at
 * the machine.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/vfs.h>

#include "cures.h"
#include "lockdown.h"

#define DEBUGFS_PATH "/sys/kernel/debug"
#define RESTRICT_PATH "/proc/sys/kernel/kptr_restrict"
#define KERNELS_ENOTSUPP 524

struct entry {
	int err;
	const char *text;
};

static const struct entry open_cures[] = {
	{ EACCES, "only root may trace: run as root, or through sudo" },
	{ EMFILE, "too many open files: raise ulimit -n" },
	{ ENFILE, "too many open files: raise sysctl fs.file-max" },
	{ ENOMEM, "no memory for a descriptor: free some" },
	{ 0 }
};

static const struct entry init_cures[] = {
	{ EINVAL,
	  "the kernel refuses this buffer size: take one below 2 GiB, 268435456 words" },
	{ ENOMEM,
	  "no memory for the buffer: ask for fewer words, or raise the cgroup's limit" },
	{ EBUSY,
	  "function entries cannot be recorded (see dmesg): sysctl kernel.ftrace_enabled=1" },
	{ ENOTTY,
	  "this is no kcov device: is another module of this name loaded?" },
	{ 0 }
};

static const struct entry map_cures[] = {
	{ ENOMEM,
	  "no address space for the buffer: ask for fewer words, or raise ulimit -v" },
	{ EAGAIN, "too much locked memory: raise ulimit -l" },
	{ 0 }
};

static const struct entry enable_cures[] = {
	{ EBUSY,
	  "this thread already records with another descriptor: disable that one first; if it\n"
	  "is not its own, it comes from kcovctl run above: do without that" },
	{ EINVAL,
	  "somebody else has this descriptor enabled, or the kernel does not know the mode" },
	{ EOPNOTSUPP, "this kernel cannot record in this mode" },
	{ KERNELS_ENOTSUPP, "this kernel cannot record in this mode" },
	{ 0 }
};

static const struct entry tree_cures[] = {
	{ ENOTTY,
	  "this kernel's own kcov has no process trees, only kcov.ko: enable in each process" },
	{ EBUSY,
	  "this thread already records with another descriptor: disable that one first; if it\n"
	  "is not its own, it comes from kcovctl run above: do without that" },
	{ EINVAL, "this descriptor is enabled already: disable it first" },
	{ ENOMEM, "no memory for the tree: free some" },
	{ 0 }
};

static const struct entry remote_cures[] = {
	{ EEXIST,
	  "a handle has been given twice, or another descriptor has it: choose another" },
	{ EBUSY,
	  "this thread already gets remote sections: disable that descriptor first" },
	{ EINVAL,
	  "the descriptor is enabled, or the mode or a handle is none: handles are made by\n"
	  "kcov_common() and kcov_usb(), at most 256, and the common one stands apart" },
	{ ENOMEM, "no memory for the sections: ask for a smaller area" },
	{ EOPNOTSUPP, "this kernel lacks what USB sections are found by: see dmesg" },
	{ 0 }
};

static const struct entry disable_cures[] = {
	{ EINVAL,
	  "recording had ended already: did the traced call close the descriptor?" },
	{ 0 }
};

static const struct entry memory_cures[] = {
	{ ENOMEM, "no memory for what was recorded: free some, or raise ulimit -v" },
	{ 0 }
};

static const struct entry *const tables[] = {
	[LIBKCOV_OPEN] = open_cures,
	[LIBKCOV_INIT] = init_cures,
	[LIBKCOV_MAP] = map_cures,
	[LIBKCOV_ENABLE] = enable_cures,
	[LIBKCOV_TREE] = tree_cures,
	[LIBKCOV_REMOTE] = remote_cures,
	[LIBKCOV_DISABLE] = disable_cures,
	[LIBKCOV_MEMORY] = memory_cures,
};

__attribute__((format(printf, 1, 2)))
static struct libkcov_cure words(const char *format, ...)
{
	struct libkcov_cure cure;
	va_list args;

	va_start(args, format);
	vsnprintf(cure.text, sizeof(cure.text), format, args);
	va_end(args);
	return cure;
}

/* A missing debugfs looks like a missing module, and is cured differently. */
static bool is_debugfs_mounted(void)
{
	struct statfs fs;

	return !statfs(DEBUGFS_PATH, &fs) && fs.f_type == DEBUGFS_MAGIC;
}

static bool are_addresses_hidden_from_all(void)
{
	FILE *file = fopen(RESTRICT_PATH, "re");
	const int first = file ? fgetc(file) : EOF;

	if (file)
		fclose(file);
	return first == '2';
}

/* The module asks the kernel for both. */
static struct libkcov_cure hidden_addresses(void)
{
	if (are_addresses_hidden_from_all())
		return words("addresses are hidden from everybody: sysctl kernel.kptr_restrict=1");
	return words("addresses are hidden from this process: it needs CAP_SYSLOG");
}

/*
 * Lockdown refuses to load the module as well as to open its file, before the
 * module is asked: no other cure helps then.
 */
static struct libkcov_cure look_at_machine(int err)
{
	const struct libkcov_lockdown lockdown = libkcov_lockdown();

	if (err == ENOENT && !is_debugfs_mounted())
		return words("debugfs is not mounted: mount -t debugfs none " DEBUGFS_PATH);
	if (lockdown.level[0])
		return words("the kernel is locked down (%s), as Secure Boot does: boot with\n"
			     "Secure Boot off, in the firmware or by mokutil --disable-validation,\n"
			     "and without lockdown= on the kernel's command line",
			     lockdown.level);
	if (err == ENOENT)
		return words("the module is not loaded: modprobe kcov, or insmod kcov.ko");
	return hidden_addresses();
}

struct libkcov_cure libkcov_cure(enum libkcov_step step, int err)
{
	if (step == LIBKCOV_OPEN && (err == EPERM || err == ENOENT))
		return look_at_machine(err);
	for (const struct entry *entry = tables[step]; entry->err; entry++)
		if (entry->err == err)
			return words("%s", entry->text);
	return words("%s", "");
}
