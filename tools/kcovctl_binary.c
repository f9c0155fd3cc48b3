// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file of the kernel or of a module, through libdwfl.
 *
 * Each has a session of its own: a module's sections may lie apart, with those
 * of others between, and all that is known of a vmlinux is where it was linked.
 * libdwfl moves what a module has to the addresses of the layout. Where no file
 * with code is found, one with debug information alone will do.
 */
#define _GNU_SOURCE 1
#include <elfutils/libdwfl.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_binary.h"
#include "kcovctl_elfsyms.h"
#include "kcovctl_objects.h"
#include "kcovctl_units.h"

/* Modules are loaded from here on, and the kernel ends before. */
#define KERNEL_END UINT64_C(0xffffffffc0000000)

struct binary {
	const struct layout_module *module;	/* NULL: the kernel */
	const struct buildid *id;
	Dwfl *dwfl;
	Dwfl_Module *opened;
	Dwarf *dwarf;		/* NULL: no debug information */
	Dwarf_Addr bias;	/* of its addresses */
	struct units units;
	bool has_units;
	struct symtab symtab;
	bool has_symtab;
	struct binary_source source;
};

static int open_file(char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		warnx("%s: %s", path, error_text(errno));
	return fd;
}

/* Our places, then those of build ids, then a file without the code. */
static int find_elf(Dwfl_Module *module, void **userdata, const char *name,
		    Dwarf_Addr base, char **path, Elf **elf)
{
	const struct binary *binary = *userdata;
	int fd;

	*path = binary->module ?
		objects_find_module(binary->module->name, binary->id) :
		objects_find_vmlinux(binary->id);
	if (*path)
		return open_file(*path);
	fd = dwfl_build_id_find_elf(module, userdata, name, base, path, elf);
	if (fd >= 0 || *elf)
		return fd;
	return dwfl_standard_find_debuginfo(module, userdata, name, base, NULL,
					    NULL, 0, path);
}

/* A section that is in memory no more, or never was, has no address: -1. */
static int find_section(Dwfl_Module *module, void **userdata, const char *name,
			Dwarf_Addr base, const char *section, GElf_Word index,
			const GElf_Shdr *header, Dwarf_Addr *address)
{
	const struct binary *binary = *userdata;
	const struct layout_section *found;

	(void)module, (void)name, (void)base, (void)index, (void)header;
	found = binary->module ? layout_section(binary->module, section) : NULL;
	*address = found && found->size ? found->start : (Dwarf_Addr)-1;
	return DWARF_CB_OK;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = find_section,
};

static bool report(struct binary *binary, const char *name, uint64_t low,
		   uint64_t high)
{
	void **userdata;

	binary->opened = dwfl_report_module(binary->dwfl, name, low, high);
	if (!binary->opened ||
	    !dwfl_module_info(binary->opened, &userdata, NULL, NULL, NULL, NULL,
			      NULL, NULL))
		return false;
	*userdata = binary;
	return !dwfl_module_report_build_id(binary->opened, binary->id->bytes,
					    binary->id->length, 0) &&
	       !dwfl_report_end(binary->dwfl, NULL, NULL);
}

static bool report_module(struct binary *binary)
{
	const struct layout_module *module = binary->module;
	uint64_t low = UINT64_MAX, high = 0;

	for (size_t i = 0; i < module->count; i++) {
		const struct layout_section *section = &module->sections[i];

		if (!section->size)
			continue;
		if (section->start < low)
			low = section->start;
		if (section->start + section->size > high)
			high = section->start + section->size;
	}
	return low < high && report(binary, module->name, low, high);
}

const char *binary_path(const struct binary *binary)
{
	const char *path = NULL;

	dwfl_module_info(binary->opened, NULL, NULL, NULL, NULL, NULL, &path,
			 NULL);
	return path;
}

static bool set_source(struct binary *binary)
{
	const char *main_file = NULL, *debug_file = NULL;

	dwfl_module_info(binary->opened, NULL, NULL, NULL, NULL, NULL,
			 &main_file, &debug_file);
	if (debug_file)
		main_file = debug_file;
	if (!main_file || strlen(main_file) >= sizeof(binary->source.path) ||
	    !realpath(main_file, binary->source.path))
		return false;
	return binary_source_stat(&binary->source);
}

static void open_dwarf(struct binary *binary)
{
	binary->dwarf = dwfl_module_getdwarf(binary->opened, &binary->bias);
	/* a kernel is recorded where it is linked, whatever comes first in it */
	if (!binary->module)
		binary->bias = 0;
	if (binary->dwarf && !set_source(binary))
		binary->source.path[0] = '\0';
}

struct binary *binary_open(const struct layout_module *module,
			   const struct buildid *id)
{
	struct binary *binary;
	GElf_Addr bias;

	if (!id->length)
		return NULL;
	binary = calloc(1, sizeof(*binary));
	if (!binary)
		err(1, "debug information");
	binary->module = module;
	binary->id = id;
	binary->dwfl = dwfl_begin(&callbacks);
	if (!binary->dwfl)
		errx(1, "libdwfl: %s", dwfl_errmsg(-1));
	if ((module ? report_module(binary) :
	     report(binary, "vmlinux", LAYOUT_KERNEL, KERNEL_END)) &&
	    dwfl_module_getelf(binary->opened, &bias)) {
		open_dwarf(binary);
		return binary;
	}
	binary_close(binary);
	return NULL;
}

void binary_close(struct binary *binary)
{
	if (!binary)
		return;
	units_release(&binary->units);
	symtab_release(&binary->symtab);
	dwfl_end(binary->dwfl);
	free(binary);
}

const struct binary_source *binary_source(const struct binary *binary)
{
	return binary->dwarf ? &binary->source : NULL;
}

bool binary_symbol(struct binary *binary, uint64_t address,
		   struct symtab_hit *hit)
{
	if (!binary->has_symtab)
		elfsyms_read(&binary->symtab, binary->opened, binary->module);
	binary->has_symtab = true;
	return symtab_lookup(&binary->symtab, address, hit);
}

size_t binary_frames(struct binary *binary, uint64_t address,
		     struct frame *frames, size_t room)
{
	if (!binary->dwarf)
		return 0;
	if (!binary->has_units)
		units_make(&binary->units, binary->dwarf);
	binary->has_units = true;
	return units_find(&binary->units, address - binary->bias, frames, room);
}

bool binary_source_stat(struct binary_source *source)
{
	struct stat status;

	if (stat(source->path, &status))
		return false;
	source->size = (uint64_t)status.st_size;
	source->mtime = (uint64_t)status.st_mtim.tv_sec * 1000000000 +
			(uint64_t)status.st_mtim.tv_nsec;
	return true;
}
