// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl doctor: the device, each of its calls by its number, and what is recorded.
 *
 * A client that makes a call which is not known under its number sees no
 * coverage and nothing else, so each is made, also such as must be refused.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <kcov_ioctl.h>
#include <linux/kcov.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_check.h"
#include "kcovctl_doctor.h"

#define WORDS 4096UL

/* Proposed for the kernel's kcov: a number of its own, and one that looks like it. */
#define UNIQUE_ENABLE _IOW('c', 103, unsigned long)
#define BARE_103 _IO('c', 103)
#define UNKNOWN _IO('c', 255)

/* Where PCs of x86-64 are; syzkaller throws away a call with another. */
#define PC_FIRST 0xffffffff80000000UL
#define PC_BEHIND 0xffffffffff000000UL

static int fd;
static unsigned long *cover;

/* What stands in the way of the calls that come next, NULL: nothing. */
static const char *obstacle;

static int ask(unsigned long number, unsigned long argument)
{
	return ioctl(fd, number, argument) ? errno : 0;
}

static bool may_try(const char *name)
{
	if (obstacle)
		check_say(name, CHECK_SKIPPED, "not tried: needs '%s'", obstacle);
	return !obstacle;
}

static void explain(unsigned long number, int err)
{
	if (err == EBUSY && number != KCOV_INIT_TRACE) {
		check_cure("this thread is recorded already, as all are below kcovctl run:");
		check_cure("call it from elsewhere");
	} else if (err == EBUSY) {
		check_cure("function entries cannot be recorded, see dmesg:");
		check_cure("sysctl kernel.ftrace_enabled=1");
	} else if (err == ENOMEM) {
		check_cure("free some memory, or raise the cgroup's limit");
	} else {
		check_cure("what answers is no kcov of this version: load the kcov.ko that");
		check_cure("belongs to this kcovctl. The reason is in dmesg, after");
		check_cure("echo 'module kcov +p' >/sys/kernel/debug/dynamic_debug/control");
	}
}

/* What is more than one thread's places may want more memory than there is just now. */
static enum check_result weigh(unsigned long number, int err)
{
	return err == ENOMEM && (number == KCOV_REMOTE_ENABLE || number == KCOV_TREE_ENABLE) ?
	       CHECK_NOTE : CHECK_BAD;
}

/* One call; what it must answer is 0 or an errno. */
static bool answers(const char *name, unsigned long number, unsigned long argument, int expected)
{
	const int err = ask(number, argument);
	char wanted[64];

	if (err == expected) {
		check_say(name, CHECK_OK, "%#lx%s%s", number, err ? ": " : "",
			  err ? strerrorname_np(err) : "");
		return true;
	}
	snprintf(wanted, sizeof(wanted), "%s", expected ? strerrorname_np(expected) : "0");
	check_say(name, weigh(number, err), "%#lx: %s, not %s", number,
		  err ? error_text(err) : "0", wanted);
	explain(number, err);
	return false;
}

/* A call that must be refused first, or its argument is not looked at. */
static bool refuses(const char *name, unsigned long number, unsigned long argument)
{
	const int err = ask(number, argument);

	if (err == EINVAL)
		return true;
	check_say(name, CHECK_BAD, "%#lx: %s to what must be refused with EINVAL", number,
		  err ? error_text(err) : "0");
	explain(number, err);
	return false;
}

static bool open_device(void)
{
	int err;

	fd = open(DOCTOR_DEVICE, O_RDWR | O_CLOEXEC);
	err = errno;
	if (fd >= 0) {
		check_say("device", CHECK_OK, "%s", DOCTOR_DEVICE);
		return true;
	}
	if (check_last_bad()) {
		check_say("device", CHECK_SKIPPED, "cannot be opened (%s): see '%s'",
			  strerrorname_np(err), check_last_bad());
		return false;
	}
	check_say("device", CHECK_BAD, "%s: %s", DOCTOR_DEVICE, error_text(err));
	if (err == EACCES || err == EPERM)
		check_cure("run as root, or through sudo; see dmesg");
	return false;
}

