// SPDX-License-Identifier: GPL-2.0-only
/*
 * A trace as counters of steps, for fuzzers that guide themselves by such a map.
 */
#include <libkcov.h>

/*
 * PCs of one function differ in a few low bits: multiplied, these decide about all
 * that are above. The constant is 2^64 divided by the golden ratio, and odd.
 */
static uint32_t mix(uint64_t pc)
{
	return (pc * 0x9e3779b97f4a7c15) >> 32;
}

/* The number of a hash among @size, without a division. */
static size_t place(uint32_t hash, size_t size)
{
	return ((uint64_t)hash * size) >> 32;
}

/* Somebody who sees a counter at 0 takes the step for one that was never made. */
static void count_up(uint8_t *counter)
{
	*counter = *counter == UINT8_MAX ? 1 : *counter + 1;
}

/* Shifted, as the step from a to b is not that from b to a, nor that from a to a none. */
size_t kcov_edges(const struct kcov *kcov, uint8_t *map, size_t size)
{
	const size_t count = kcov_count(kcov);
	uint32_t before = 0;

	if (!size)
		return 0;
	for (size_t i = 1; i <= count; i++) {
		const uint32_t here = mix(kcov->cover[i]);

		count_up(&map[place(here ^ before, size)]);
		before = here >> 1;
	}
	return count;
}
