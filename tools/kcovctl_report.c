// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl report: saved runs, merged or compared, as lists and for lcov.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_html.h"
#include "kcovctl_lcov.h"
#include "kcovctl_record.h"
#include "kcovctl_show.h"

static const char usage[] =
"usage: kcovctl report [OPTION...] FILE...\n"
"       kcovctl report --diff [OPTION...] BEFORE AFTER\n"
"\n"
"Shows what runs reached that kcovctl run -o has saved: all of them together, or\n"
"what one reaches that another does not. Runs of different boots go together,\n"
"and files of raw PCs of the running kernel. '-' is standard input.\n"
"\n"
"  --functions, --lines, --tree (by directories of the source), --json\n"
"  --raw           PCs, a line each, as syzkaller has them\n"
"  --offsets       MODULE+OFFSET, from its .text\n"
"  --lcov FILE     for genhtml; lines and functions that were not reached are\n"
"                  there, too, of modules built with callbacks\n"
"  --html DIR      pages made by genhtml\n"
"  --source DIR    top of the source, and look nowhere else; again; else where\n"
"                  kcovctl instrument and packages have the kernel's, and in .\n"
"  --filter GLOB   only 'vfs_*', 'ext4:*', 'vmlinux:*', 'fs/ext4/'; repeatable\n"
"  -m, --module-dir DIR, -k, --vmlinux FILE, --no-cache    as symbolize has them\n"
"  -h, --help      this text\n"
"\n"
"Example: kcovctl run -o a.cov -- make check; kcovctl report --html report a.cov\n";

struct settings {
	struct show show;
	const char *lcov, *html;
	const char **sources;
	size_t source_count;
	bool diff, help;
};

/* Runs, and the release that most of their source is of: the last one's. */
struct runs {
	struct coverage coverage;
	struct buildid kernel;
	char *release;
};

static void begin(struct runs *runs)
{
	*runs = (struct runs){ 0 };
	coverage_begin(&runs->coverage);
}

static void release(struct runs *runs)
{
	coverage_release(&runs->coverage);
	free(runs->release);
}

/* Places of two kernels are never the same, whatever their names are. */
static void note_kernel(struct runs *runs, const struct record *record)
{
	const struct layout *layout = &record->layout;

	if (runs->release && !buildid_equal(&runs->kernel, &layout->kernel))
		warnx("%s: of another kernel (%s) than the run before: its places count apart",
		      record->name, layout->release);
	free(runs->release);
	runs->release = strdup(layout->release);
	runs->kernel = layout->kernel;
}

static bool add_file(struct runs *runs, const char *path,
		     const struct naming *naming)
{
	struct record record;
	bool added;

	if (!record_read(&record, path))
		return false;
	note_kernel(runs, &record);
	added = coverage_add(&runs->coverage, &record, naming);
	record_release(&record);
	return added;
}

static bool add_files(struct runs *runs, const struct settings *settings,
		      char *const *files, int count)
{
	const struct naming naming = show_naming(&settings->show);

	for (int i = 0; i < count; i++)
		if (!add_file(runs, files[i], &naming))
			return false;
	coverage_filter(&runs->coverage, &settings->show.filter);
	return true;
}

static bool write_out(const struct settings *settings, const struct runs *runs)
{
	const struct lcov_config config = {
		.sources = settings->sources,
		.source_count = settings->source_count,
		.release = runs->release,
	};

	if (settings->lcov &&
	    !lcov_write(&runs->coverage, &config, settings->lcov))
		return false;
	if (settings->html &&
	    !html_write(&runs->coverage, &config, settings->html))
		return false;
	show_print(&settings->show, &runs->coverage, NULL);
	return true;
}

/* What is not there may have been reached, and what is said to be new may not be. */
static void say_losses(const struct coverage *coverage, const char *of,
		       const char *effect)
{
	if (!coverage->losses.count)
		return;
	warnx("%s: lost: %s", of, losses_words(&coverage->losses).text);
	warnx("  %s", effect);
}

