// SPDX-License-Identifier: GPL-2.0-only
/*
 * The symbols of an ELF file, as /proc/kallsyms would list them.
 */
#define _GNU_SOURCE 1
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
		       const struct layout_module *module)
{
	struct symbol symbol = { .module = module ? module->name : NULL };
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
	/* a kernel is recorded where it is linked, whatever comes first in it */
	if (!module)
		symbol.address = sym.st_value;
	symbol.type = is_executable(elf, section) ? 't' : 'd';
	symbol.rank = rank(&sym, symbol.name);
	symtab_add(tab, &symbol);
}

/* The last function of a section ends with it. */
static void add_end(struct symtab *tab, Elf *elf, Elf_Scn *scn,
		    const struct layout_module *module)
{
	const struct layout_section *section = NULL;
	GElf_Shdr header;
	uint64_t start;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) || !gelf_getshdr(scn, &header) ||
	    !(header.sh_flags & SHF_EXECINSTR))
		return;
	if (module) {
		section = layout_section(module,
					 elf_strptr(elf, names, header.sh_name));
		if (!section || !section->size)
			return;
	}
	start = section ? section->start : header.sh_addr;
	symtab_add(tab, &(struct symbol){ .address = start + header.sh_size,
					  .name = "", .type = 'd',
					  .rank = UINT32_MAX });
}

void elfsyms_read(struct symtab *tab, Dwfl_Module *from,
		  const struct layout_module *module)
{
	int count = dwfl_module_getsymtab(from);
	Elf_Scn *scn = NULL;
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(from, &bias);

	for (int i = 0; i < count; i++)
		add_symbol(tab, from, i, module);
	while (elf && (scn = elf_nextscn(elf, scn)))
		add_end(tab, elf, scn, module);
	symtab_finish(tab);
}
