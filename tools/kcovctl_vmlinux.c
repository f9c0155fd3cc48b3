// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl vmlinux: a stock kernel's vmlinux for syzkaller's coverage page: which one, and
 * what may be written where.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_buildid.h"
#include "kcovctl_image.h"
#include "kcovctl_vmlinux_copy.h"

static const char usage[] =
"usage: kcovctl vmlinux [-f] [-o FILE] [VMLINUX]\n"
"\n"
"Writes a copy of a stock kernel's vmlinux that syzkaller's coverage page takes\n"
"as one with coverage: where functions call __fentry__ it finds callbacks. Give\n"
"the directory of the copy to syz-manager as \"kernel_obj\".\n"
"\n"
"VMLINUX is the kernel with debug information. Without it: that of the running\n"
"kernel, from where package linux-image-RELEASE-dbg has it.\n"
"\n"
"Where a kernel has nops in the place of these calls (it was built by clang),\n"
"they are calls again in the copy, by the kernel's own list. A kernel with\n"
"CONFIG_KCOV needs no such copy. Functions of .init.text are not found:\n"
"syzkaller does not look there.\n"
"\n"
"  -o, --output FILE  the copy (vmlinux, in this directory)\n"
"  -f, --force        even if there is a FILE\n"
"  -h, --help         this text\n"
"\n"
"Exit status: 0 done, 1 failed, 2 wrong usage.\n";

/* --- which one -------------------------------------------------------------------- */

static bool is_running(const char *path, struct buildid *id)
{
	struct buildid running;

	return buildid_from_elf(path, id) && buildid_from_notes("/sys/kernel/notes", &running) &&
	       buildid_equal(id, &running);
}

/* NULL: said where it is not. The caller frees it. */
static char *find_running(void)
{
	static const char *const places[] = {
		"/usr/lib/debug/boot/vmlinux-%s",
		"/usr/lib/debug/lib/modules/%s/vmlinux",
		"/usr/lib/debug/boot/vmlinux-%s.debug",
		"/boot/vmlinux-%s",
		"/lib/modules/%s/vmlinux",
		"/lib/modules/%s/build/vmlinux",
	};
	struct utsname kernel;
	struct buildid id;
	char path[512];

	uname(&kernel);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), places[i], kernel.release);
		if (is_running(path, &id))
			return strdup(path);
	}
	warnx("no vmlinux of the running kernel in /usr/lib/debug, /boot and /lib/modules");
	warnx("  apt-get install linux-image-%s-dbg, or name one: kcovctl vmlinux FILE",
	      kernel.release);
	return NULL;
}

static void tell_id(const char *path)
{
	struct buildid id = { 0 };
	char text[2 * BUILDID_MAX + 1];
	const bool same = is_running(path, &id);

	buildid_format(&id, text);
	printf("%s: build id %s, %s\n", path, *text ? text : "(none)",
	       same ? "that of the running kernel" : "not that of the running kernel");
	if (!same)
		warnx("coverage of the running kernel would be shown at wrong places with it");
}

static void tell_calls(const struct image *image)
{
	printf("%zu functions call __fentry__ in .text", image->calls);
	if (image->elsewhere)
		printf("; %zu elsewhere, where syzkaller does not look", image->elsewhere);
	putchar('\n');
	if (image->nop_count)
		printf("%zu more have a nop in its place, which is a call in the copy\n",
		       image->nop_count);
}

/* What is written out of order must be a file, which only then takes the name. */
static bool may_write(const char *path, bool force)
{
	struct stat status;

	if (strcmp(path, "-") && stat(path, &status))
		return true;
	if (!strcmp(path, "-") || !S_ISREG(status.st_mode)) {
		warnx("%s: the copy is not written from its beginning to its end", path);
		warnx("  name a regular file with --output");
		return false;
	}
	if (force)
		return true;
	warnx("%s: it is there already", path);
	warnx("  choose another name with --output, or replace it with --force");
	return false;
}

/* It may be the only one there is, and belong to a package. */
static bool is_other(const char *from, const char *to)
{
	struct stat a, b;

	if (stat(from, &a) || stat(to, &b) || a.st_dev != b.st_dev || a.st_ino != b.st_ino)
		return true;
	warnx("%s: the copy would replace the kernel that it is made from", to);
	warnx("  choose another name with --output");
	return false;
}

static bool convert(const char *from, const char *to)
{
	struct image image;
	bool done;

	if (!image_open(&image, from))
		return false;
	tell_id(from);
	done = image_scan(&image);
	if (done) {
		tell_calls(&image);
		error_flush();
		done = vmlinux_copy(&image, to);
	}
	image_close(&image);
	if (done)
		printf("%s: written; its directory is \"kernel_obj\" of syz-manager's\n", to);
	return done;
}

static enum kcovctl_exit run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	const char *to = "vmlinux";
	bool force = false, done;
	char *from;
	int c;

	while ((c = getopt_long(argc, argv, "o:fh", options, NULL)) != -1) {
		switch (c) {
		case 'o':
			to = optarg;
			break;
		case 'f':
			force = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return KCOVCTL_OK;
		default:
			return error_usage(&verb_vmlinux, "bad option");
		}
	}
	if (argc - optind > 1)
		return error_usage(&verb_vmlinux, "%s: one file at a time", argv[optind + 1]);
	if (!may_write(to, force))
		return KCOVCTL_FAILED;
	from = optind < argc ? strdup(argv[optind]) : find_running();
	done = from && is_other(from, to) && convert(from, to);
	free(from);
	return done ? KCOVCTL_OK : KCOVCTL_FAILED;
}

const struct kcovctl_verb verb_vmlinux = {
	.name = "vmlinux",
	.summary = "make a stock kernel's vmlinux for syzkaller's coverage page",
	.usage = usage,
	.run = run,
};
