/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel's vmlinux: where its functions call __fentry__.
 */
#ifndef KCOVCTL_IMAGE_H
#define KCOVCTL_IMAGE_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_CALLBACK "__sanitizer_cov_trace_pc"
#define IMAGE_CALL 5	/* bytes of a call, and of the nop in its place */

struct image {
	const char *path;
	int fd;
	Elf *elf;
	GElf_Ehdr header;
	GElf_Shdr text;			/* .text, the code that syzkaller looks at */
	const unsigned char *code;	/* its bytes */
	size_t symtab, strtab;		/* numbers of these sections */
	GElf_Sym fentry;
	uint64_t list, list_end;	/* __start_mcount_loc, __stop_mcount_loc; 0: none */
	size_t calls;			/* of __fentry__ in .text */
	uint64_t *nops;			/* addresses there that the list names and are nops */
	size_t nop_count;
	size_t elsewhere;		/* that the list names outside of .text */
};

/* False: it is none, or not one that can be used; said why. */
bool image_open(struct image *image, const char *path);
void image_close(struct image *image);

/* Finds the calls. False: said why. */
bool image_scan(struct image *image);

#endif
