/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arrays that grow one by one.
 */
#ifndef KCOVCTL_ARRAY_H
#define KCOVCTL_ARRAY_H

#include <stddef.h>

/*
 * The array, with room for one more of that size behind the count; the room is
 * in elements. No memory ends the program.
 */
void *array_grow(void *array, size_t count, size_t *room, size_t size);

#endif
