// SPDX-License-Identifier: GPL-2.0-only
/*
 * Symbols, modules and KASLR offset of a kernel, from its own files.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "kcovctl.h"
#include "kcovctl_kernel.h"

/*
 * The address that _text is linked at on x86-64: the start of the kernel's
 * mapping plus CONFIG_PHYSICAL_START, which is 16 MiB in every distribution
 * kernel (the default; CONFIG_PHYSICAL_ALIGN, 2 MiB, divides it). What _text
 * lies above it at run time is the KASLR offset.
 */
#define LINKED_TEXT (UINT64_C(0xffffffff80000000) + UINT64_C(0x1000000))

const struct kernel_files kernel_running = {
	.kallsyms = "/proc/kallsyms",
	.modules = "/proc/modules",
	.sysfs = "/sys",
};

/* The whole file as a string, NULL: said why. No file is an empty one. */
static char *read_text(const char *path)
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

static bool find_offset(struct kernel *kernel, const struct kernel_files *files)
{
	uint64_t text;

	if (symtab_is_hidden(&kernel->symtab)) {
		warnx("%s: all addresses are hidden (zero)", files->kallsyms);
		warnx("  run as root, with sysctl kernel.kptr_restrict=1 or 0");
		return false;
	}
	text = symtab_address(&kernel->symtab, "_text");
	if (!text || text < LINKED_TEXT) {
		warnx("%s: no _text of an x86-64 kernel: is it another file?",
		      files->kallsyms);
		return false;
	}
	kernel->kaslr_offset = text - LINKED_TEXT;
	return true;
}

bool kernel_load(struct kernel *kernel, const struct kernel_files *files)
{
	*kernel = (struct kernel){ 0 };
	kernel->kallsyms_text = read_text(files->kallsyms);
	if (kernel->kallsyms_text)
		kernel->modules_text = read_text(files->modules);
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
