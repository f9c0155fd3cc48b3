// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arrays that grow one by one: to twice the room, so that each element is moved
 * a few times at most.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdlib.h>

#include "kcovctl.h"
#include "kcovctl_array.h"

#define FIRST_ROOM 64

void *array_grow(void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return array;
	*room = *room ? *room * 2 : FIRST_ROOM;
	array = reallocarray(array, *room, size);
	if (!array)
		err(KCOVCTL_FAILED, "a list of %zu", *room);
	return array;
}
