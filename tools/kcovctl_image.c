// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel's vmlinux: is it one that can be used, and where its functions call
 * __fentry__. A kernel lists these places for ftrace (__mcount_loc).
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_image.h"

static bool refuse(const struct image *image, const char *why, const char *cure)
{
	warnx("%s: %s", image->path, why);
	warnx("  %s", cure);
	return false;
}

static bool check_kind(struct image *image)
{
	static const char package[] =
		"take vmlinux with debug information, from package linux-image-RELEASE-dbg";

	image->elf = elf_begin(image->fd, ELF_C_READ_MMAP, NULL);
	if (!image->elf || elf_kind(image->elf) != ELF_K_ELF ||
	    !gelf_getehdr(image->elf, &image->header))
		return refuse(image, "not an ELF file, as vmlinuz is none", package);
	if (image->header.e_machine != EM_X86_64 ||
	    image->header.e_ident[EI_CLASS] != ELFCLASS64)
		return refuse(image, "not for x86-64", package);
	if (image->header.e_type != ET_EXEC && image->header.e_type != ET_DYN)
		return refuse(image, "a module or an object, not a whole kernel", package);
	return true;
}

/* The number of a section, 0: there is none of that name. */
static size_t find_section(const struct image *image, const char *name, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(image->elf, &names))
		return 0;
	while ((section = elf_nextscn(image->elf, section))) {
		const char *found = gelf_getshdr(section, header) ?
				    elf_strptr(image->elf, names, header->sh_name) : NULL;

		if (found && !strcmp(found, name))
			return elf_ndxscn(section);
	}
	return 0;
}

/* Whether all bytes of a section are in the file. */
static bool is_whole(const struct image *image, size_t number)
{
	Elf_Data *data = elf_rawdata(elf_getscn(image->elf, number), NULL);

	return data && data->d_buf;
}

static bool find_sections(struct image *image)
{
	static const char package[] =
		"it is stripped: the whole one is in package linux-image-RELEASE-dbg";
	GElf_Shdr header;
	Elf_Data *data;
	size_t text;

	image->symtab = find_section(image, ".symtab", &header);
	if (!image->symtab)
		return refuse(image, "no table of symbols", package);
	image->strtab = header.sh_link;
	if (!is_whole(image, image->symtab) || !is_whole(image, image->strtab))
		return refuse(image, "it is damaged: its table of symbols is cut off",
			      "install its package again");
	if (!find_section(image, ".debug_info", &header) &&
	    !find_section(image, ".zdebug_info", &header))
		return refuse(image, "no debug information, without which syzkaller knows no lines",
			      package);
	text = find_section(image, ".text", &image->text);
	data = text ? elf_rawdata(elf_getscn(image->elf, text), NULL) : NULL;
	if (!data || !data->d_buf || data->d_size != image->text.sh_size ||
	    data->d_size < IMAGE_CALL)
		return refuse(image, "no .text with code in it",
			      "it is damaged, or has debug information only: take a whole vmlinux");
	image->code = data->d_buf;
	return true;
}

static void note_symbol(struct image *image, const char *name, const GElf_Sym *symbol,
			bool *has_callback)
{
	if (!strcmp(name, "__fentry__"))
		image->fentry = *symbol;
	else if (!strcmp(name, "__start_mcount_loc"))
		image->list = symbol->st_value;
	else if (!strcmp(name, "__stop_mcount_loc"))
		image->list_end = symbol->st_value;
	else if (!strcmp(name, IMAGE_CALLBACK))
		*has_callback = true;
}

