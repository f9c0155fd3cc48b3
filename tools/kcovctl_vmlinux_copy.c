// SPDX-License-Identifier: GPL-2.0-only
/*
 * The copy that kcovctl vmlinux writes.
 *
 * syzkaller's page takes for covered what it finds as a call of __sanitizer_cov_trace_pc.
 * The copy has this symbol at the address of __fentry__, which functions call first: a
 * longer table of symbols and a longer one of names at its end, and all else as it was.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_image.h"
#include "kcovctl_output.h"
#include "kcovctl_terminal.h"
#include "kcovctl_vmlinux_copy.h"

#define PIECE 0x100000UL

/* What can be seen at once; output_close() only knows that something was wrong. */
static bool append(struct output *output, const void *bytes, size_t length)
{
	if (fwrite(bytes, 1, length, output->file) == length)
		return true;
	progress_end();
	warnx("%s: %s", output->path, error_text(errno));
	return false;
}

/* Over what is there already. */
static bool patch(struct output *output, const void *bytes, size_t length, uint64_t offset)
{
	return !fseeko(output->file, (off_t)offset, SEEK_SET) && append(output, bytes, length) &&
	       !fseeko(output->file, 0, SEEK_END);
}

static bool copy_all(struct output *output, const struct image *image)
{
	size_t length, piece;
	const char *bytes = elf_rawfile(image->elf, &length);

	for (size_t done = 0; bytes && done < length; done += piece) {
		piece = length - done < PIECE ? length - done : PIECE;
		progress_show("copying", done, length);
		if (output_is_interrupted(output) || !append(output, bytes + done, piece))
			return false;
	}
	return bytes;
}

/* The whole section once more at the end, with something behind it. */
static bool append_section(struct output *output, const struct image *image, size_t number,
			   const void *more, size_t length)
{
	static const char zeros[8];
	const Elf_Data *data = elf_rawdata(elf_getscn(image->elf, number), NULL);
	const uint64_t place = image->header.e_shoff + number * sizeof(Elf64_Shdr);
	const uint64_t end = (uint64_t)ftello(output->file);
	Elf64_Shdr header;

	memcpy(&header, elf_rawfile(image->elf, NULL) + place, sizeof(header));
	header.sh_offset = (end + sizeof(zeros) - 1) / sizeof(zeros) * sizeof(zeros);
	header.sh_size = data->d_size + length;
	return append(output, zeros, header.sh_offset - end) &&
	       append(output, data->d_buf, data->d_size) && append(output, more, length) &&
	       patch(output, &header, sizeof(header), place);
}

static bool append_symbol(struct output *output, const struct image *image)
{
	const Elf_Data *names = elf_rawdata(elf_getscn(image->elf, image->strtab), NULL);
	const Elf64_Sym symbol = {
		.st_name = (Elf64_Word)names->d_size,
		.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
		.st_shndx = image->fentry.st_shndx,
		.st_value = image->fentry.st_value,
	};

	return append_section(output, image, image->strtab, IMAGE_CALLBACK,
			      sizeof(IMAGE_CALLBACK)) &&
	       append_section(output, image, image->symtab, &symbol, sizeof(symbol));
}

static bool restore_call(struct output *output, const struct image *image, uint64_t address)
{
	const int32_t distance = (int32_t)(image->fentry.st_value - address - IMAGE_CALL);
	unsigned char call[IMAGE_CALL] = { 0xe8 };

	memcpy(call + 1, &distance, sizeof(distance));
	return patch(output, call, sizeof(call),
		     image->text.sh_offset + (address - image->text.sh_addr));
}

static bool restore_calls(struct output *output, const struct image *image)
{
	bool restored = true;

	for (size_t i = 0; restored && i < image->nop_count; i++)
		restored = restore_call(output, image, image->nops[i]);
	return restored;
}

bool vmlinux_copy(const struct image *image, const char *path)
{
	struct output output;
	bool written;

	if (!output_open(&output, path))
		return false;
	written = copy_all(&output, image) && append_symbol(&output, image) &&
		  restore_calls(&output, image);
	progress_end();
	if (output_is_interrupted(&output)) {
		output_discard(&output);
		return false;
	}
	return output_close(&output) && written;
}
