// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl symbolize: PCs on standard input become names.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_pc.h"
#include "kcovctl_symbols.h"

static const char usage[] =
	"usage: kcovctl symbolize [OPTION...] < PCS\n"
	"\n"
	"Turn each line that is a PC into\n"
	"  PC function+offset/size [module] file:line\n"
	"and copy all other lines. [module] is there for code of modules,\n"
	"file:line where debug information of the running code is found, ? in\n"
	"place of the rest where no function is.\n"
	"\n"
	"  -m, --module-dir DIR  look for module files (NAME.ko) in and below DIR\n"
	"                        first, then in /lib/modules and in .; repeatable\n"
	"  -k, --vmlinux FILE    vmlinux with debug information, if it is in none\n"
	"                        of the usual places\n"
	"  -h, --help            this text\n"
	"\n"
	"For PCs of another machine, its files in place of the running kernel's:\n"
	"  --kallsyms FILE       /proc/kallsyms\n"
	"  --modules FILE        /proc/modules\n"
	"  --sysfs DIR           /sys, its module/ and kernel/notes\n"
	"\n"
	"Example:\n"
	"  kcovctl trace | kcovctl symbolize -m ~/mydriver\n";

#define INPUT_STEP (64UL << 10)

struct settings {
	struct kernel_files files;
	struct symbols_config symbols;
	const char **dirs;
	bool help;
};

static void print_pc(uint64_t pc)
{
	const struct place *place = symbols_find(pc);

	printf("0x%" PRIx64, pc);
	if (!place->symbol) {
		fputs(" ?\n", stdout);
		return;
	}
	printf(" %s+0x%" PRIx64 "/0x%" PRIx64, place->symbol,
	       place->symbol_offset, place->symbol_size);
	if (place->module)
		printf(" [%s]", place->module);
	if (place->frame_count && place->frames->file)
		printf(" %s:%d", place->frames->file, place->frames->line);
	putchar('\n');
}

static void print_line(const char *line,
		       size_t length)
{
	uint64_t pc;

	if (pc_parse(line, length, &pc))
		print_pc(pc);
	else
		fwrite(line, 1, length, stdout);
}

struct input {
	char *text;
	size_t length, room;
};

/* Print the complete lines, keep the rest. */
static void print_complete(struct input *input)
{
	char *line = input->text, *end = input->text + input->length;
	char *newline;

	while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
		print_line(line, (size_t)(newline + 1 - line));
		line = newline + 1;
	}
	input->length = (size_t)(end - line);
	memmove(input->text, line, input->length);
}

static ssize_t read_more(struct input *input)
{
	ssize_t got;

	if (input->room - input->length < INPUT_STEP) {
		input->room = input->room * 2 + INPUT_STEP;
		input->text = realloc(input->text, input->room);
		if (!input->text)
			err(KCOVCTL_FAILED, "standard input");
	}
	do {
		got = read(STDIN_FILENO, input->text + input->length,
			   input->room - input->length);
	} while (got < 0 && errno == EINTR);
	if (got > 0)
		input->length += (size_t)got;
	return got;
}

/*
 * Output is flushed before each wait for input and not more often: a filter
 * that others talk to line by line, and a fast one for long files.
 */
static bool print_lines(void)
{
	struct input input = { 0 };
	ssize_t got;

	while ((got = read_more(&input)) > 0) {
		print_complete(&input);
		if (!error_flush())
			break;
	}
	if (got < 0)
		warnx("standard input: %s", error_text(errno));
	if (!got && input.length)
		print_line(input.text, input.length);
	free(input.text);
	return !got;
}

static enum kcovctl_exit symbolize(const struct symbols_config *config)
{
	bool done;

	if (!symbols_open(config))
		return KCOVCTL_FAILED;
	done = print_lines();
	symbols_close();
	return done ? KCOVCTL_OK : KCOVCTL_FAILED;
}

enum { OPTION_KALLSYMS = 256, OPTION_MODULES, OPTION_SYSFS };

static const struct option options[] = {
	{ "module-dir", required_argument, NULL, 'm' },
	{ "vmlinux", required_argument, NULL, 'k' },
	{ "help", no_argument, NULL, 'h' },
	{ "kallsyms", required_argument, NULL, OPTION_KALLSYMS },
	{ "modules", required_argument, NULL, OPTION_MODULES },
	{ "sysfs", required_argument, NULL, OPTION_SYSFS },
	{ 0 }
};

static bool set_option(struct settings *settings, int option)
{
	switch (option) {
	case 'm':
		settings->dirs[settings->symbols.dir_count++] = optarg;
		return true;
	case 'k':
		settings->symbols.vmlinux = optarg;
		return true;
	case 'h':
		settings->help = true;
		return true;
	case OPTION_KALLSYMS:
		settings->files.kallsyms = optarg;
		return true;
	case OPTION_MODULES:
		settings->files.modules = optarg;
		return true;
	case OPTION_SYSFS:
		settings->files.sysfs = optarg;
		return true;
	default:
		return false;
	}
}

/* What was not given of another machine is unknown, not that of this one. */
static bool is_of_another(const struct kernel_files *files)
{
	return files->kallsyms || files->modules || files->sysfs;
}

static enum kcovctl_exit run_with(struct settings *settings, int argc,
				  char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "m:k:h", options, NULL)) != -1)
		if (!set_option(settings, option))
			return error_usage(&verb_symbolize, "bad option");
	if (settings->help) {
		fputs(usage, stdout);
		return KCOVCTL_OK;
	}
	if (optind < argc)
		return error_usage(&verb_symbolize,
				   "'%s': PCs come on standard input",
				   argv[optind]);
	if (!is_of_another(&settings->files))
		return symbolize(&settings->symbols);
	if (!settings->files.kallsyms)
		return error_usage(&verb_symbolize,
				   "--modules and --sysfs need --kallsyms of the same machine");
	if (settings->symbols.vmlinux && !settings->files.sysfs)
		return error_usage(&verb_symbolize,
				   "--vmlinux with --kallsyms needs --sysfs, to check the build id");
	settings->symbols.files = &settings->files;
	return symbolize(&settings->symbols);
}

static enum kcovctl_exit run(int argc, char **argv)
{
	struct settings settings = { 0 };
	enum kcovctl_exit code;

	/* No more directories than words on the command line. */
	settings.dirs = calloc((size_t)argc, sizeof(*settings.dirs));
	if (!settings.dirs)
		err(KCOVCTL_FAILED, "list of directories");
	settings.symbols.dirs = settings.dirs;
	code = run_with(&settings, argc, argv);
	free(settings.dirs);
	return code;
}

const struct kcovctl_verb verb_symbolize = {
	.name = "symbolize",
	.summary = "turn PCs on standard input into names and source lines",
	.usage = usage,
	.run = run,
};
