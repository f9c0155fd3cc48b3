/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The running kernel's vmlinux: made, as no Debian package for the VM has one that is
 * not stripped, and read, as what looks for callbacks in it does.
 */
#ifndef KCOV_VMLINUX_H
#define KCOV_VMLINUX_H

#include "kcov_test.h"

/* What was booted, unpacked, without symbols: tests/vm/image puts it there. */
#define KCOV_STRIPPED	"/lib/modules/vmlinux"

struct kcov_vmlinux {
	unsigned char *bytes;	/* a private copy, so they can be changed */
	size_t length;
};

bool kcov_vmlinux_open(struct kcov_vmlinux *file, const char *path);
void kcov_vmlinux_close(struct kcov_vmlinux *file);

/*
 * With the symbols of /proc/kallsyms, where they are linked to, and a section that has
 * the name of debug information, which nothing of ours reads.
 */
bool kcov_vmlinux_make(const char *path);

/* 0: there is none of that name. */
unsigned long kcov_vmlinux_symbol(const struct kcov_vmlinux *file, const char *name);

/* Whether a call of what is named so returns to this address. */
bool kcov_vmlinux_returns_to(const struct kcov_vmlinux *file, unsigned long pc, const char *name);

/* Calls of it in .text, any byte of which may begin one. */
size_t kcov_vmlinux_calls(const struct kcov_vmlinux *file, const char *name);

#endif /* KCOV_VMLINUX_H */
