// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl instrument: the words for it, and the way to the script that does it.
 *
 * The script lies in instrument/ beside this program in the tree, and in libexec/
 * beside its directory where 'make install-tools' has put both: so neither minds
 * where PREFIX is. It builds where 'kcovctl load' looks.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_cache.h"

static const char usage[] =
"usage: kcovctl instrument [OPTION...] MODULE...\n"
"\n"
"Builds modules of a distribution's kernel once more, with kcov's callbacks in\n"
"every basic block and before every comparison. Needs the kernel's headers and\n"
"source (linux-headers-RELEASE, linux-source-X.Y); 'kcovctl load' loads them.\n"
"\n"
"  -k, --kernel RELEASE  the kernel; default: the running one\n"
"  -H, --headers DIR     its headers; default: /lib/modules/RELEASE/build\n"
"  -M, --modules DIR     its modules; default: /lib/modules/RELEASE\n"
"  -s, --source FILE     its source, an archive or a directory; default:\n"
"                        /usr/src/linux-source-X.Y.tar.xz\n"
"  -K, --kcov FILE       kcov.ko for it\n"
"  -c, --cache DIR       builds modules/RELEASE/ there; default: ~/.cache/kcov\n"
"      --no-comparisons  PCs only: smaller and faster\n"
"      --install         also into updates/, so that the next boot loads them in\n"
"                        place of the stock ones\n"
"      --uninstall       out of there again; nothing is built\n"
"  -j, --jobs N          compilers at once; default: one a CPU\n"
"  -V, --verbose         commands in full, and the compiler's warnings\n"
"  -h, --help            this text\n"
"\n"
"Prints callbacks and size of each file, as 'kcovctl sites' does.\n"
"\n"
"Exit status: 0 done, 1 failed, 2 wrong usage.\n";

static const char *const places[] = {
	"instrument/instrument",
	"../libexec/kcovctl/instrument",
};

static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help"))
			return true;
	return false;
}

static void find_self(char self[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", self, PATH_MAX - 1);

	if (length < 0)
		err(KCOVCTL_FAILED, "/proc/self/exe");
	self[length] = '\0';
}

static enum kcovctl_exit run_script(const char *directory, char **argv)
{
	char script[PATH_MAX + 64];

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(script, sizeof(script), "%s/%s", directory, places[i]);
		execv(script, argv);
		if (errno != ENOENT || !access(script, F_OK))
			break;
	}
	/* of a script that is there it is the interpreter that is not */
	if (errno == ENOENT && !access(script, F_OK))
		warnx("instrument: %s: there is no bash for it: apt-get install bash", script);
	else if (errno == ENOENT)
		warnx("instrument: no script %s/%s nor %s: make install-tools",
		      directory, places[0], script);
	else
		warnx("instrument: %s: %s", script, error_text(errno));
	return KCOVCTL_FAILED;
}

static enum kcovctl_exit run(int argc, char **argv)
{
	char self[PATH_MAX], cache[CACHE_PATH];

	if (wants_help(argc, argv)) {
		fputs(usage, stdout);
		return KCOVCTL_OK;
	}
	find_self(self);
	setenv("KCOVCTL", self, 1);
	if (!cache_home(cache, sizeof(cache)))
		return KCOVCTL_FAILED;
	setenv("KCOV_CACHE", cache, 1);
	*strrchr(self, '/') = '\0';
	return run_script(self, argv);
}

const struct kcovctl_verb verb_instrument = {
	.name = "instrument",
	.summary = "build modules of the distribution with callbacks",
	.usage = usage,
	.run = run,
};
