// SPDX-License-Identifier: GPL-2.0-only
/*
 * The symbols of an ELF file, as /proc/kallsyms would list them.
 */
#define _GNU_SOURCE 1
#include <stdbool.h>
#include <string.h>

#include "kcovctl_elfsyms.h"

/* Labels of the compiler and of the assembler, which the kernel leaves out. */
static bool is_label(const char *name)
{
	return !*name || !strncmp(name, ".L", 2) || !strncmp(name, "L0\001", 3) ||
	       *name == '$';
}

/* Of several at one address: a function, for all to see, with a plain name. */
static unsigned int rank(const GElf_Sym *sym, const char *name)
{
	unsigned int rank = 0;

	if (GELF_ST_TYPE(sym->st_info) != STT_FUNC)
		rank += 64;
	if (GELF_ST_BIND(sym->st_info) == STB_WEAK)
		rank += 32;
	if (GELF_ST_BIND(sym->st_info) == STB_LOCAL)
		rank += 16;
	return rank + (unsigned int)(strspn(name, "_") & 15);
}

static bool is_executable(Elf *elf, GElf_Word section)
{
	GElf_Shdr header;
	Elf_Scn *scn = elf_getscn(elf, section);

	return scn && gelf_getshdr(scn, &header) &&
	       header.sh_flags & SHF_EXECINSTR;
}

static bool is_kind_of_symbol(const GElf_Sym *sym)
{
	int type = GELF_ST_TYPE(sym->st_info);

	return type == STT_NOTYPE || type == STT_FUNC || type == STT_OBJECT ||
	       type == STT_GNU_IFUNC;
}

static void add_symbol(struct symtab *tab, Dwfl_Module *from, int index,
		       bool is_kernel)
{
	struct symbol symbol = { 0 };
	GElf_Word section;
	Dwarf_Addr bias;
	GElf_Sym sym;
	Elf *elf;

	symbol.name = dwfl_module_getsym_info(from, index, &sym,
					      &symbol.address, &section, &elf,
					      &bias);
	if (!symbol.name || is_label(symbol.name) || !is_kind_of_symbol(&sym) ||
	    section == SHN_UNDEF || section >= SHN_LORESERVE)
		return;
	/* whatever comes first in it */
	if (is_kernel)
		symbol.address = sym.st_value;
	symbol.type = is_executable(elf, section) ? 't' : 'd';
	symbol.rank = rank(&sym, symbol.name);
	symtab_add(tab, &symbol);
}

/* The last function of a section ends with it. */
static void add_end(struct symtab *tab, uint64_t end)
{
	const struct symbol symbol = {
		.address = end, .name = "", .type = 'd', .rank = UINT32_MAX,
	};

	symtab_add(tab, &symbol);
}

static void add_kernel_ends(struct symtab *tab, Dwfl_Module *from)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(from, &bias);
	Elf_Scn *scn = NULL;
	GElf_Shdr header;

	while (elf && (scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &header) &&
		    header.sh_flags & SHF_EXECINSTR)
			add_end(tab, header.sh_addr + header.sh_size);
}

void elfsyms_read(struct symtab *tab, struct Dwfl_Module *from,
		  const struct layout_module *sections)
{
	int count = dwfl_module_getsymtab(from);

	for (int i = 0; i < count; i++)
		add_symbol(tab, from, i, !sections);
	if (!sections)
		add_kernel_ends(tab, from);
	for (size_t i = 0; sections && i < sections->count; i++)
		add_end(tab, sections->sections[i].start +
			sections->sections[i].size);
	symtab_finish(tab);
}
