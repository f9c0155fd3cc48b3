/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hexadecimal digits, eight at a time, as traces are long. Pure code.
 *
 * A digit is a byte of a word, and what is done to the word is done to each of
 * them: no byte ever gets larger than 255, so none reaches into the next.
 */
#ifndef KCOVCTL_HEX_H
#define KCOVCTL_HEX_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define HEX_BYTES(byte)	((byte) * UINT64_C(0x0101010101010101))

/* Values from 0 to 15, one a byte, become digits; 39 lie between 9 and a. */
static inline uint64_t hex_digits(uint64_t values)
{
	uint64_t letters = (values + HEX_BYTES(6)) >> 4 & HEX_BYTES(1);

	return values + HEX_BYTES('0') + letters * 39;
}

/* Always eight digits. */
static inline void hex_put(char *to, uint32_t number)
{
	uint64_t values = number;

	values = (values | values << 16) & UINT64_C(0x0000ffff0000ffff);
	values = (values | values << 8) & UINT64_C(0x00ff00ff00ff00ff);
	values = (values | values << 4) & HEX_BYTES(0x0f);
	values = __builtin_bswap64(hex_digits(values));
	memcpy(to, &values, sizeof(values));
}

/* False: these are not eight digits; the case of letters is no matter. */
static inline bool hex_get(const char *from, uint32_t *number)
{
	uint64_t digits, values;

	memcpy(&digits, from, sizeof(digits));
	digits |= (digits & HEX_BYTES(0x40)) >> 1;
	values = (digits & HEX_BYTES(0x0f)) +
		 (digits >> 6 & HEX_BYTES(1)) * 9;
	if (values & HEX_BYTES(0x10) || hex_digits(values) != digits)
		return false;
	values = __builtin_bswap64(values);
	values = (values | values >> 4) & UINT64_C(0x00ff00ff00ff00ff);
	values = (values | values >> 8) & UINT64_C(0x0000ffff0000ffff);
	*number = (uint32_t)(values | values >> 16);
	return true;
}

#endif
