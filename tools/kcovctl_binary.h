/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file of the kernel or of a module: its symbols, its debug information.
 */
#ifndef KCOVCTL_BINARY_H
#define KCOVCTL_BINARY_H

#include "kcovctl_layout.h"
#include "kcovctl_symbols.h"
#include "kcovctl_symtab.h"

struct binary;

/* Which file gave the lines, as it was then; a path of "": none. */
struct binary_source {
	char path[4096];
	uint64_t size, mtime;	/* in bytes, in nanoseconds */
};

/*
 * Search for the file with that build id; the name is that of the module, NULL
 * for the kernel. NULL: there is none. What is wrong with files that could be it
 * is said.
 */
struct binary *binary_open(const char *name, const struct buildid *id);
void binary_close(struct binary *binary);

/* The file, before debug information of its own; NULL: nobody knows. */
const char *binary_path(const struct binary *binary);

/* Whether it has debug information, and from where; NULL: it has none. */
const struct binary_source *binary_source(const struct binary *binary);

/*
 * Where a byte of a section of a module lies here, which is nowhere else so. The
 * kernel's bytes lie where they are recorded. False: the section ends before.
 */
bool binary_address(const struct binary *binary, const char *section,
		    uint64_t offset, uint64_t *address);

/* The function at an address; false: none, or the file is stripped. */
bool binary_symbol(struct binary *binary, uint64_t address,
		   struct symtab_hit *hit);

/*
 * Where the function of that name begins. Of several the one with that size, which
 * does not count where there is one: who has printed it may have counted to the next
 * function or to the end of a page. False: none, or it cannot be told which.
 */
bool binary_function(struct binary *binary, const char *name, uint64_t size,
		     uint64_t *address);

/* The frames of an instruction; texts live until binary_close(). */
size_t binary_frames(struct binary *binary, uint64_t address,
		     struct frame *frames, size_t room);

/* As a file is now; false: it is not there. */
bool binary_source_stat(struct binary_source *source);

#endif
