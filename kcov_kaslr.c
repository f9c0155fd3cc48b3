// SPDX-License-Identifier: GPL-2.0-only
/*
 * How far the kernel was moved from its link address.
 *
 * No exported symbol says so, but the kernel writes it down for crash dumps:
 * vmcoreinfo is a note of text lines, its address is exported.
 *
 * Context: module init. Locking: none; the note never changes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/elf.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "kcov_internal.h"

unsigned long kcov_kaslr_offset __ro_after_init;

#ifdef CONFIG_RANDOMIZE_BASE
#define NOTE_NAME "VMCOREINFO"
#define OFFSET_KEY "\nKERNELOFFSET="

static const char *note_text(size_t *size)
{
	const struct elf64_note *note = phys_to_virt(paddr_vmcoreinfo_note());
	const char *name = (const char *)(note + 1);

	if (note->n_namesz != sizeof(NOTE_NAME) ||
	    memcmp(name, NOTE_NAME, sizeof(NOTE_NAME)))
		return NULL;
	*size = note->n_descsz;
	return name + ALIGN(note->n_namesz, 4);
}

int __init kcov_kaslr_setup(void)
{
	const char *text, *key;
	size_t size;
	char hex[2 * sizeof(long) + 1] = "";

	text = note_text(&size);
	key = text ? strnstr(text, OFFSET_KEY, size) : NULL;
	if (key) {
		key += strlen(OFFSET_KEY);
		strscpy(hex, key, min_t(size_t, sizeof(hex), text + size - key));
		hex[strspn(hex, "0123456789abcdef")] = '\0';
	}
	if (!key || kstrtoul(hex, 16, &kcov_kaslr_offset)) {
		pr_err("vmcoreinfo does not hold KERNELOFFSET, so addresses cannot be related to the kernel image: use a kernel with CONFIG_KEXEC_CORE or CONFIG_CRASH_DUMP\n");
		return -ENODEV;
	}
	return 0;
}
#else /* !CONFIG_RANDOMIZE_BASE: a kernel that stays where it was linked */
int __init kcov_kaslr_setup(void)
{
	return 0;
}
#endif
