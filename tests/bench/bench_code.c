// SPDX-License-Identifier: GPL-2.0-only
/*
 * A piece of a driver as the compiler instruments it, to see callbacks where
 * registers are in use around them.
 *
 * Context: any. Locking: none. Lifetime: none.
 */
#include <linux/types.h>

#include "bench.h"

/**
 * bench_code_parse() - the sum of numbers
 * @text: decimal, with signs, between commas; ends at the first other character
 */
u32 bench_code_parse(const char *text)
{
	u32 sum = 0, number = 0;
	bool negative = false;

	for (;; text++) {
		if (*text >= '0' && *text <= '9') {
			number = 10 * number + (*text - '0');
		} else if (*text == '-') {
			negative = true;
		} else if (*text == ',') {
			sum += negative ? -number : number;
			number = 0;
			negative = false;
		} else {
			return sum;
		}
	}
}