static bool find_symbols(struct image *image)
{
	Elf_Data *data = elf_getdata(elf_getscn(image->elf, image->symtab), NULL);
	bool has_callback = false;
	GElf_Sym symbol;

	for (int i = 1; data && gelf_getsym(data, i, &symbol); i++) {
		const char *name = elf_strptr(image->elf, image->strtab, symbol.st_name);

		if (name && symbol.st_shndx != SHN_UNDEF)
			note_symbol(image, name, &symbol, &has_callback);
	}
	if (has_callback)
		return refuse(image, "it has callbacks already (" IMAGE_CALLBACK ")",
			      "syzkaller takes it as it is");
	if (!image->fentry.st_value)
		return refuse(image, "no __fentry__: built without CONFIG_FUNCTION_TRACER",
			      "functions of such a kernel cannot be covered: take another");
	if (image->fentry.st_value - image->text.sh_addr >= image->text.sh_size)
		return refuse(image, "__fentry__ is not in .text, where syzkaller would look",
			      "nothing can be had from this kernel");
	return true;
}

bool image_open(struct image *image, const char *path)
{
	*image = (struct image){ .path = path };
	image->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (image->fd < 0) {
		warnx("%s: %s", path, error_text(errno));
		return false;
	}
	elf_version(EV_CURRENT);
	if (check_kind(image) && find_sections(image) && find_symbols(image))
		return true;
	image_close(image);
	return false;
}

void image_close(struct image *image)
{
	free(image->nops);
	elf_end(image->elf);
	close(image->fd);
}

/* The bytes at an address, as many as there are up to the section's end. */
static const unsigned char *bytes_at(const struct image *image, uint64_t address, size_t *length)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	Elf_Data *data;

	while ((section = elf_nextscn(image->elf, section))) {
		if (!gelf_getshdr(section, &header) || !(header.sh_flags & SHF_ALLOC) ||
		    header.sh_type == SHT_NOBITS || address < header.sh_addr ||
		    address - header.sh_addr >= header.sh_size)
			continue;
		data = elf_rawdata(section, NULL);
		if (!data || !data->d_buf || data->d_size != header.sh_size)
			return NULL;
		*length = header.sh_size - (address - header.sh_addr);
		return (const unsigned char *)data->d_buf + (address - header.sh_addr);
	}
	return NULL;
}

static bool is_call(const struct image *image, uint64_t offset)
{
	int32_t distance;

	if (image->code[offset] != 0xe8)
		return false;
	memcpy(&distance, &image->code[offset + 1], sizeof(distance));
	return image->text.sh_addr + offset + IMAGE_CALL + (uint64_t)(int64_t)distance ==
	       image->fentry.st_value;
}

/* At each byte, as syzkaller does: nothing tells where instructions begin. */
static void count_calls(struct image *image)
{
	for (uint64_t i = 0; i + IMAGE_CALL <= image->text.sh_size; i++)
		image->calls += is_call(image, i);
}

/* What objtool puts in the place of such a call. */
static bool is_nop(const struct image *image, uint64_t offset)
{
	static const unsigned char nop[IMAGE_CALL] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };

	return !memcmp(&image->code[offset], nop, sizeof(nop));
}

static void look_at(struct image *image, uint64_t address)
{
	const uint64_t offset = address - image->text.sh_addr;

	if (!address)
		return;	/* of a weak function that another one took the place of */
	if (offset > image->text.sh_size - IMAGE_CALL)
		image->elsewhere++;
	else if (is_nop(image, offset))
		image->nops[image->nop_count++] = address;
}

static bool read_list(struct image *image)
{
	const size_t count = (image->list_end - image->list) / sizeof(uint64_t);
	size_t room = 0;
	const unsigned char *list = image->list ? bytes_at(image, image->list, &room) : NULL;
	uint64_t address;

	if (!list || image->list_end < image->list || count * sizeof(address) > room)
		return true;	/* the calls alone tell */
	image->nops = calloc(count + 1, sizeof(*image->nops));
	if (!image->nops) {
		warnx("%s: %s", image->path, error_text(errno));
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		memcpy(&address, list + i * sizeof(address), sizeof(address));
		look_at(image, address);
	}
	return true;
}

bool image_scan(struct image *image)
{
	count_calls(image);
	if (!read_list(image))
		return false;
	if (image->calls || image->nop_count)
		return true;
	return refuse(image, "no function calls __fentry__, and no list tells where one did",
		      "nothing can be had from this kernel: take one that was built by gcc");
}
