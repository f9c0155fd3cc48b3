/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Build ids: what proves that a file is the code that runs.
 */
#ifndef KCOVCTL_BUILDID_H
#define KCOVCTL_BUILDID_H

#include <stdbool.h>
#include <stddef.h>

#define BUILDID_MAX 64

struct buildid {
	size_t length;
	unsigned char bytes[BUILDID_MAX];
};

/* From notes as the kernel shows them in sysfs, /sys/kernel/notes. */
bool buildid_from_notes(const char *path, struct buildid *id);

/* From an ELF file, compressed or not. */
bool buildid_from_elf(const char *path, struct buildid *id);

/* The same, and whether the file has debug information. */
bool buildid_examine(const char *path, struct buildid *id, bool *has_lines);

bool buildid_equal(const struct buildid *a, const struct buildid *b);

/* Hexadecimal, in a text of at least BUILDID_MAX * 2 + 1 bytes. */
void buildid_format(const struct buildid *id, char *text);

/* And back; false: it is none. */
bool buildid_parse(const char *text, struct buildid *id);

#endif
