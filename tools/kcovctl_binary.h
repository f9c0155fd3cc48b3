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
 * Search for the file with that build id, at the addresses of the layout; the
 * module is NULL for the kernel. NULL: there is none. What is wrong with files
 * that could be it is said.
 */
struct binary *binary_open(const struct layout_module *module,
			   const struct buildid *id);
void binary_close(struct binary *binary);

/* The file, before debug information of its own; NULL: nobody knows. */
const char *binary_path(const struct binary *binary);

/* Whether it has debug information, and from where; NULL: it has none. */
const struct binary_source *binary_source(const struct binary *binary);

/* The function at an address; false: none, or the file is stripped. */
bool binary_symbol(struct binary *binary, uint64_t address,
		   struct symtab_hit *hit);

/* The frames of an instruction; texts live until binary_close(). */
size_t binary_frames(struct binary *binary, uint64_t address,
		     struct frame *frames, size_t room);

/* As a file is now; false: it is not there. */
bool binary_source_stat(struct binary_source *source);

#endif
