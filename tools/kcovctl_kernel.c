// SPDX-License-Identifier: GPL-2.0-only
/*
 * Symbols, modules and KASLR offset of a kernel, from its own files.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_kernel.h"

const struct kernel_files kernel_running = {
	.kallsyms = "/proc/kallsyms",
	.modules = "/proc/modules",
	.sysfs = "/sys",
};

char *kernel_read_text(const char *path)
{
	FILE *file;
	size_t room = 0;
	char *text = NULL;

	if (!path)
		return calloc(1, 1);
	file = fopen(path, "re");
	if (file && getdelim(&text, &room, '\0', file) < 0 && feof(file)) {
		free(text);
		text = calloc(1, 1);	/* empty */
	}
	if (!file || ferror(file) || !text) {
		warnx("%s: %s", path, error_text(errno));
		free(text);
		text = NULL;
	}
	if (file)
		fclose(file);
	return text;
}

char *kernel_read_modules(const struct kernel_files *files)
{
	/* a kernel without CONFIG_MODULES */
	if (files->modules && !strcmp(files->modules, kernel_running.modules) &&
	    access(files->modules, F_OK))
		return kernel_read_text(NULL);
	return kernel_read_text(files->modules);
}

static bool is_parsed(const char *path, size_t bad_line)
{
	if (bad_line)
		warnx("%s:%zu: not a line of that file: is it damaged, or another file?",
		      path, bad_line);
	return !bad_line;
}

static bool parse_texts(struct kernel *kernel, const struct kernel_files *files)
{
	size_t bad;

	bad = symtab_parse_kallsyms(&kernel->symtab, kernel->kallsyms_text);
	if (!is_parsed(files->kallsyms, bad))
		return false;
	bad = symtab_parse_modules(&kernel->symtab, kernel->modules_text);
	if (!is_parsed(files->modules, bad))
		return false;
	symtab_finish(&kernel->symtab);
	return true;
}

static bool say_hidden(const char *path)
{
	warnx("%s: all addresses are hidden (zero)", path);
	warnx("  run as root, with sysctl kernel.kptr_restrict=1 or 0");
	return false;
}

static bool set_offset(const char *path, uint64_t text, uint64_t *offset)
{
	if (text == KERNEL_UML_TEXT) {
		*offset = 0;
		return true;
	}
	if (text < KERNEL_LINKED_TEXT) {
		warnx("%s: no _text of an x86-64 kernel: is it another file?",
		      path);
		return false;
	}
	*offset = text - KERNEL_LINKED_TEXT;
	return true;
}

static bool is_text_line(const char *line, uint64_t *address)
{
	char type, end;

	return sscanf(line, "%16" SCNx64 " %c _text%c", address, &type, &end) == 3 &&
	       end == '\n';
}

bool kernel_find_offset(const struct kernel_files *files, uint64_t *offset)
{
	FILE *file = fopen(files->kallsyms, "re");
	uint64_t text = 0;
	bool found = false;
	char *line = NULL;
	size_t room = 0;

	if (!file) {
		warnx("%s: %s", files->kallsyms, error_text(errno));
		return false;
	}
	while (!found && getline(&line, &room, file) > 0)
		found = is_text_line(line, &text);
	free(line);
	fclose(file);
	if (found && !text)
		return say_hidden(files->kallsyms);
	return set_offset(files->kallsyms, text, offset);
}

static bool find_offset(struct kernel *kernel, const struct kernel_files *files)
{
	if (symtab_is_hidden(&kernel->symtab))
		return say_hidden(files->kallsyms);
	return set_offset(files->kallsyms,
			  symtab_address(&kernel->symtab, "_text"),
			  &kernel->kaslr_offset);
}

bool kernel_load(struct kernel *kernel, const struct kernel_files *files)
{
	*kernel = (struct kernel){ 0 };
	kernel->kallsyms_text = kernel_read_text(files->kallsyms);
	if (kernel->kallsyms_text)
		kernel->modules_text = kernel_read_modules(files);
	if (kernel->modules_text && parse_texts(kernel, files) &&
	    find_offset(kernel, files))
		return true;
	kernel_release(kernel);
	return false;
}

void kernel_release(struct kernel *kernel)
{
	symtab_release(&kernel->symtab);
	free(kernel->kallsyms_text);
	free(kernel->modules_text);
}
