// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl: finds the verb on the command line and runs it.
 *
 * A verb is a file kcovctl_<verb>.c, a line in the table below and a page of the
 * manual, tools/man/kcovctl-<verb>.1.scd.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl.h"

static const struct section {
	const char *title;
	const struct kcovctl_verb *verbs[8];	/* up to the first NULL */
} sections[] = {
	{ "Record and look:",
	  { &verb_run, &verb_report, &verb_trace, &verb_symbolize } },
	{ "Modules with callbacks:",
	  { &verb_instrument, &verb_load, &verb_unload, &verb_sites } },
	{ "Look after it:",
	  { &verb_doctor, &verb_instances, &verb_functions, &verb_vmlinux } },
};

static const struct kcovctl_verb *find_in(const struct section *section,
					  const char *name)
{
	for (size_t i = 0; section->verbs[i]; i++)
		if (!strcmp(section->verbs[i]->name, name))
			return section->verbs[i];
	return NULL;
}

static const struct kcovctl_verb *find_verb(const char *name)
{
	const struct kcovctl_verb *verb = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(sections) && !verb; i++)
		verb = find_in(&sections[i], name);
	return verb;
}

static void print_section(const struct section *section, FILE *out)
{
	fprintf(out, "%s\n", section->title);
	for (size_t i = 0; section->verbs[i]; i++)
		fprintf(out, "  %-12s %s\n", section->verbs[i]->name,
			section->verbs[i]->summary);
}

static void print_help(FILE *out)
{
	fputs("usage: kcovctl VERB [OPTION...] [ARG...]\n"
	      "\n"
	      "Kernel code coverage through /sys/kernel/debug/kcov.\n"
	      "\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		print_section(&sections[i], out);
	fputs("\n"
	      "kcovctl help VERB    a verb's options; man kcovctl-VERB has more\n"
	      "kcovctl --version    the version\n"
	      "Exit status: 0 done, 1 failed, 2 wrong usage.\n", out);
}

static enum kcovctl_exit unknown_verb(const char *name)
{
	warnx("no verb '%s'; 'kcovctl --help' lists them", name);
	return KCOVCTL_USAGE;
}

static enum kcovctl_exit help(const char *name)
{
	const struct kcovctl_verb *verb;

	if (!name) {
		print_help(stdout);
		return KCOVCTL_OK;
	}
	verb = find_verb(name);
	if (!verb)
		return unknown_verb(name);
	fputs(verb->usage, stdout);
	return KCOVCTL_OK;
}

/* getopt_long() begins its messages with argv[0]: make that the verb. */
static enum kcovctl_exit run_verb(const struct kcovctl_verb *verb, int argc,
				  char **argv)
{
	char title[64];

	snprintf(title, sizeof(title), "kcovctl %s", verb->name);
	argv[0] = title;
	return verb->run(argc, argv);
}

static enum kcovctl_exit dispatch(int argc, char **argv)
{
	const struct kcovctl_verb *verb;

	if (argc < 2) {
		print_help(stderr);
		return KCOVCTL_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help(NULL);
	if (!strcmp(argv[1], "help"))
		return help(argv[2]);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("kcovctl " KCOVCTL_VERSION);
		return KCOVCTL_OK;
	}
	verb = find_verb(argv[1]);
	if (!verb)
		return unknown_verb(argv[1]);
	return run_verb(verb, argc - 1, argv + 1);
}

/*
 * A standard descriptor that the caller has closed would be the next file that is
 * opened, and messages would go there. It stays closed to what we execute, and
 * writing to it still fails.
 */
static void keep_standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	keep_standard_descriptors();
	return error_stdout(dispatch(argc, argv));
}
