/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Code as the kernel's log names it: function+0x12/0x34 [module]. Pure code: text
 * in, answers out.
 */
#ifndef KCOVCTL_SPLAT_H
#define KCOVCTL_SPLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPLAT_NAME_MAX 512	/* KSYM_NAME_LEN */
#define SPLAT_MODULE_MAX 64

struct splat {
	char function[SPLAT_NAME_MAX];
	char module[SPLAT_MODULE_MAX];	/* "": the kernel itself */
	uint64_t offset, size;
	/*
	 * The offset is that of the instruction; else of what comes behind a
	 * call, as in all of a stack but its registers.
	 */
	bool exact;
};

/* The first one of a line; false: there is none. */
bool splat_parse(const char *line, size_t length, struct splat *splat);

#endif
