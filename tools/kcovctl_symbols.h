/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is at a PC: function, source lines, inlined functions.
 *
 * A recorded PC is a return address: it points behind the call that recorded
 * it, which may be the last instruction of its function. So names and source
 * lines are those of the byte before, while offsets are those of the PC itself;
 * the kernel prints its own backtraces this way.
 */
#ifndef KCOVCTL_SYMBOLS_H
#define KCOVCTL_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kcovctl_kernel.h"
#include "kcovctl_layout.h"

struct frame {
	const char *function;
	const char *file;	/* NULL: unknown */
	int line;
};

struct place {
	uint64_t pc;
	const char *module;	/* NULL: the kernel itself, if symbol is set */
	uint64_t module_offset;	/* of the PC, from .text, from _text */
	const char *symbol;	/* NULL: unknown */
	uint64_t symbol_offset, symbol_size;
	const struct frame *frames;	/* innermost first, the function last */
	size_t frame_count;	/* 0: no debug information */
	const char *printed;	/* by kcovctl_print.c, which remembers it here */
	size_t printed_length;
};

struct symbols_config {
	const struct kernel_files *files;	/* NULL: the running kernel */
	const struct layout *layout;	/* of a saved run; NULL: as it is now */
	const char *vmlinux;		/* NULL: the usual places */
	const char *const *dirs;	/* searched for modules first */
	size_t dir_count;
	bool no_cache;
	bool names_only;	/* no frames: no file is looked for if the code is loaded */
};

/*
 * One at a time; what the configuration points to must live as long. False:
 * said why.
 */
bool symbols_open(const struct symbols_config *config);

struct splat;

/*
 * What is at code that the kernel's log names: its frames alone. False: no file of
 * it has debug information. What a module lacks is said, once each.
 */
bool symbols_find_named(const struct splat *splat, struct place *place);

/* Never NULL; what it points to lives until symbols_close(). */
struct place *symbols_find(uint64_t pc);

/*
 * Also writes what was found to the cache. False: something could not be read,
 * which was said, and names may be missing for that.
 */
bool symbols_close(void);

#endif