static bool report_all(const struct settings *settings, char *const *files,
		       int count)
{
	struct runs runs;
	bool done;

	begin(&runs);
	done = add_files(&runs, settings, files, count) &&
	       write_out(settings, &runs);
	if (done)
		say_losses(&runs.coverage, count > 1 ? "all runs" : files[0],
			   "so more may have been reached than is shown");
	release(&runs);
	return done;
}

static bool report_difference(const struct settings *settings,
			      char *const *files)
{
	struct runs before, after;
	bool done;

	begin(&before);
	begin(&after);
	done = add_files(&before, settings, files, 1) &&
	       add_files(&after, settings, files + 1, 1);
	if (done) {
		if (!buildid_equal(&before.kernel, &after.kernel))
			warnx("%s and %s are of different kernels: all of the kernel itself is new",
			      files[0], files[1]);
		coverage_subtract(&after.coverage, &before.coverage);
		done = write_out(settings, &after);
		say_losses(&before.coverage, files[0],
			   "so some of what is shown may not be new");
		say_losses(&after.coverage, files[1],
			   "so more may be new than is shown");
	}
	release(&before);
	release(&after);
	return done;
}

enum { OPTION_LCOV = 256, OPTION_HTML, OPTION_SOURCE, OPTION_DIFF };

static const struct option options[] = {
	{ "diff", no_argument, NULL, OPTION_DIFF },
	{ "lcov", required_argument, NULL, OPTION_LCOV },
	{ "html", required_argument, NULL, OPTION_HTML },
	{ "source", required_argument, NULL, OPTION_SOURCE },
	{ "help", no_argument, NULL, 'h' },
	{ 0 }
};

static void add_source(struct settings *settings, const char *directory)
{
	settings->sources = reallocarray(settings->sources,
					 settings->source_count + 1,
					 sizeof(*settings->sources));
	if (!settings->sources)
		err(KCOVCTL_FAILED, "list of directories");
	settings->sources[settings->source_count++] = directory;
}

static bool set_option(struct settings *settings, int option)
{
	switch (option) {
	case OPTION_DIFF:
		settings->diff = true;
		return true;
	case OPTION_LCOV:
		settings->lcov = optarg;
		settings->show.naming.sites = true;
		return true;
	case OPTION_HTML:
		settings->html = optarg;
		settings->show.naming.sites = true;
		return true;
	case OPTION_SOURCE:
		add_source(settings, optarg);
		return true;
	case 'h':
		settings->help = true;
		return true;
	default:
		return show_option(&settings->show, option);
	}
}

static enum kcovctl_exit report(const struct settings *settings,
				char *const *files, int count)
{
	if (settings->diff && count != 2)
		return error_usage(&verb_report, "--diff takes two files");
	if (!count)
		return error_usage(&verb_report, "no file is named");
	if (settings->diff ? report_difference(settings, files) :
			     report_all(settings, files, count))
		return KCOVCTL_OK;
	return KCOVCTL_FAILED;
}

static enum kcovctl_exit run_with(struct settings *settings, int argc,
				  char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "h" SHOW_SHORT,
				     show_table(options), NULL)) != -1)
		if (!set_option(settings, option))
			return error_usage(&verb_report, "bad option");
	if (settings->help) {
		fputs(usage, stdout);
		return KCOVCTL_OK;
	}
	return report(settings, argv + optind, argc - optind);
}

static enum kcovctl_exit run(int argc, char **argv)
{
	struct settings settings = { 0 };
	enum kcovctl_exit code = run_with(&settings, argc, argv);

	show_release(&settings.show);
	free(settings.sources);
	return code;
}

const struct kcovctl_verb verb_report = {
	.name = "report",
	.summary = "show, merge and compare saved runs, also as lcov and HTML",
	.usage = usage,
	.run = run,
};
