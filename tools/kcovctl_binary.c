// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file of the kernel or of a module, through libdwfl.
 *
 * Each has a session of its own. A kernel lies where it was linked; the sections
 * of a module lie here one behind the other, wherever they are loaded: so what is
 * found of a byte depends on the file alone. Where no file with code is found, one
 * with debug information alone will do.
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

/* Modules are put from here on, and the kernel ends before. */
#define MODULES_START UINT64_C(0xffffffffc0000000)
#define MODULES_END UINT64_C(0xfffffffff0000000)

struct binary {
	const char *name;	/* of the module; NULL: the kernel */
	const struct buildid *id;
	struct layout_module sections;	/* of a module, where they lie here */
	uint64_t next;			/* where the next one will */
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

	*path = binary->name ?
		objects_find_module(binary->name, binary->id) :
		objects_find_vmlinux(binary->id);
	if (*path)
		return open_file(*path);
	fd = dwfl_build_id_find_elf(module, userdata, name, base, path, elf);
	if (fd >= 0 || *elf)
		return fd;
	return dwfl_standard_find_debuginfo(module, userdata, name, base, NULL,
					    NULL, 0, path);
}

/* With room between, so that the end of one is not the start of the next. */
static void place_section(struct binary *binary, const char *name,
			  const GElf_Shdr *header)
{
	if (!name || !(header->sh_flags & SHF_EXECINSTR) ||
	    layout_section(&binary->sections, name) ||
	    header->sh_size > MODULES_END - binary->next)
		return;
	layout_add_section(&binary->sections, name, binary->next,
			   header->sh_size);
	binary->next = ((binary->next + header->sh_size) | 0xffff) + 1;
}

/* Of data nobody asks: it has no address, which is -1. */
static int find_section(Dwfl_Module *module, void **userdata, const char *name,
			Dwarf_Addr base, const char *section, GElf_Word index,
			const GElf_Shdr *header, Dwarf_Addr *address)
{
	struct binary *binary = *userdata;
	const struct layout_section *found;

	(void)module, (void)name, (void)base, (void)index;
	place_section(binary, section, header);
	found = layout_section(&binary->sections, section);
	*address = found ? found->start : (Dwarf_Addr)-1;
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

/* Those, too, that nothing in the file refers to. */
static void place_sections(struct binary *binary, Elf *elf)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return;
	while ((scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &header))
			place_section(binary, elf_strptr(elf, names, header.sh_name),
				      &header);
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
	if (!binary->name)
		binary->bias = 0;
	if (binary->dwarf && !set_source(binary))
		binary->source.path[0] = '\0';
}

/* What libdebuginfod downloads takes its time. */
static void show_downloads(void)
{
	if (isatty(STDERR_FILENO))
		setenv("DEBUGINFOD_PROGRESS", "1", /*overwrite=*/0);
}

static bool open_elf(struct binary *binary)
{
	GElf_Addr bias;
	Elf *elf;

	if (!(binary->name ?
	      report(binary, binary->name, MODULES_START, MODULES_END) :
	      report(binary, "vmlinux", LAYOUT_KERNEL, MODULES_START)))
		return false;
	elf = dwfl_module_getelf(binary->opened, &bias);
	if (elf && binary->name)
		place_sections(binary, elf);
	return elf;
}

struct binary *binary_open(const char *name, const struct buildid *id)
{
	struct binary *binary;

	if (!id->length)
		return NULL;
	binary = calloc(1, sizeof(*binary));
	if (!binary)
		err(1, "debug information");
	binary->name = name;
	binary->id = id;
	binary->next = MODULES_START;
	show_downloads();
	binary->dwfl = dwfl_begin(&callbacks);
	if (!binary->dwfl)
		errx(1, "libdwfl: %s", dwfl_errmsg(-1));
	if (open_elf(binary)) {
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
	layout_module_release(&binary->sections);
	free(binary);
}

const struct binary_source *binary_source(const struct binary *binary)
{
	return binary->dwarf ? &binary->source : NULL;
}

bool binary_address(const struct binary *binary, const char *section,
		    uint64_t offset, uint64_t *address)
{
	const struct layout_section *found;

	found = layout_section(&binary->sections, section);
	if (!found || offset >= found->size)
		return false;
	*address = found->start + offset;
	return true;
}

static const struct symtab *symtab_of(struct binary *binary)
{
	if (!binary->has_symtab)
		elfsyms_read(&binary->symtab, binary->opened,
			     binary->name ? &binary->sections : NULL);
	binary->has_symtab = true;
	return &binary->symtab;
}

bool binary_symbol(struct binary *binary, uint64_t address,
		   struct symtab_hit *hit)
{
	return symtab_lookup(symtab_of(binary), address, hit);
}

bool binary_function(struct binary *binary, const char *name, uint64_t size,
		     uint64_t *address)
{
	return symtab_function(symtab_of(binary), name, size, address);
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
