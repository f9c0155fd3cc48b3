// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records out of the buffer: no more than it holds, whatever its count says.
 */
#include <assert.h>
#include <libkcov.h>
#include <string.h>

/* So that they can be copied as they are. */
static_assert(sizeof(struct kcov_cmp) == 4 * sizeof(uint64_t), "four words in the buffer");

/* Both counts end where no further record has room. */
bool kcov_overflowed(const struct kcov *kcov)
{
	return kcov_count(kcov) == kcov->words - 1;
}

bool kcov_cmp_overflowed(const struct kcov *kcov)
{
	return kcov_cmp_count(kcov) == kcov_cmp_room(kcov);
}

size_t kcov_collect(const struct kcov *kcov, uint64_t *pcs, size_t room)
{
	const size_t there = kcov_count(kcov);
	const size_t count = there < room ? there : room;

	memcpy(pcs, kcov->cover + 1, count * sizeof(*pcs));
	return count;
}

size_t kcov_cmps(const struct kcov *kcov, struct kcov_cmp *cmps, size_t room)
{
	const size_t there = kcov_cmp_count(kcov);
	const size_t count = there < room ? there : room;

	memcpy(cmps, kcov->cover + 1, count * sizeof(*cmps));
	return count;
}