static bool map_buffer(void)
{
	cover = mmap(NULL, WORDS * sizeof(*cover), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (cover != MAP_FAILED)
		return true;
	check_say("buffer", CHECK_BAD, "mmap: %s", error_text(errno));
	check_cure("raise ulimit -v and ulimit -l");
	return false;
}

static void check_init(void)
{
	if (!may_try("KCOV_INIT_TRACE"))
		return;
	if (!refuses("KCOV_INIT_TRACE", KCOV_INIT_TRACE, 1) ||
	    !answers("KCOV_INIT_TRACE", KCOV_INIT_TRACE, WORDS, 0))
		obstacle = "KCOV_INIT_TRACE";
	else if (!map_buffer())
		obstacle = "buffer";
}

static void check_enable(void)
{
	if (!may_try("KCOV_ENABLE"))
		return;
	if (!refuses("KCOV_ENABLE", KCOV_ENABLE, ~0UL) ||
	    !answers("KCOV_ENABLE", KCOV_ENABLE, KCOV_TRACE_PC, 0))
		obstacle = "KCOV_ENABLE";
}

static void check_reset(const struct patient *patient)
{
	if (may_try("KCOV_RESET_TRACE"))
		answers("KCOV_RESET_TRACE", KCOV_RESET_TRACE, 0,
			patient->has_own_kcov ? ENOTTY : 0);
}

/* What syzkaller takes to find out whether there is coverage. */
static unsigned long record_mmap(void)
{
	unsigned long count;
	void *page;

	__atomic_store_n(&cover[0], 0, __ATOMIC_SEQ_CST);
	page = (void *)syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	count = __atomic_load_n(&cover[0], __ATOMIC_SEQ_CST);
	if (page != MAP_FAILED)
		munmap(page, 4096);
	return count;
}

static bool is_in_range(unsigned long count)
{
	for (unsigned long i = 1; i <= count && i < WORDS; i++)
		if (cover[i] < PC_FIRST || cover[i] >= PC_BEHIND)
			return false;
	return true;
}

/* The first character of a parameter of the module. */
static int parameter(const char *name)
{
	char path[128];
	FILE *file;
	int value;

	snprintf(path, sizeof(path), "/sys/module/kcov/parameters/%s", name);
	file = fopen(path, "re");
	value = file ? fgetc(file) : EOF;
	if (file)
		fclose(file);
	return value;
}

static void explain_no_pc(const struct patient *patient)
{
	if (patient->has_own_kcov)
		check_cure("boot one with CONFIG_KCOV_INSTRUMENT_ALL=y: this has no callbacks");
	else if (parameter("function_entries") == 'N')
		check_cure("function entries are switched off: kcovctl functions --on");
	else
		check_cure("the rules may leave out what it calls: kcovctl functions default");
}

static void check_first_pc(struct patient *patient)
{
	if (!may_try("first PC"))
		return;
	patient->pcs = record_mmap();
	if (!patient->pcs) {
		check_say("first PC", CHECK_BAD, "a plain mmap() records nothing");
		explain_no_pc(patient);
	} else if (!is_in_range(patient->pcs)) {
		check_say("first PC", CHECK_BAD, "a PC is outside of the kernel's code");
		explain(KCOV_ENABLE, 0);
	} else {
		check_say("first PC", CHECK_OK, "a plain mmap() records %lu, from %#lx on",
			  patient->pcs, cover[1]);
	}
}

static void check_disable(void)
{
	if (!may_try("KCOV_DISABLE"))
		return;
	if (!refuses("KCOV_DISABLE", KCOV_DISABLE, 1) ||
	    !answers("KCOV_DISABLE", KCOV_DISABLE, 0, 0))
		obstacle = "KCOV_DISABLE";
}

/* Of a descriptor for sections that nobody runs: it has no handle. */
static void check_remote(struct patient *patient)
{
	const struct kcov_remote_arg arg = { .trace_mode = KCOV_TRACE_PC, .area_size = WORDS };

	if (!may_try("KCOV_REMOTE_ENABLE"))
		return;
	patient->has_remote = answers("KCOV_REMOTE_ENABLE", KCOV_REMOTE_ENABLE,
				      (unsigned long)&arg, 0);
	if (patient->has_remote && ask(KCOV_DISABLE, 0))
		obstacle = "KCOV_DISABLE";
}

static void check_tree(const struct patient *patient)
{
	if (may_try("KCOV_TREE_ENABLE") &&
	    answers("KCOV_TREE_ENABLE", KCOV_TREE_ENABLE, 0, patient->has_own_kcov ? ENOTTY : 0) &&
	    !patient->has_own_kcov && ask(KCOV_DISABLE, 0))
		obstacle = "KCOV_DISABLE";
}

/* A newer kernel may know the first one; then it says that the descriptor is no new one. */
static void check_unknown(const struct patient *patient)
{
	if (patient->has_own_kcov && ask(UNIQUE_ENABLE, 0) == EINVAL)
		check_say("KCOV_UNIQUE_ENABLE", CHECK_OK, "%#lx: known", UNIQUE_ENABLE);
	else
		answers("KCOV_UNIQUE_ENABLE", UNIQUE_ENABLE, 0, ENOTTY);
	answers("number 103", BARE_103, 0, ENOTTY);
	answers("a number of nobody's", UNKNOWN, 0, ENOTTY);
}

/* Not with what recorded PCs: a mode is chosen once for each ENABLE. */
static void check_comparisons(struct patient *patient)
{
	int err;

	if (!may_try("comparisons"))
		return;
	err = ask(KCOV_ENABLE, KCOV_TRACE_CMP);
	if (err) {
		check_say("comparisons", CHECK_NOTE, "KCOV_TRACE_CMP: %s", error_text(err));
		return;
	}
	patient->comparisons = record_mmap();
	if (ask(KCOV_DISABLE, 0))
		obstacle = "KCOV_DISABLE";
	check_say("comparisons", CHECK_OK, "a plain mmap() makes %lu%s", patient->comparisons,
		  patient->comparisons ? "" : ": function entries compare nothing");
}

void doctor_device(struct patient *patient)
{
	obstacle = open_device() ? NULL : "device";
	check_init();
	check_enable();
	check_reset(patient);
	check_first_pc(patient);
	check_disable();
	check_comparisons(patient);
	check_remote(patient);
	check_tree(patient);
	if (fd < 0) {
		may_try("other numbers");
		return;
	}
	check_unknown(patient);
	close(fd);
}
