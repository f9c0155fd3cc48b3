// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting and finding the calls of kcov's callbacks: relocations against their
 * names.
 *
 * In noinstr code objtool makes a call a nop and its relocation one of no type,
 * which keeps the name: so what was removed can still be counted.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_callbacks.h"

#define PREFIX	"__sanitizer_cov_trace_"
#define CALL	0xe8
#define OPERAND	4	/* bytes of a call behind its opcode */

/* What is done with what is found. */
struct search {
	struct callbacks *callbacks;
	callbacks_visitor *visit;	/* NULL: they are counted only */
	void *data;
};

/* The section with code and what its relocations refer to. */
struct code {
	const char *name;
	Elf_Data *bytes;
	Elf_Data *symbols;
	size_t names;		/* section of the symbols' names */
};

static bool is_callback(const char *name, bool *pc)
{
	if (!name || strncmp(name, PREFIX, strlen(PREFIX)))
		return false;
	*pc = !strcmp(name, PREFIX "pc");
	return true;
}

/* The places that mainline keeps free of instrumentation by sections. */
static bool is_noinstr(const char *section)
{
	return !strcmp(section, ".noinstr.text") ||
	       !strcmp(section, ".entry.text") ||
	       !strcmp(section, ".cpuidle.text");
}

static bool is_call(const struct code *code, GElf_Addr offset)
{
	const unsigned char *bytes = code->bytes->d_buf;

	return bytes && offset && offset < code->bytes->d_size &&
	       bytes[offset - 1] == CALL;
}

static void count_one(const struct code *code, const GElf_Rela *rela, bool pc,
		      struct callbacks *callbacks)
{
	if (GELF_R_TYPE(rela->r_info) == R_X86_64_NONE) {
		callbacks->lost++;
		return;
	}
	if (pc)
		callbacks->pcs++;
	else
		callbacks->comparisons++;
	callbacks->jumps += !is_call(code, rela->r_offset);
	callbacks->noinstr += is_noinstr(code->name);
}

static void take_one(const struct code *code, const GElf_Rela *rela, bool pc,
		     const struct search *search)
{
	count_one(code, rela, pc, search->callbacks);
	if (search->visit && pc && is_call(code, rela->r_offset) &&
	    GELF_R_TYPE(rela->r_info) != R_X86_64_NONE)
		search->visit(code->name, rela->r_offset + OPERAND,
			      search->data);
}

static void count_section(Elf *elf, const struct code *code, Elf_Data *relas,
			  size_t count, const struct search *search)
{
	GElf_Rela rela;
	GElf_Sym symbol;
	bool pc;

	for (size_t i = 0; i < count; i++) {
		if (!gelf_getrela(relas, (int)i, &rela) ||
		    !gelf_getsym(code->symbols,
				 (int)GELF_R_SYM(rela.r_info), &symbol))
			continue;
		if (is_callback(elf_strptr(elf, code->names, symbol.st_name),
				&pc))
			take_one(code, &rela, pc, search);
	}
}

static const char *section_name(Elf *elf, const GElf_Shdr *header)
{
	size_t names;
	const char *name = NULL;

	if (!elf_getshdrstrndx(elf, &names))
		name = elf_strptr(elf, names, header->sh_name);
	return name ? name : "";
}

static bool is_code(const GElf_Shdr *header)
{
	return (header->sh_flags & SHF_ALLOC) &&
	       (header->sh_flags & SHF_EXECINSTR);
}

/* A section of relocations: those of code are looked at. */
static void look_at_relocations(Elf *elf, Elf_Scn *section,
				const GElf_Shdr *header,
				const struct search *search)
{
	Elf_Scn *target = elf_getscn(elf, header->sh_info);
	Elf_Scn *symtab = elf_getscn(elf, header->sh_link);
	GElf_Shdr target_header, symtab_header;
	struct code code;

	if (!target || !gelf_getshdr(target, &target_header) ||
	    !is_code(&target_header) || !header->sh_entsize ||
	    !symtab || !gelf_getshdr(symtab, &symtab_header))
		return;
	code.name = section_name(elf, &target_header);
	code.bytes = elf_getdata(target, NULL);
	code.symbols = elf_getdata(symtab, NULL);
	code.names = symtab_header.sh_link;
	if (code.bytes && code.symbols)
		count_section(elf, &code, elf_getdata(section, NULL),
			      header->sh_size / header->sh_entsize, search);
}

static void look_at_section(Elf *elf, Elf_Scn *section,
			    const struct search *search)
{
	GElf_Shdr header;

	if (!gelf_getshdr(section, &header))
		return;
	if (header.sh_type == SHT_RELA)
		look_at_relocations(elf, section, &header, search);
	if (is_code(&header))
		search->callbacks->text += header.sh_size;
	if (!strcmp(section_name(elf, &header), ".gnu.linkonce.this_module"))
		search->callbacks->is_module = true;
}

static bool is_object(Elf *elf)
{
	GElf_Ehdr header;

	return elf && gelf_getehdr(elf, &header) && header.e_type == ET_REL &&
	       header.e_machine == EM_X86_64;
}

/* Of a file that was cut off libelf shows no sections, which are at its end. */
static bool is_whole(Elf *elf)
{
	Elf_Scn *section = NULL;
	size_t length, there = 1, count;
	GElf_Shdr header;

	if (!elf_rawfile(elf, &length) || elf_getshdrnum(elf, &count))
		return false;
	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header) ||
		    (header.sh_type != SHT_NOBITS &&
		     (header.sh_offset > length ||
		      header.sh_size > length - header.sh_offset)))
			return false;
		there++;
	}
	return there == count;
}

static const char *look_at_elf(Elf *elf, const struct search *search)
{
	Elf_Scn *section = NULL;

	if (!is_object(elf))
		return "no object file or module of x86-64 (unpack a compressed one)";
	if (!is_whole(elf))
		return "a part of it is cut off: build or install it again";
	while ((section = elf_nextscn(elf, section)))
		look_at_section(elf, section, search);
	return NULL;
}

/* NULL, or why not. */
static const char *look_at_file(int fd, const struct search *search)
{
	const char *why;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	why = look_at_elf(elf, search);
	elf_end(elf);
	return why;
}

bool callbacks_count(const char *path, struct callbacks *callbacks)
{
	const struct search search = { .callbacks = callbacks };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *why;

	memset(callbacks, 0, sizeof(*callbacks));
	if (fd < 0) {
		warnx("%s: %s", path, error_text(errno));
		return false;
	}
	why = look_at_file(fd, &search);
	if (why)
		warnx("%s: %s", path, why);
	close(fd);
	return !why;
}

bool callbacks_visit(const char *path, callbacks_visitor *visit, void *data)
{
	struct callbacks callbacks = { 0 };
	const struct search search = { &callbacks, visit, data };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool visited;

	if (fd < 0)
		return false;
	visited = !look_at_file(fd, &search);
	close(fd);
	return visited;
}

void callbacks_add(struct callbacks *sum, const struct callbacks *one)
{
	sum->pcs += one->pcs;
	sum->comparisons += one->comparisons;
	sum->jumps += one->jumps;
	sum->noinstr += one->noinstr;
	sum->lost += one->lost;
	sum->text += one->text;
	sum->is_module |= one->is_module;
}
