// SPDX-License-Identifier: GPL-2.0-only
/*
 * The running kernel's vmlinux, made of what was booted and of /proc/kallsyms. The
 * file of the kernel's -dbg package has the same code and the same symbols.
 */
#include "kcov_vmlinux.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CALL 5
#define TEXT_LINKED 0xffffffff81000000UL

/* --- reading ------------------------------------------------------------------------------ */

bool kcov_vmlinux_open(struct kcov_vmlinux *file, const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;

	*file = (struct kcov_vmlinux){ 0 };
	if (fd < 0 || fstat(fd, &stat) || !stat.st_size) {
		print_error("%s: %s\n", path, strerror(errno));
		return false;
	}
	file->length = stat.st_size;
	file->bytes = mmap(NULL, file->length, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	if (file->bytes != MAP_FAILED)
		return true;
	file->bytes = NULL;
	return false;
}

void kcov_vmlinux_close(struct kcov_vmlinux *file)
{
	if (file->bytes)
		munmap(file->bytes, file->length);
	file->bytes = NULL;
}

static const Elf64_Ehdr *header_of(const struct kcov_vmlinux *file)
{
	return (const void *)file->bytes;
}

static const Elf64_Shdr *section_at(const struct kcov_vmlinux *file, size_t number)
{
	const Elf64_Shdr *table = (const void *)(file->bytes + header_of(file)->e_shoff);

	return &table[number];
}

static const Elf64_Shdr *section_named(const struct kcov_vmlinux *file, const char *name)
{
	const Elf64_Shdr *names = section_at(file, header_of(file)->e_shstrndx);

	for (size_t i = 1; i < header_of(file)->e_shnum; i++) {
		const Elf64_Shdr *section = section_at(file, i);

		if (!strcmp((char *)file->bytes + names->sh_offset + section->sh_name, name))
			return section;
	}
	return NULL;
}

unsigned long kcov_vmlinux_symbol(const struct kcov_vmlinux *file, const char *name)
{
	const Elf64_Shdr *table = section_named(file, ".symtab");
	const Elf64_Sym *symbols;
	const char *names;

	if (!table)
		return 0;
	symbols = (const void *)(file->bytes + table->sh_offset);
	names = (char *)file->bytes + section_at(file, table->sh_link)->sh_offset;
	for (size_t i = 1; i < table->sh_size / sizeof(*symbols); i++)
		if (!strcmp(names + symbols[i].st_name, name))
			return symbols[i].st_value;
	return 0;
}

static bool is_call(const unsigned char *code, unsigned long at, unsigned long callee)
{
	int32_t distance;

	if (*code != 0xe8)
		return false;
	memcpy(&distance, code + 1, sizeof(distance));
	return at + CALL + (long)distance == callee;
}

bool kcov_vmlinux_returns_to(const struct kcov_vmlinux *file, unsigned long pc, const char *name)
{
	const Elf64_Shdr *text = section_named(file, ".text");
	const unsigned long callee = kcov_vmlinux_symbol(file, name);
	const unsigned long at = pc - CALL;

	return callee && text && at >= text->sh_addr && pc <= text->sh_addr + text->sh_size &&
	       is_call(file->bytes + text->sh_offset + (at - text->sh_addr), at, callee);
}

size_t kcov_vmlinux_calls(const struct kcov_vmlinux *file, const char *name)
{
	const Elf64_Shdr *text = section_named(file, ".text");
	const unsigned long callee = kcov_vmlinux_symbol(file, name);
	size_t count = 0;

	for (size_t i = 0; callee && text && i + CALL <= text->sh_size; i++)
		count += is_call(file->bytes + text->sh_offset + i, text->sh_addr + i, callee);
	return count;
}

/* --- making ------------------------------------------------------------------------------- */

/* What stands behind the stripped one: symbols, their names, and those of the sections. */
struct parts {
	Elf64_Sym *symbols;
	size_t count, room;
	FILE *names;
	char *text;
	size_t length;
};

static Elf64_Half section_of(const struct kcov_vmlinux *file, unsigned long address)
{
	for (size_t i = 1; i < header_of(file)->e_shnum; i++) {
		const Elf64_Shdr *section = section_at(file, i);

		if ((section->sh_flags & SHF_ALLOC) && address >= section->sh_addr &&
		    address - section->sh_addr < section->sh_size)
			return i;
	}
	return SHN_ABS;
}

static bool add_symbol(struct parts *parts, const Elf64_Sym *symbol, const char *name)
{
	if (parts->count == parts->room) {
		parts->room = 2 * parts->room + 1024;
		parts->symbols = realloc(parts->symbols, parts->room * sizeof(*symbol));
		if (!parts->symbols)
			return false;
	}
	parts->symbols[parts->count] = *symbol;
	parts->symbols[parts->count++].st_name = ftell(parts->names);
	return fwrite(name, 1, strlen(name) + 1, parts->names) == strlen(name) + 1;
}

/* Lines read "address type name", those of modules go on. Numbers of a CPU do not move. */
static bool add_line(const struct kcov_vmlinux *file, struct parts *parts, char *line)
{
	Elf64_Sym symbol = { .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE) };
	char *name;

	if (strchr(line, '\t'))
		return true;
	symbol.st_value = strtoul(line, &name, 16);
	if (name[0] != ' ' || !name[1] || name[2] != ' ')
		return false;
	if (symbol.st_value >= TEXT_LINKED)
		symbol.st_value -= kcov_offset();
	if (strchr("tTwW", name[1]))
		symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
	symbol.st_shndx = section_of(file, symbol.st_value);
	name[strcspn(name, "\n")] = '\0';
	return add_symbol(parts, &symbol, name + 3);
}

