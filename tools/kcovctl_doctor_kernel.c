// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl doctor: the kernel, what it was configured with, its headers, memory.
 */
#define _GNU_SOURCE 1
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_check.h"
#include "kcovctl_doctor.h"
#include "kcovctl_module.h"

#define MIB (UINT64_C(1) << 20)

/* Options one of which there must be, and what is missing without. */
struct requirement {
	const char *one, *other;
	const char *without;
	const char *where;	/* NULL, or the option that asks for it */
};

static const struct requirement requirements[] = {
	{ "DEBUG_FS", NULL, "the device file has no place to be", NULL },
	{ "DYNAMIC_FTRACE", NULL, "modules built with callbacks are covered and nothing else",
	  NULL },
	{ "FUNCTION_TRACER", NULL, "modules built with callbacks are covered and nothing else",
	  NULL },
	{ "KPROBES", NULL, "function entries cannot be chosen, so none is covered", NULL },
	{ "KALLSYMS", NULL, "function entries cannot be chosen, so none is covered", NULL },
	{ "LIVEPATCH", NULL, "function entries cannot be chosen, so none is covered", NULL },
	{ "PREEMPT_NOTIFIERS", "TRACEPOINTS", "tasks cannot be followed from switch to switch",
	  NULL },
	{ "CRASH_CORE", "VMCORE_INFO", "nothing says how far the kernel was moved (KASLR)",
	  "RANDOMIZE_BASE" },
};

static bool is_met(const struct config *config, const struct requirement *requirement)
{
	return (requirement->where && !config_has(config, requirement->where)) ||
	       config_has(config, requirement->one) ||
	       (requirement->other && config_has(config, requirement->other));
}

static void check_version(const struct patient *patient)
{
	const struct utsname *kernel = &patient->kernel;
	int major = 0, minor = 0;

	if (strcmp(kernel->machine, "x86_64")) {
		check_say("kernel", CHECK_BAD, "%s is for %s", kernel->release, kernel->machine);
		check_cure("the module knows no architecture but x86-64");
		return;
	}
	sscanf(kernel->release, "%d.%d", &major, &minor);
	if (major < 6 || (major == 6 && minor < 1)) {
		check_say("kernel", CHECK_NOTE, "%s is older than 6.1, the oldest that was tried",
			  kernel->release);
		return;
	}
	check_say("kernel", CHECK_OK, "%s", kernel->release);
}

static void check_requirements(const struct config *config)
{
	bool all = true;

	for (size_t i = 0; i < ARRAY_SIZE(requirements); i++) {
		const struct requirement *r = &requirements[i];

		if (is_met(config, r))
			continue;
		check_say("configuration", CHECK_BAD, "no CONFIG_%s%s%s: %s", r->one,
			  r->other ? ", no CONFIG_" : "", r->other ?: "", r->without);
		check_cure("another kernel: Debian's linux-image-amd64 has all that is needed");
		all = false;
	}
	if (all)
		check_say("configuration", CHECK_OK, "%s has all that is needed", config->path);
}

/* A kernel with its own kcov needs nothing else. */
static void check_configuration(struct patient *patient)
{
	struct config *config = &patient->config;

	if (!config_read_running(config, patient->kernel.release)) {
		check_say("configuration", CHECK_NOTE,
			  "neither /proc/config.gz nor /boot/config-%s can be read",
			  patient->kernel.release);
		patient->has_own_kcov = !access(DOCTOR_DEVICE, F_OK) && !module_is_loaded("kcov");
		return;
	}
	patient->has_own_kcov = config_is_builtin(config, "KCOV");
	if (patient->has_own_kcov)
		check_say("configuration", CHECK_OK,
			  "CONFIG_KCOV=y: this kernel has its own kcov, use that one; no module is needed");
	else
		check_requirements(config);
}

static bool is_of_release(const char *build, const char *release)
{
	char path[256], line[256], found[128] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/include/generated/utsrelease.h", build);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "#define UTS_RELEASE \"%127[^\"]\"", found) == 1)
			break;
	fclose(file);
	return !strcmp(found, release);
}

static void check_headers(const struct patient *patient)
{
	const char *release = patient->kernel.release;
	char build[128];

	if (patient->has_own_kcov) {
		check_say("headers", CHECK_OK, "not needed");
		return;
	}
	snprintf(build, sizeof(build), "/lib/modules/%s/build", release);
	if (is_of_release(build, release)) {
		check_say("headers", CHECK_OK, "%s", build);
		return;
	}
	check_say("headers", CHECK_NOTE, "none in %s: no module can be built", build);
	check_cure("apt-get install linux-headers-%s", release);
}

static uint64_t available_memory(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	uint64_t kib = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %" SCNu64 " kB", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib * 1024;
}

/* What one traced thread likes to have. */
static void check_memory(void)
{
	const uint64_t available = available_memory();

	check_say("memory", available < 64 * MIB ? CHECK_NOTE : CHECK_OK,
		  "%" PRIu64 " MiB are available", available / MIB);
	if (available < 64 * MIB)
		check_cure("buffers are locked memory, 0.5 MiB to 16 MiB a thread: free some");
}

void doctor_kernel(struct patient *patient)
{
	uname(&patient->kernel);
	check_version(patient);
	check_configuration(patient);
	check_headers(patient);
	check_memory();
}
