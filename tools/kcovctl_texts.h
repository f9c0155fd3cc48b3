/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Texts one behind the other, each once.
 */
#ifndef KCOVCTL_TEXTS_H
#define KCOVCTL_TEXTS_H

#include <stddef.h>
#include <stdint.h>

struct texts {
	char *bytes;
	size_t size, room;
	uint32_t *slots;	/* offsets, by hash */
	size_t slot_count, count;
};

/* "" is at 0. */
void texts_make(struct texts *texts);
void texts_release(struct texts *texts);

/* Where the text is; NULL is like "". */
uint32_t texts_add(struct texts *texts, const char *text);

#endif
