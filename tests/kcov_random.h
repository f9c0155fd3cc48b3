/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers that look random and are the same for the same seed: splitmix64.
 */
#ifndef KCOV_RANDOM_H
#define KCOV_RANDOM_H

#include <stdint.h>

struct kcov_random {
	uint64_t state;
};

static inline uint64_t kcov_random_next(struct kcov_random *random)
{
	uint64_t word = random->state += 0x9e3779b97f4a7c15ULL;

	word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9ULL;
	word = (word ^ (word >> 27)) * 0x94d049bb133111ebULL;
	return word ^ (word >> 31);
}

/* Below @limit, which is small: that some come a little more often is no matter. */
static inline unsigned int kcov_random_below(struct kcov_random *random, unsigned int limit)
{
	return kcov_random_next(random) % limit;
}

/* A stream of its own for whatever has this number below the seed. */
static inline struct kcov_random kcov_random_fork(uint64_t seed, uint64_t number)
{
	struct kcov_random random = { seed };

	random.state = kcov_random_next(&random) ^ number;
	random.state = kcov_random_next(&random);
	return random;
}

#endif /* KCOV_RANDOM_H */
