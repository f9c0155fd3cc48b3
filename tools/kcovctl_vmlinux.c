// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl vmlinux: a stock kernel's vmlinux for syzkaller's coverage page.
 *
 * That page takes for covered what it finds as a call of __sanitizer_cov_trace_pc. The
 * copy has this symbol at the address of __fentry__, which functions call first: a
 * longer table of symbols and a longer one of names at its end, and all else as it was.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_buildid.h"
#include "kcovctl_image.h"
#include "kcovctl_output.h"
#include "kcovctl_terminal.h"

static const char usage[] =
"usage: kcovctl vmlinux [-f] [-o FILE] [VMLINUX]\n"
"\n"
"Writes a copy of a stock kernel's vmlinux that syzkaller's coverage page takes\n"
"as one with coverage: where functions call __fentry__ it finds callbacks. Give\n"
"the directory of the copy to syz-manager as \"kernel_obj\".\n"
"\n"
"VMLINUX is the kernel with debug information. Without it: that of the running\n"
"kernel, from where package linux-image-RELEASE-dbg has it.\n"
"\n"
"Where a kernel has nops in the place of these calls (it was built by clang),\n"
"they are calls again in the copy, by the kernel's own list. A kernel with\n"
"CONFIG_KCOV needs no such copy. Functions of .init.text are not found:\n"
"syzkaller does not look there.\n"
"\n"
"  -o, --output FILE  the copy (vmlinux, in this directory)\n"
"  -f, --force        even if there is a FILE\n"
"  -h, --help         this text\n"
"\n"
"Exit status: 0 done, 1 failed, 2 wrong usage.\n";

#define PIECE 0x100000UL

/* --- the copy --------------------------------------------------------------------- */

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
		if (!append(output, bytes + done, piece))
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

static bool write_copy(const struct image *image, const char *path)
{
	struct output output;
	bool written;

	if (!output_open(&output, path))
		return false;
	written = copy_all(&output, image) && append_symbol(&output, image) &&
		  restore_calls(&output, image);
	progress_end();
	return output_close(&output) && written;
}

/* --- which one -------------------------------------------------------------------- */

static bool is_running(const char *path, struct buildid *id)
{
	struct buildid running;

	return buildid_from_elf(path, id) && buildid_from_notes("/sys/kernel/notes", &running) &&
	       buildid_equal(id, &running);
}

/* NULL: said where it is not. The caller frees it. */
static char *find_running(void)
{
	static const char *const places[] = {
		"/usr/lib/debug/boot/vmlinux-%s",
		"/usr/lib/debug/lib/modules/%s/vmlinux",
		"/usr/lib/debug/boot/vmlinux-%s.debug",
		"/boot/vmlinux-%s",
		"/lib/modules/%s/vmlinux",
		"/lib/modules/%s/build/vmlinux",
	};
	struct utsname kernel;
	struct buildid id;
	char path[512];

	uname(&kernel);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), places[i], kernel.release);
		if (is_running(path, &id))
			return strdup(path);
	}
	warnx("no vmlinux of the running kernel in /usr/lib/debug, /boot and /lib/modules");
	warnx("  apt-get install linux-image-%s-dbg, or name one: kcovctl vmlinux FILE",
	      kernel.release);
	return NULL;
}

static void tell_id(const char *path)
{
	struct buildid id = { 0 };
	char text[2 * BUILDID_MAX + 1];
	const bool same = is_running(path, &id);

	buildid_format(&id, text);
	printf("%s: build id %s, %s\n", path, *text ? text : "(none)",
	       same ? "that of the running kernel" : "not that of the running kernel");
	if (!same)
		warnx("coverage of the running kernel would be shown at wrong places with it");
}

static void tell_calls(const struct image *image)
{
	printf("%zu functions call __fentry__ in .text", image->calls);
	if (image->elsewhere)
		printf("; %zu elsewhere, where syzkaller does not look", image->elsewhere);
	putchar('\n');
	if (image->nop_count)
		printf("%zu more have a nop in its place, which is a call in the copy\n",
		       image->nop_count);
}

/* What is written out of order must be a file, which only then takes the name. */
static bool may_write(const char *path, bool force)
{
	struct stat status;

	if (strcmp(path, "-") && stat(path, &status))
		return true;
	if (!strcmp(path, "-") || !S_ISREG(status.st_mode)) {
		warnx("%s: the copy is not written from its beginning to its end", path);
		warnx("  name a regular file with --output");
		return false;
	}
	if (force)
		return true;
	warnx("%s: it is there already", path);
	warnx("  choose another name with --output, or replace it with --force");
	return false;
}

/* It may be the only one there is, and belong to a package. */
static bool is_other(const char *from, const char *to)
{
	struct stat a, b;

	if (stat(from, &a) || stat(to, &b) || a.st_dev != b.st_dev || a.st_ino != b.st_ino)
		return true;
	warnx("%s: the copy would replace the kernel that it is made from", to);
	warnx("  choose another name with --output");
	return false;
}

static bool convert(const char *from, const char *to)
{
	struct image image;
	bool done;

	if (!image_open(&image, from))
		return false;
	tell_id(from);
	done = image_scan(&image);
	if (done) {
		tell_calls(&image);
		error_flush();
		done = write_copy(&image, to);
	}
	image_close(&image);
	if (done)
		printf("%s: written; its directory is \"kernel_obj\" of syz-manager's\n", to);
	return done;
}

static enum kcovctl_exit run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	const char *to = "vmlinux";
	bool force = false, done;
	char *from;
	int c;

	while ((c = getopt_long(argc, argv, "o:fh", options, NULL)) != -1) {
		switch (c) {
		case 'o':
			to = optarg;
			break;
		case 'f':
			force = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return KCOVCTL_OK;
		default:
			return error_usage(&verb_vmlinux, "bad option");
		}
	}
	if (argc - optind > 1)
		return error_usage(&verb_vmlinux, "%s: one file at a time", argv[optind + 1]);
	if (!may_write(to, force))
		return KCOVCTL_FAILED;
	from = optind < argc ? strdup(argv[optind]) : find_running();
	done = from && is_other(from, to) && convert(from, to);
	free(from);
	return done ? KCOVCTL_OK : KCOVCTL_FAILED;
}

const struct kcovctl_verb verb_vmlinux = {
	.name = "vmlinux",
	.summary = "make a stock kernel's vmlinux for syzkaller's coverage page",
	.usage = usage,
	.run = run,
};
