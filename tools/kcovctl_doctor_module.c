// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl doctor: kcov.ko, loaded and installed, and ftrace, which it needs.
 */
#define _GNU_SOURCE 1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl_check.h"
#include "kcovctl_doctor.h"
#include "kcovctl_module.h"

#define FTRACE_ENABLED "/proc/sys/kernel/ftrace_enabled"
#define BUILT_HERE "kcov.ko"

/* A vermagic begins with the release; NULL: not a module, or not to be read. */
static char *release_of(const struct kmod_module *file)
{
	char *vermagic = module_info(file, "vermagic");

	if (vermagic)
		vermagic[strcspn(vermagic, " ")] = '\0';
	return vermagic;
}

/* Whether the file would load, as far as its version says. */
static bool is_for_this_kernel(const struct patient *patient, const struct kmod_module *file)
{
	char *release = release_of(file);
	const bool same = release && !strcmp(release, patient->kernel.release);

	if (!same) {
		check_say("module file", patient->is_loaded ? CHECK_NOTE : CHECK_BAD,
			  "%s is for the kernel %s", kmod_module_get_path(file),
			  release ?: "of an unknown version");
		check_cure("make clean; make KDIR=/lib/modules/%s/build", patient->kernel.release);
	}
	free(release);
	return same;
}

static void check_file(const struct patient *patient, const struct kmod_module *file)
{
	const char *path = kmod_module_get_path(file);

	if (!is_for_this_kernel(patient, file))
		return;
	if (!patient->is_loaded || !module_is_other("kcov", path)) {
		check_say("module file", CHECK_OK, "%s", path);
		return;
	}
	check_say("module file", CHECK_NOTE, "%s is another build than the one that is loaded",
		  path);
	check_cure("rmmod kcov; modprobe kcov");
}

/* Installed, or just built by make in this directory. */
static struct kmod_module *find_file(const struct modules *modules)
{
	struct kmod_module *installed = modules_named(modules, "kcov");

	if (module_exists(installed))
		return installed;
	kmod_module_unref(installed);
	return access(BUILT_HERE, R_OK) ? NULL : modules_in_file(modules, BUILT_HERE);
}

static void check_files(const struct patient *patient)
{
	struct kmod_module *file;
	struct modules modules;

	if (!modules_open(&modules))
		return;
	file = find_file(&modules);
	if (file) {
		check_file(patient, file);
		kmod_module_unref(file);
	} else {
		check_say("module file", CHECK_NOTE, "kcov.ko is not installed for this kernel");
		check_cure("in its source: make, make install; or from a package: kcov-dkms");
	}
	modules_close(&modules);
}

static void check_loaded(const struct patient *patient)
{
	if (patient->is_loaded) {
		check_say("module", CHECK_OK, "loaded");
		return;
	}
	check_say("module", CHECK_BAD, "not loaded");
	check_cure("modprobe kcov, or insmod kcov.ko where it was built");
}

/* The module holds on to it while it is armed: nobody can switch it off then. */
static void check_ftrace(void)
{
	FILE *file = fopen(FTRACE_ENABLED, "re");
	int enabled = -1;

	if (file && fscanf(file, "%d", &enabled) != 1)
		enabled = -1;
	if (file)
		fclose(file);
	if (enabled == 0) {
		check_say("kernel.ftrace_enabled", CHECK_BAD, "0: exits of tasks cannot be seen");
		check_cure("sysctl kernel.ftrace_enabled=1");
	} else if (enabled < 0) {
		check_say("kernel.ftrace_enabled", CHECK_NOTE,
			  "this kernel has no function tracer: no function entry is covered");
	} else {
		check_say("kernel.ftrace_enabled", CHECK_OK, "%d", enabled);
	}
}

void doctor_module(struct patient *patient)
{
	patient->is_loaded = module_is_loaded("kcov");
	if (patient->has_own_kcov) {
		check_say("module", CHECK_OK, "not needed");
		return;
	}
	check_files(patient);
	check_ftrace();
	check_loaded(patient);
}