static bool read_symbols(const struct kcov_vmlinux *file, struct parts *parts)
{
	FILE *kallsyms = fopen("/proc/kallsyms", "re");
	const Elf64_Sym none = { 0 };
	char line[1024];
	bool done;

	*parts = (struct parts){ 0 };
	parts->names = open_memstream(&parts->text, &parts->length);
	done = kallsyms && parts->names && add_symbol(parts, &none, "");
	while (done && fgets(line, sizeof(line), kallsyms))
		done = add_line(file, parts, line);
	if (kallsyms)
		fclose(kallsyms);
	return parts->names && !fclose(parts->names) && done;
}

/* At the end of the file, of which the section then tells. */
static bool append(FILE *out, Elf64_Shdr *section, const void *bytes, size_t length)
{
	static const char zeros[8];
	const size_t gap = -ftell(out) & (sizeof(zeros) - 1);

	section->sh_offset = ftell(out) + gap;
	section->sh_size = length;
	section->sh_addralign = sizeof(zeros);
	return fwrite(zeros, 1, gap, out) == gap && fwrite(bytes, 1, length, out) == length;
}

/* The names that the stripped one has for its sections, and three more. */
static bool append_names(FILE *out, const struct kcov_vmlinux *file, Elf64_Shdr *names,
			 Elf64_Shdr *more)
{
	static const char words[] = "\0.symtab\0.strtab\0.debug_info";
	const size_t length = names->sh_size;
	char *text = calloc(1, length + sizeof(words));
	bool done;

	if (!text)
		return false;
	memcpy(text, file->bytes + names->sh_offset, length);
	memcpy(text + length, words, sizeof(words));
	more[0].sh_name = length + 1;
	more[1].sh_name = length + 9;
	more[2].sh_name = length + 17;
	done = append(out, names, text, length + sizeof(words));
	free(text);
	return done;
}

/* The file's own header comes last: then it is known where the table of sections is. */
static bool append_all(FILE *out, const struct kcov_vmlinux *file, const struct parts *parts)
{
	Elf64_Ehdr header = *header_of(file);
	const size_t count = header.e_shnum;
	Elf64_Shdr table[count + 3], whole = { 0 };
	Elf64_Shdr *more = &table[count];

	memcpy(table, section_at(file, 0), count * sizeof(*table));
	more[0] = (Elf64_Shdr){ .sh_type = SHT_SYMTAB, .sh_link = count + 1, .sh_info = 1,
				.sh_entsize = sizeof(Elf64_Sym) };
	more[1] = (Elf64_Shdr){ .sh_type = SHT_STRTAB };
	more[2] = (Elf64_Shdr){ .sh_type = SHT_PROGBITS };
	if (!append(out, &more[0], parts->symbols, parts->count * sizeof(Elf64_Sym)) ||
	    !append(out, &more[1], parts->text, parts->length) ||
	    !append(out, &more[2], "", 1) ||
	    !append_names(out, file, &table[header.e_shstrndx], more) ||
	    !append(out, &whole, table, sizeof(table)))
		return false;
	header.e_shoff = whole.sh_offset;
	header.e_shnum = count + 3;
	return !fseek(out, 0, SEEK_SET) && fwrite(&header, sizeof(header), 1, out) == 1;
}

bool kcov_vmlinux_make(const char *path)
{
	struct kcov_vmlinux file;
	struct parts parts = { 0 };
	bool made = false;
	FILE *out;

	if (!kcov_vmlinux_open(&file, KCOV_STRIPPED))
		return false;
	out = fopen(path, "we");
	if (out) {
		made = read_symbols(&file, &parts) &&
		       fwrite(file.bytes, 1, file.length, out) == file.length &&
		       append_all(out, &file, &parts);
		made = !fclose(out) && made;
	}
	free(parts.symbols);
	free(parts.text);
	kcov_vmlinux_close(&file);
	return made;
}
