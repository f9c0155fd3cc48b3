// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which code lies where now: the layout by /sys and /proc.
 *
 * The kernel shows where a section of a module begins, not where it ends: that
 * is where the next one begins that is known, or the module ends. It goes on
 * showing a section whose code ran at the start and whose memory was given
 * back; that counts as long as nothing else lies there.
 */
#define _GNU_SOURCE 1
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "kcovctl.h"
#include "kcovctl_layout.h"

/* No section of that kind is larger. */
#define START_SECTION_MAX (UINT64_C(1) << 20)

/* One section of any module, while its size is being found out. */
struct span {
	struct layout_section *section;
	uint64_t end;		/* of the module; 0: memory given back */
};

struct spans {
	struct span *span;
	size_t count;
};

static bool is_code(const char *section)
{
	return strstr(section, "text");
}

/* 0: not there any more, or not shown. */
static uint64_t read_address(const char *directory, const char *section)
{
	uint64_t address = 0;
	char path[4096 + NAME_MAX + 2];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, section);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%" SCNx64, &address) != 1)
		address = 0;
	fclose(file);
	return address;
}

static void read_sections(struct layout_module *module, const char *sysfs)
{
	char path[4096];
	DIR *dir;

	snprintf(path, sizeof(path), "%s/module/%s/sections", sysfs,
		 module->name);
	dir = opendir(path);
	if (!dir)
		return;	/* it is leaving, or shows nothing */
	for (struct dirent *entry; (entry = readdir(dir));) {
		uint64_t address = is_code(entry->d_name) ?
				   read_address(path, entry->d_name) : 0;

		if (address)
			layout_add_section(module, entry->d_name, address, 0);
	}
	closedir(dir);
}

static void read_module(struct layout *layout, const char *name,
			const char *sysfs)
{
	struct buildid id = { 0 };
	char path[4096];

	snprintf(path, sizeof(path), "%s/module/%s/notes/.note.gnu.build-id",
		 sysfs, name);
	buildid_from_notes(path, &id);
	read_sections(layout_add_module(layout, name, &id), sysfs);
}

/* What runs at the start lies apart from the rest, although the range may reach that far. */
static bool lives_in(const struct layout_section *section, const struct module_range *range)
{
	return section->start >= range->start && section->start < range->end &&
	       strncmp(section->name, ".init", 5);
}

static struct module_range *range_around(const struct symtab *tab, uint64_t address)
{
	for (size_t low = 0, high = tab->module_count; low < high;) {
		size_t middle = low + (high - low) / 2;
		struct module_range *range = &tab->modules[middle];

		if (address < range->start)
			high = middle;
		else if (address >= range->end)
			low = middle + 1;
		else
			return range;
	}
	return NULL;
}

/*
 * A range may be too long, as the size of a module counts what lies elsewhere. What a module
 * had at its start was nobody else's then: one that was there before ends in front of it.
 */
static void clip_earlier(const struct symtab *tab, const struct layout_section *section,
			 const struct module_range *owner)
{
	struct module_range *range = range_around(tab, section->start);

	if (range && range->age >= owner->age && range->start < section->start)
		range->end = section->start;
}

static void clip_ranges(const struct symtab *tab, const struct layout *layout)
{
	for (size_t i = 0; i < layout->count; i++) {
		const struct layout_module *module = &layout->modules[i];

		for (size_t k = 0; k < module->count; k++)
			if (!lives_in(&module->sections[k], &tab->modules[i]))
				clip_earlier(tab, &module->sections[k], &tab->modules[i]);
	}
}

static void add_spans(struct spans *spans, struct layout_module *module,
		      const struct module_range *range)
{
	for (size_t i = 0; i < module->count; i++) {
		struct layout_section *section = &module->sections[i];

		spans->span[spans->count++] = (struct span){
			section, lives_in(section, range) ? range->end : 0,
		};
	}
}

