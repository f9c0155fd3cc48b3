/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Texts that are kept once, however often they come: then equal ones are the
 * same pointer.
 */
#ifndef KCOVCTL_STRINGS_H
#define KCOVCTL_STRINGS_H

struct strings {
	void *root;
};

/* NULL stays NULL. No memory ends the program. */
const char *strings_keep(struct strings *strings, const char *text);
void strings_release(struct strings *strings);

#endif
