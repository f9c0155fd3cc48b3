// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl doctor: what syzkaller will make of this machine. It tries each of its
 * features with a program that maps memory, and leaves out what does not work.
 */
#define _GNU_SOURCE 1
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl_check.h"
#include "kcovctl_doctor.h"
#include "kcovctl_module.h"

/* MiB of buffers that one of its processes has: 8 threads, and one for sections. */
#define OF_THREADS (8 * 4)
#define OF_SECTIONS 8

static void check_coverage(const struct patient *patient)
{
	if (patient->pcs && !check_first_bad())
		check_say("syzkaller: coverage", CHECK_OK, "it will fuzz, guided by it");
	else
		check_say("syzkaller: coverage", CHECK_SKIPPED, "needs '%s'",
			  check_last_bad() ?: "first PC");
}

/* Those that call kcov.ko in their blocks: as many as fit in a line. */
static void name_instrumented(void)
{
	struct names names = module_holders("kcov");
	char text[200] = "";
	size_t length = 0;

	for (size_t i = 0; i < names.count && length < sizeof(text) - 70; i++)
		length += (size_t)sprintf(text + length, " %s", names.name[i]);
	check_cure("modules with callbacks, which do compare:%s", *text ? text : " none");
	if (!*text)
		check_cure("kcovctl instrument makes them, kcovctl load loads them");
	names_free(&names);
}

static void check_comparisons(const struct patient *patient)
{
	if (!patient->pcs) {
		check_say("syzkaller: comparisons", CHECK_SKIPPED, "needs 'first PC'");
		return;
	}
	if (patient->comparisons) {
		check_say("syzkaller: comparisons", CHECK_OK, "it will use them");
		return;
	}
	check_say("syzkaller: comparisons", CHECK_NOTE,
		  "it will not ask for any, as its mmap() makes none");
	name_instrumented();
}

static bool follows(void)
{
	FILE *file = fopen("/sys/kernel/debug/kcov_mod/follow", "re");
	const int value = file ? fgetc(file) : EOF;

	if (file)
		fclose(file);
	return value == '1';
}

static void check_extra(const struct patient *patient)
{
	if (!patient->has_remote) {
		check_say("syzkaller: extra", CHECK_SKIPPED, "needs 'KCOV_REMOTE_ENABLE'");
	} else if (patient->has_own_kcov || follows()) {
		check_say("syzkaller: extra", CHECK_OK, "sections of drivers%s",
			  patient->has_own_kcov ? "" : " and deferred work that follows its task");
	} else {
		check_say("syzkaller: extra", CHECK_OK, "sections of USB and of annotated drivers");
		check_cure("for deferred work, too: kcovctl instances --follow on");
	}
}

static void check_usb(void)
{
	if (!access("/dev/raw-gadget", F_OK)) {
		check_say("syzkaller: USB", CHECK_OK, "/dev/raw-gadget is there");
		return;
	}
	check_say("syzkaller: USB", CHECK_NOTE, "no /dev/raw-gadget, so no syz_usb_* calls");
	check_cure("kcovctl instrument raw_gadget; kcovctl load raw_gadget;");
	check_cure("modprobe dummy_hcd (Debian does not build the former)");
}

static unsigned int areas_of_task(void)
{
	FILE *file = fopen("/sys/module/kcov/parameters/remote_areas", "re");
	unsigned int areas = 1;

	if (file && fscanf(file, "%u", &areas) != 1)
		areas = 1;
	if (file)
		fclose(file);
	return areas;
}

static void check_needs(void)
{
	check_say("syzkaller: memory", CHECK_OK, "%u MiB of buffers for each process of it (procs)",
		  OF_THREADS + OF_SECTIONS + OF_SECTIONS * areas_of_task());
}

void doctor_fuzzer(const struct patient *patient)
{
	check_coverage(patient);
	check_comparisons(patient);
	check_extra(patient);
	check_usb();
	check_needs();
}
