// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which code lay where when PCs were recorded: as text, and from text.
 */
#define _GNU_SOURCE 1
#include <ctype.h>
#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_layout.h"

#define KERNEL_LINE LAYOUT_LINE "kernel "
#define MODULE_LINE LAYOUT_LINE "module "
#define BETWEEN " \t\r\n"

static void *grow(void *array, size_t count, size_t size)
{
	/* to powers of two */
	if (!(count & (count - 1)))
		array = reallocarray(array, count ? count * 2 : 1, size);
	if (!array)
		err(1, "layout");
	return array;
}

static char *copy(const char *text)
{
	char *own = strdup(text);

	if (!own)
		err(1, "layout");
	return own;
}

struct layout_module *layout_add_module(struct layout *layout, const char *name,
					const struct buildid *id)
{
	struct layout_module *module;

	layout->modules = grow(layout->modules, layout->count,
			       sizeof(*layout->modules));
	module = &layout->modules[layout->count++];
	*module = (struct layout_module){ .name = copy(name), .id = *id };
	return module;
}

void layout_add_section(struct layout_module *module, const char *name,
			uint64_t start, uint64_t size)
{
	module->sections = grow(module->sections, module->count,
				sizeof(*module->sections));
	module->sections[module->count++] =
		(struct layout_section){ copy(name), start, size };
}

void layout_module_release(struct layout_module *module)
{
	for (size_t i = 0; i < module->count; i++)
		free(module->sections[i].name);
	free(module->sections);
	free(module->name);
}

void layout_release(struct layout *layout)
{
	for (size_t i = 0; i < layout->count; i++)
		layout_module_release(&layout->modules[i]);
	free(layout->modules);
	free(layout->release);
	*layout = (struct layout){ 0 };
}

const struct layout_module *layout_module(const struct layout *layout,
					  const char *name)
{
	for (size_t i = 0; i < layout->count; i++)
		if (!strcmp(layout->modules[i].name, name))
			return &layout->modules[i];
	return NULL;
}

const struct layout_section *layout_section(const struct layout_module *module,
					    const char *name)
{
	for (size_t i = 0; i < module->count; i++)
		if (!strcmp(module->sections[i].name, name))
			return &module->sections[i];
	return NULL;
}

static void print_id(const struct buildid *id, FILE *out)
{
	char text[BUILDID_MAX * 2 + 1];

	buildid_format(id, text);
	fputs(id->length ? text : "-", out);
}

static void print_module(const struct layout_module *module, FILE *out)
{
	fprintf(out, MODULE_LINE "%s ", module->name);
	print_id(&module->id, out);
	for (size_t i = 0; i < module->count; i++)
		fprintf(out, " %s=0x%" PRIx64 "+0x%" PRIx64,
			module->sections[i].name, module->sections[i].start,
			module->sections[i].size);
	fputc('\n', out);
}

bool layout_print(const struct layout *layout, FILE *out)
{
	fprintf(out, KERNEL_LINE "%s ", layout->release);
	print_id(&layout->kernel, out);
	fputc('\n', out);
	for (size_t i = 0; i < layout->count; i++)
		print_module(&layout->modules[i], out);
	return !ferror(out);
}

/* What is read may come from anywhere, and ends on a terminal. */
static bool is_name(const char *word)
{
	if (!word || !*word)
		return false;
	for (; *word; word++)
		if (!isgraph((unsigned char)*word))
			return false;
	return true;
}

static bool parse_id(const char *word, struct buildid *id)
{
	*id = (struct buildid){ 0 };
	return word && (!strcmp(word, "-") || buildid_parse(word, id));
}

/* 0x and digits, as they were printed, up to this character. */
static bool parse_number(const char **text, char end, uint64_t *value)
{
	const char *digits = *text + 2;
	size_t count;

	if (strncmp(*text, "0x", 2))
		return false;
	count = strspn(digits, "0123456789abcdef");
	if (!count || count > 16 || digits[count] != end)
		return false;
	*value = strtoull(digits, NULL, 16);
	*text = digits + count;
	return true;
}

/* NAME=0xSTART+0xSIZE */
static bool parse_section(char *word, struct layout_module *module)
{
	char *name = word, *equals = strrchr(word, '=');
	uint64_t start, size;
	const char *rest;

	if (!equals)
		return false;
	*equals = '\0';
	rest = equals + 1;
	if (!is_name(name) || !parse_number(&rest, '+', &start))
		return false;
	rest++;
	if (!parse_number(&rest, '\0', &size) || start + size < start)
		return false;
	layout_add_section(module, name, start, size);
	return true;
}

static bool parse_kernel(struct layout *layout, char *words)
{
	char *save = NULL, *release = strtok_r(words, BETWEEN, &save);
	struct buildid id;

	if (layout->release || !is_name(release) ||
	    !parse_id(strtok_r(NULL, BETWEEN, &save), &id) ||
	    strtok_r(NULL, BETWEEN, &save))
		return false;
	layout->release = copy(release);
	layout->kernel = id;
	return true;
}

static bool parse_module(struct layout *layout, char *words)
{
	char *save = NULL, *name = strtok_r(words, BETWEEN, &save), *word;
	struct layout_module *module;
	struct buildid id;

	if (!is_name(name) || layout_module(layout, name) ||
	    !parse_id(strtok_r(NULL, BETWEEN, &save), &id))
		return false;
	module = layout_add_module(layout, name, &id);
	while ((word = strtok_r(NULL, BETWEEN, &save)))
		if (!parse_section(word, module)) {
			layout_module_release(module);
			layout->count--;
			return false;
		}
	return true;
}

bool layout_parse_line(struct layout *layout, const char *line)
{
	static const struct {
		const char *head;
		bool (*parse)(struct layout *layout, char *words);
	} kinds[] = {
		{ KERNEL_LINE, parse_kernel },
		{ MODULE_LINE, parse_module },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t length = strlen(kinds[i].head);
		char *words;
		bool done;

		if (strncmp(line, kinds[i].head, length))
			continue;
		words = copy(line + length);
		done = kinds[i].parse(layout, words);
		free(words);
		return done;
	}
	return false;
}