/* What lives first, where two begin at one address. */
static int compare_spans(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (x->section->start != y->section->start)
		return x->section->start < y->section->start ? -1 : 1;
	return (x->end < y->end) - (x->end > y->end);
}

/* The first after it that begins elsewhere: of those that live, or of any. */
static uint64_t next_start(const struct spans *spans, size_t from, bool living)
{
	for (size_t i = from + 1; i < spans->count; i++)
		if (spans->span[i].section->start !=
		    spans->span[from].section->start &&
		    (spans->span[i].end || !living))
			return spans->span[i].section->start;
	return UINT64_MAX;
}

static uint64_t size_of(const struct spans *spans, size_t i)
{
	const struct span *span = &spans->span[i];
	uint64_t start = span->section->start;
	uint64_t next = next_start(spans, i, span->end);
	uint64_t end = span->end ? span->end : start + START_SECTION_MAX;

	return (next < end ? next : end) - start;
}

/* Of two at one address whose memory was given back, it can be neither. */
static bool is_contested(const struct spans *spans, size_t i)
{
	uint64_t start = spans->span[i].section->start;

	return (i && spans->span[i - 1].section->start == start) ||
	       (i + 1 < spans->count &&
		spans->span[i + 1].section->start == start);
}

static void set_sizes(struct spans *spans)
{
	uint64_t lived = 0;	/* up to where something does */

	qsort(spans->span, spans->count, sizeof(*spans->span), compare_spans);
	for (size_t i = 0; i < spans->count; i++) {
		struct span *span = &spans->span[i];

		if (!span->end && (span->section->start < lived ||
				   is_contested(spans, i)))
			continue;	/* the size stays 0 */
		span->section->size = size_of(spans, i);
		if (span->end)
			lived = span->section->start + span->section->size;
	}
}

static void read_modules(struct layout *layout, const struct symtab *tab,
			 const char *sysfs)
{
	struct spans spans = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < tab->module_count; i++)
		read_module(layout, tab->modules[i].name, sysfs);
	for (size_t i = 0; i < layout->count; i++)
		count += layout->modules[i].count;
	spans.span = calloc(count + 1, sizeof(*spans.span));
	if (!spans.span)
		err(1, "layout");
	clip_ranges(tab, layout);
	for (size_t i = 0; i < layout->count; i++)
		add_spans(&spans, &layout->modules[i], &tab->modules[i]);
	set_sizes(&spans);
	free(spans.span);
}

/* As PCs are recorded. */
static void subtract(struct layout *layout, uint64_t offset)
{
	for (size_t i = 0; i < layout->count; i++)
		for (size_t k = 0; k < layout->modules[i].count; k++)
			layout->modules[i].sections[k].start -= offset;
}

static bool read_all(struct layout *layout, const struct kernel_files *files)
{
	char *text = kernel_read_modules(files);
	struct symtab tab = { 0 };
	size_t bad;

	if (!text)
		return false;
	bad = symtab_parse_modules(&tab, text);
	if (bad)
		warnx("%s:%zu: not a line of that file: is it damaged, or another file?",
		      files->modules, bad);
	symtab_finish(&tab);
	if (!bad && files->sysfs)
		read_modules(layout, &tab, files->sysfs);
	symtab_release(&tab);
	free(text);
	return !bad;
}

bool layout_running(struct layout *layout, const struct kernel_files *files)
{
	struct utsname host;
	uint64_t offset;
	char notes[4096];

	*layout = (struct layout){ 0 };
	if (!kernel_find_offset(files, &offset) || !read_all(layout, files)) {
		layout_release(layout);
		return false;
	}
	subtract(layout, offset);
	if (files->sysfs) {
		snprintf(notes, sizeof(notes), "%s/kernel/notes", files->sysfs);
		buildid_from_notes(notes, &layout->kernel);
	}
	uname(&host);
	layout->release = strdup(host.release);
	if (!layout->release)
		err(1, "layout");
	return true;
}
