// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl doctor: what the kernel lets whom do. Files are read and nothing is tried,
 * so that what is refused leaves no line in the log.
 */
#define _GNU_SOURCE 1
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kcovctl_check.h"
#include "kcovctl_doctor.h"
#include "libkcov/lockdown.h"

#define DEBUGFS "/sys/kernel/debug"
#define LOCKDOWN "/sys/kernel/security/lockdown"
#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* Its first character that is no blank, 0: there is no such file. */
static char read_character(const char *path)
{
	FILE *file = fopen(path, "re");
	char character = 0;

	if (file && fscanf(file, " %c", &character) != 1)
		character = 0;
	if (file)
		fclose(file);
	return character;
}

/* Four bytes of attributes come before its value. */
static bool has_secure_boot(void)
{
	FILE *file = fopen(SECURE_BOOT, "re");
	char bytes[5] = "";
	const size_t length = file ? fread(bytes, 1, sizeof(bytes), file) : 0;

	if (file)
		fclose(file);
	return length == sizeof(bytes) && bytes[4];
}

/* Where it is not to be seen, the kernel may be locked down as well as not. */
static bool shows_lockdown(const struct patient *patient)
{
	return !access(LOCKDOWN, F_OK) || (patient->config.text &&
	       !config_has(&patient->config, "SECURITY_LOCKDOWN_LSM"));
}

static void check_lockdown(const struct patient *patient)
{
	const struct libkcov_lockdown lockdown = libkcov_lockdown();

	if (!shows_lockdown(patient)) {
		check_say("lockdown", CHECK_NOTE, "cannot be seen: there is no " LOCKDOWN);
		check_cure("mount -t securityfs none /sys/kernel/security");
		return;
	}
	if (!lockdown.level[0]) {
		check_say("lockdown", CHECK_OK, "none%s",
			  has_secure_boot() ? ", although Secure Boot is on" : "");
		return;
	}
	check_say("lockdown", CHECK_BAD, "the kernel is locked down (%s)%s", lockdown.level,
		  has_secure_boot() ? ", by Secure Boot" : "");
	check_cure("boot with Secure Boot off, in the firmware or by");
	check_cure("mokutil --disable-validation, and without lockdown= on");
	check_cure("the kernel's command line");
}

/* What is loaded has been accepted. */
static void check_signatures(const struct patient *patient)
{
	if (read_character("/sys/module/module/parameters/sig_enforce") != 'Y' ||
	    patient->has_own_kcov) {
		check_say("module signatures", CHECK_OK, "not asked for");
		return;
	}
	check_say("module signatures", CHECK_NOTE, "only signed modules are loaded");
	check_cure("boot without module.sig_enforce, or sign kcov.ko with a key that the");
	check_cure("kernel knows: scripts/sign-file sha256 KEY CERT kcov.ko");
}

static void check_debugfs(void)
{
	struct statfs fs;

	if (!statfs(DEBUGFS, &fs) && fs.f_type == DEBUGFS_MAGIC) {
		check_say("debugfs", CHECK_OK, "%s", DEBUGFS);
		return;
	}
	check_say("debugfs", CHECK_BAD, "not mounted");
	check_cure("mount -t debugfs none " DEBUGFS);
	check_cure("(if that is refused, the kernel was booted with debugfs=off)");
}

/* The module asks for both when its file is opened, the kernel's own kcov does not. */
static void check_addresses(const struct patient *patient)
{
	const char level = read_character("/proc/sys/kernel/kptr_restrict");

	if (patient->has_own_kcov) {
		check_say("kernel.kptr_restrict", CHECK_OK, "%c, of no importance here", level);
		return;
	}
	if (level != '2') {
		check_say("kernel.kptr_restrict", CHECK_OK, "%c", level);
		return;
	}
	check_say("kernel.kptr_restrict", CHECK_BAD, "2: addresses are hidden from everybody");
	check_cure("sysctl kernel.kptr_restrict=1");
}

static bool has_capability(int number)
{
	FILE *file = fopen("/proc/self/status", "re");
	uint64_t effective = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "CapEff: %" SCNx64, &effective) == 1)
			break;
	if (file)
		fclose(file);
	return effective >> number & 1;
}

static void check_privileges(const struct patient *patient)
{
	if (has_capability(CAP_SYSLOG) || patient->has_own_kcov) {
		check_say("privileges", CHECK_OK, "%s", patient->has_own_kcov ?
			  "whoever may open the file" : "CAP_SYSLOG");
		return;
	}
	check_say("privileges", CHECK_BAD, "no CAP_SYSLOG: addresses are hidden from this process");
	check_cure("run as root, or through sudo");
}

void doctor_access(struct patient *patient)
{
	check_lockdown(patient);
	check_signatures(patient);
	check_debugfs();
	check_addresses(patient);
	check_privileges(patient);
}
