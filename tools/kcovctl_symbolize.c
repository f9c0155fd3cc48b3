// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl symbolize: PCs on standard input become names.
 *
 * Where the input has a layout (kcovctl_layout.h), the PCs behind it are those
 * of a saved run; it ends where the next one begins.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_input.h"
#include "kcovctl_pc.h"
#include "kcovctl_print.h"
#include "kcovctl_seen.h"
#include "kcovctl_splat.h"
#include "kcovctl_stream.h"
#include "kcovctl_symbols.h"
#include "kcovctl_terminal.h"

static const char usage[] =
	"usage: kcovctl symbolize [OPTION...] < PCS\n"
	"\n"
	"Turn each line that is a PC into PC function+offset/size [module] file:line\n"
	"and copy all other lines: file:line where debug information of the code is\n"
	"found or DEBUGINFOD_URLS has it, ? where no function is known. PCs behind a\n"
	"layout are of that run, others of what is loaded now.\n"
	"  -i, --inlines         also who inlined it, each on a line of its own\n"
	"      --log             the input is a kernel's log: lines that name code, as\n"
	"                        function+0x12/0x34 [module], get its file:line\n"
	"  -m, --module-dir DIR  look for module files (NAME.ko) in and below DIR first,\n"
	"                        then where instrument, debug packages and the kernel\n"
	"                        have them, and in .; repeatable\n"
	"  -k, --vmlinux FILE    vmlinux with debug information, if in no usual place\n"
	"  -l, --layout          print what lies where now, to stand before saved PCs\n"
	"      --no-cache        leave ~/.cache/kcov/symbols alone\n"
	"  -h, --help            this text\n"
	"For PCs of another machine, its files in place of the running kernel's:\n"
	"      --kallsyms FILE   /proc/kallsyms\n"
	"      --modules FILE    /proc/modules\n"
	"      --sysfs DIR       /sys, its module/ and kernel/notes\n"
	"Examples: kcovctl trace | kcovctl symbolize -i -m ~/mydriver\n"
	"          dmesg | kcovctl symbolize --log -m ~/mydriver\n";

struct settings {
	struct kernel_files files;
	struct symbols_config symbols;
	const char **dirs;
	bool inlines, layout, log, help;
};

/* What symbols are asked of, and whether they are. */
static struct symbols_config *config;
static struct layout saved;
static enum { CLOSED, OPEN, FAILED } state;
static bool is_damaged;

static enum print_style style;

static bool is_log;

/* Not before the first PC: what it belongs to stands before it. */
static bool open_symbols(void)
{
	if (state == CLOSED) {
		config->layout = saved.release ? &saved : NULL;
		state = symbols_open(config) ? OPEN : FAILED;
	}
	return state == OPEN;
}

static void close_symbols(void)
{
	seen_forget();
	if (state == OPEN && !symbols_close())
		is_damaged = true;
	if (state == OPEN)
		state = CLOSED;
}

static void say_damaged(void)
{
	warnx("standard input:%" PRIu64 ": not a line of a layout: is it damaged?",
	      input_line_number);
	is_damaged = true;
}

/* The line of another run's kernel ends the run before. */
static void take_layout(const char *line)
{
	if (state == OPEN) {
		close_symbols();
		layout_release(&saved);
	}
	if (!layout_parse_line(&saved, line))
		say_damaged();
}

static bool is_layout(const char *line, size_t length)
{
	return length >= strlen(LAYOUT_LINE) &&
	       !memcmp(line, LAYOUT_LINE, strlen(LAYOUT_LINE));
}

static void copy_line(const char *line, size_t length, bool is_piece)
{
	char *text;

	stream_put(line, length);
	if (!is_layout(line, length))
		return;
	if (is_piece) {
		say_damaged();
		return;
	}
	text = strndup(line, length);
	if (!text)
		err(KCOVCTL_FAILED, "layout");
	take_layout(text);
	free(text);
}

/* The line as it is, and behind it where that is; a terminal's line has one end more. */
static bool print_named(const char *line, size_t length)
{
	struct splat splat;
	struct place place;

	if (!splat_parse(line, length, &splat) || !open_symbols() ||
	    !symbols_find_named(&splat, &place))
		return false;
	while (length && (line[length - 1] == '\n' || line[length - 1] == '\r'))
		length--;
	stream_put(line, length);
	print_frames(&place, style);
	return true;
}

static void take_line(const char *line, size_t length, bool is_piece)
{
	struct place *place;
	uint64_t pc;

	place = is_piece ? NULL : seen_find(line, length);
	if (place) {
		print_place(place, style);
	} else if (is_piece || !pc_parse(line, length, &pc)) {
		if (!is_log || is_piece || !print_named(line, length))
			copy_line(line, length, is_piece);
	} else if (open_symbols()) {
		place = symbols_find(pc);
		seen_add(line, length, place);
		print_place(place, style);
	}
}

static enum kcovctl_exit symbolize(struct symbols_config *symbols)
{
	bool done;

	config = symbols;
	done = input_read(take_line);
	stream_pass();
	progress_end();
	/* without any PC, too, it is told what is wrong */
	if (!open_symbols())
		done = false;
	close_symbols();
	layout_release(&saved);
	return done && !is_damaged ? KCOVCTL_OK : KCOVCTL_FAILED;
}

static enum kcovctl_exit print_layout(const struct kernel_files *files)
{
	struct layout layout;

	if (!layout_running(&layout, files))
		return KCOVCTL_FAILED;
	layout_print(&layout, stdout);
	layout_release(&layout);
	return KCOVCTL_OK;
}

enum {
	OPTION_KALLSYMS = 256,
	OPTION_MODULES,
	OPTION_SYSFS,
	OPTION_NO_CACHE,
	OPTION_LOG,
};

static const struct option options[] = {
	{ "module-dir", required_argument, NULL, 'm' },
	{ "vmlinux", required_argument, NULL, 'k' },
	{ "inlines", no_argument, NULL, 'i' },
	{ "layout", no_argument, NULL, 'l' },
	{ "log", no_argument, NULL, OPTION_LOG },
	{ "no-cache", no_argument, NULL, OPTION_NO_CACHE },
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
	case 'i':
		settings->inlines = true;
		return true;
	case 'l':
		settings->layout = true;
		return true;
	case OPTION_LOG:
		settings->log = true;
		return true;
	case OPTION_NO_CACHE:
		settings->symbols.no_cache = true;
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

	while ((option = getopt_long(argc, argv, "im:k:lh", options, NULL)) != -1)
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
		settings->files = kernel_running;
	if (!settings->files.kallsyms)
		return error_usage(&verb_symbolize,
				   "--modules and --sysfs need --kallsyms of the same machine");
	if (settings->symbols.vmlinux && !settings->files.sysfs)
		return error_usage(&verb_symbolize,
				   "--vmlinux with --kallsyms needs --sysfs, to check the build id");
	is_log = settings->log;
	style = settings->inlines ? PRINT_INLINES : PRINT_LINE;
	settings->symbols.files = &settings->files;
	if (settings->layout)
		return print_layout(&settings->files);
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
