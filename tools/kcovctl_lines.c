// SPDX-License-Identifier: GPL-2.0-only
/*
 * Addresses to source lines, through libdwfl.
 *
 * Two sessions: the kernel at the addresses it was linked at, since nothing
 * else is known of a vmlinux, and the modules where they were loaded. A
 * module's file is looked for when its first address is asked for.
 */
#define _GNU_SOURCE 1
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "kcovctl.h"
#include "kcovctl_lines.h"

static const struct kernel *kernel;
static const char *sysfs;
static Dwfl *vmlinux, *modules;

static int find_module_elf(Dwfl_Module *module, void **userdata,
			   const char *name, Dwarf_Addr base, char **path,
			   Elf **elf)
{
	int fd;

	(void)module, (void)userdata, (void)base, (void)elf;
	*path = objects_find_module(name);
	if (!*path)
		return -1;
	fd = open(*path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		warnx("%s: %s", *path, error_text(errno));
	return fd;
}

/*
 * Where a section of a module was loaded. libdwfl's own callback takes a
 * section that sysfs does not show for an error and gives the module up,
 * and there always is one: __versions is marked as loaded and never is. Its
 * interface has an answer for that: -1, not in memory.
 */
static int find_section(Dwfl_Module *module, void **userdata, const char *name,
			Dwarf_Addr base, const char *section, GElf_Word index,
			const GElf_Shdr *header, Dwarf_Addr *address)
{
	char path[4096];
	FILE *file;

	(void)module, (void)userdata, (void)base, (void)index, (void)header;
	*address = (Dwarf_Addr)-1;
	snprintf(path, sizeof(path), "%s/module/%s/sections/%s", sysfs, name,
		 section);
	file = fopen(path, "re");
	if (!file && errno == ENOENT)
		return DWARF_CB_OK;
	if (!file || fscanf(file, "%" SCNx64, address) != 1) {
		warnx("%s: %s: no source lines for this module", path,
		      file ? "not an address" : error_text(errno));
		if (file)
			fclose(file);
		return DWARF_CB_ABORT;
	}
	fclose(file);
	return DWARF_CB_OK;
}

static const Dwfl_Callbacks module_callbacks = {
	.find_elf = find_module_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = find_section,
};

static const Dwfl_Callbacks vmlinux_callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

static bool report_vmlinux(const char *path)
{
	vmlinux = dwfl_begin(&vmlinux_callbacks);
	if (vmlinux && dwfl_report_offline(vmlinux, "vmlinux", path, -1) &&
	    !dwfl_report_end(vmlinux, NULL, NULL))
		return true;
	warnx("%s: %s", path, dwfl_errmsg(-1));
	return false;
}

/* That there is no vmlinux is usual, unless one was asked for. */
static bool open_vmlinux(const struct objects_config *config)
{
	char *path = objects_find_vmlinux();
	bool done;

	if (!path)
		return !config->vmlinux;
	done = report_vmlinux(path);
	free(path);
	return done;
}

static bool open_modules(void)
{
	const struct symtab *tab = &kernel->symtab;

	modules = dwfl_begin(&module_callbacks);
	for (size_t i = 0; modules && i < tab->module_count; i++) {
		const struct module_range *range = &tab->modules[i];

		if (!dwfl_report_module(modules, range->name, range->start,
					range->end))
			break;
	}
	if (modules && !dwfl_report_end(modules, NULL, NULL))
		return true;
	warnx("list of modules: %s", dwfl_errmsg(-1));
	return false;
}

bool lines_open(const struct kernel *of, const struct objects_config *config)
{
	kernel = of;
	sysfs = config->sysfs;
	objects_open(config);
	if (open_vmlinux(config) && open_modules())
		return true;
	lines_close();
	return false;
}

void lines_close(void)
{
	dwfl_end(vmlinux);
	dwfl_end(modules);
	vmlinux = NULL;
	modules = NULL;
	objects_close();
}

/*
 * What clang writes has no table of the units by address, without which
 * libdwfl finds none: they are asked one by one.
 */
static const char *find_in_units(Dwfl_Module *module, uint64_t address, int *line)
{
	Dwarf_Die *unit = NULL;
	Dwarf_Line *found = NULL;
	Dwarf_Addr bias;

	while (!found && (unit = dwfl_module_nextcu(module, unit, &bias)))
		if (dwarf_haspc(unit, address - bias) > 0)
			found = dwarf_getsrc_die(unit, address - bias);
	return found && !dwarf_lineno(found, line) ?
	       dwarf_linesrc(found, NULL, NULL) : NULL;
}

const char *lines_find(uint64_t address, int *line)
{
	Dwfl_Module *module;
	Dwfl_Line *found;

	module = modules ? dwfl_addrmodule(modules, address) : NULL;
	if (!module && vmlinux) {
		address -= kernel->kaslr_offset;
		module = dwfl_addrmodule(vmlinux, address);
	}
	if (!module)
		return NULL;
	found = dwfl_module_getsrc(module, address);
	return found ? dwfl_lineinfo(found, NULL, line, NULL, NULL, NULL) :
	       find_in_units(module, address, line);
}
