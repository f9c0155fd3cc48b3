// SPDX-License-Identifier: GPL-2.0-only
/*
 * How what was reached is shown.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_coverage_json.h"
#include "kcovctl_list.h"
#include "kcovctl_show.h"
#include "kcovctl_tree.h"

/* Views begin where no character is. */
enum { FIRST = 512, OPTION_FILTER = FIRST + SHOW_JSON + 1, OPTION_NO_CACHE };

static const struct option shared[] = {
	{ "functions", no_argument, NULL, FIRST + SHOW_FUNCTIONS },
	{ "lines", no_argument, NULL, FIRST + SHOW_LINES },
	{ "tree", no_argument, NULL, FIRST + SHOW_TREE },
	{ "raw", no_argument, NULL, FIRST + SHOW_RAW },
	{ "offsets", no_argument, NULL, FIRST + SHOW_OFFSETS },
	{ "json", no_argument, NULL, FIRST + SHOW_JSON },
	{ "filter", required_argument, NULL, OPTION_FILTER },
	{ "no-cache", no_argument, NULL, OPTION_NO_CACHE },
	{ "module-dir", required_argument, NULL, 'm' },
	{ "vmlinux", required_argument, NULL, 'k' },
	{ 0 }
};

#define OWN_MAX 16

const struct option *show_table(const struct option *own)
{
	static struct option all[OWN_MAX + ARRAY_SIZE(shared)];
	size_t count = 0;

	while (own[count].name && count < OWN_MAX) {
		all[count] = own[count];
		count++;
	}
	memcpy(&all[count], shared, sizeof(shared));
	return all;
}

static void add_directory(struct naming *naming, const char *directory)
{
	naming->dirs = reallocarray(naming->dirs, naming->dir_count + 1,
				    sizeof(*naming->dirs));
	if (!naming->dirs)
		err(KCOVCTL_FAILED, "list of directories");
	naming->dirs[naming->dir_count++] = directory;
}

bool show_option(struct show *show, int option)
{
	if (option > FIRST && option <= FIRST + SHOW_JSON) {
		show->view = (enum show_view)(option - FIRST);
		return true;
	}
	switch (option) {
	case OPTION_FILTER:
		filter_add(&show->filter, optarg);
		return true;
	case OPTION_NO_CACHE:
		show->naming.no_cache = true;
		return true;
	case 'm':
		add_directory(&show->naming, optarg);
		return true;
	case 'k':
		show->naming.vmlinux = optarg;
		return true;
	default:
		return false;
	}
}

void show_release(struct show *show)
{
	filter_release(&show->filter);
	free(show->naming.dirs);
}

struct naming show_naming(const struct show *show)
{
	struct naming naming = show->naming;

	naming.lines = show->view == SHOW_LINES || show->view == SHOW_TREE ||
		       show->view == SHOW_JSON || filter_has_paths(&show->filter);
	return naming;
}

/* Where nobody knows a line, a list of lines is silent about it. */
static void print_lines(const struct coverage *coverage,
			const struct census *census)
{
	list_lines(coverage, stdout);
	if (!census->without_lines)
		return;
	error_flush();
	warnx("%zu of %zu places are without a source line: there is no debug information",
	      census->without_lines, census->blocks);
	warnx("  of their code; --vmlinux and --module-dir say where it is");
}

static void print_view(enum show_view view, const struct coverage *coverage,
		       const struct census *census)
{
	switch (view) {
	case SHOW_FUNCTIONS:
		list_functions(census, stdout);
		break;
	case SHOW_LINES:
		print_lines(coverage, census);
		break;
	case SHOW_TREE:
		tree_print(census, stdout);
		break;
	case SHOW_RAW:
		list_raw(coverage, stdout);
		break;
	case SHOW_OFFSETS:
		list_offsets(coverage, stdout);
		break;
	case SHOW_JSON:
	case SHOW_SUMMARY:
		break;
	}
}

static void print_json(const struct coverage *coverage,
		       const struct census *census, struct json_object *more)
{
	struct json_object *object = json_coverage(coverage, census);

	if (more && json_object_object_add(object, "run", more))
		err(KCOVCTL_FAILED, "JSON");
	json_print(object, stdout);
}

void show_print(const struct show *show, const struct coverage *coverage,
		struct json_object *more)
{
	struct census census;

	census_take(&census, coverage);
	if (show->view == SHOW_JSON)
		print_json(coverage, &census, more);
	else
		json_object_put(more);
	print_view(show->view, coverage, &census);
	error_flush();
	list_summary(&census);
	census_release(&census);
}
