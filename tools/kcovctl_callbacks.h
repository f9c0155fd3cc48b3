/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls of kcov's callbacks in an object file or a module.
 */
#ifndef KCOVCTL_CALLBACKS_H
#define KCOVCTL_CALLBACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a file holds; text is in bytes. */
struct callbacks {
	size_t pcs;		/* calls that record a PC */
	size_t comparisons;	/* calls that record operands */
	size_t jumps;		/* jumps to a callback: they name the caller's place */
	size_t noinstr;		/* in code that nothing may instrument */
	size_t lost;		/* removed from such code by objtool */
	size_t text;		/* all code of the file */
	bool is_module;		/* linked, as it is loaded */
};

/* Reads the file; false, with a message, if it is no x86-64 object. */
bool callbacks_count(const char *path, struct callbacks *callbacks);

/* Where a callback that records a PC returns to: that is the PC. */
typedef void callbacks_visitor(const char *section, uint64_t offset, void *data);

/* Those of a module; false, without a message, if it cannot be read or is none. */
bool callbacks_visit(const char *path, callbacks_visitor *visit, void *data);

/* Adds what one more file holds to a sum. */
void callbacks_add(struct callbacks *sum, const struct callbacks *one);

#endif
