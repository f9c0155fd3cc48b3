// SPDX-License-Identifier: GPL-2.0-only
/*
 * Why the kernel does not take a file, and what makes it.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>

#include "kcovctl_refusal.h"
#include "libkcov/lockdown.h"

/* Under lockdown a signature would be no cure: kcov's own file is closed, too. */
static void explain_signature(const struct part *part)
{
	const struct libkcov_lockdown lockdown = libkcov_lockdown();
	const char *path = kmod_module_get_path(part->file);

	if (lockdown.level[0]) {
		warnx("  the kernel is locked down (%s), as Secure Boot does: it takes signed",
		      lockdown.level);
		warnx("  modules only, and nobody may open kcov: boot with Secure Boot off, in");
		warnx("  the firmware or by mokutil --disable-validation, and without lockdown=");
		warnx("  on the kernel's command line");
		return;
	}
	warnx("  the kernel takes modules only that are signed with a key that it knows: boot");
	warnx("  without module.sig_enforce, or sign it with such a key:");
	warnx("  scripts/sign-file sha256 KEY CERT %s", path);
}

void refusal_explain(const struct part *part, int err)
{
	switch (err) {
	case EPERM:
	case EKEYREJECTED:
	case ENOKEY:
	case EBADMSG:
		explain_signature(part);
		break;
	case ENOEXEC:
	case EINVAL:
	case ENOENT:
		warnx("  it does not fit this kernel: kcovctl instrument %s makes one that does",
		      part->name);
		warnx("  (or an option in /etc/modprobe.d is wrong: see dmesg)");
		break;
	case EEXIST:
		warnx("  the stock one was loaded again meanwhile: try once more");
		break;
	case ENOMEM:
		warnx("  there is not enough memory: free some");
		break;
	default:
		warnx("  its init function refused, as the stock one's may do, too (see dmesg)");
	}
}
