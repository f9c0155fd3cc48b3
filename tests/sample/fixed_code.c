// SPDX-License-Identifier: GPL-2.0-only
/*
 * Code that is compiled once, with the same flags for every kernel, so that
 * its records are the same wherever it runs, down to the offset.
 *
 * No header of a kernel: nothing of its configuration reaches this code. Each
 * function makes one kind of comparison, or one pattern of blocks.
 * kcov_fixed_run.c calls them. They return what they decided, so that nothing
 * is optimised away. The cases of a switch are far apart, so that no compiler
 * makes a range of them.
 */
#include "fixed_code.h"

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef fixed_u64 u64;

u64 fixed_cmp1(u64 a, u64 b)
{
	return (u8)a < (u8)b;
}

u64 fixed_cmp2(u64 a, u64 b)
{
	return (u16)a < (u16)b;
}

u64 fixed_cmp4(u64 a, u64 b)
{
	return (u32)a < (u32)b;
}

u64 fixed_cmp8(u64 a, u64 b)
{
	return a < b;
}

/* Negative numbers are widened with zeroes, too. */
u64 fixed_signed1(u64 a, u64 b)
{
	return (signed char)a < (signed char)b;
}

u64 fixed_signed4(u64 a, u64 b)
{
	return (int)a < (int)b;
}

u64 fixed_const1(u64 a, u64 b)
{
	return (u8)a == 0x51;
}

u64 fixed_const2(u64 a, u64 b)
{
	return (u16)a == 0x5152;
}

u64 fixed_const4(u64 a, u64 b)
{
	return (u32)a == 0x51525354;
}

u64 fixed_const8(u64 a, u64 b)
{
	return a == 0x5152535455565758;
}

u64 fixed_switch1(u64 a, u64 b)
{
	switch ((u8)a) {
	case 3:
		return b + 1;
	case 50:
		return b * 3;
	case 101:
		return b ^ 7;
	default:
		return b;
	}
}

u64 fixed_switch2(u64 a, u64 b)
{
	switch ((u16)a) {
	case 3:
		return b + 1;
	case 50:
		return b * 3;
	case 101:
		return b ^ 7;
	default:
		return b;
	}
}

u64 fixed_switch4(u64 a, u64 b)
{
	switch ((u32)a) {
	case 3:
		return b + 1;
	case 50:
		return b * 3;
	case 101:
		return b ^ 7;
	default:
		return b;
	}
}

u64 fixed_switch8(u64 a, u64 b)
{
	switch (a) {
	case 3:
		return b + 1;
	case 50:
		return b * 3;
	case 101:
		return b ^ 7;
	default:
		return b;
	}
}

/* As a compiler might do it for a bit-field: @a is the width. */
u64 fixed_odd_switch(u64 a, u64 b)
{
	u64 table[] = { 2, a, 0x11, 0x22 };

	__sanitizer_cov_trace_switch(b, table);
	return table[0];
}

/* A table without a case, and one of a single case behind it. */
u64 fixed_empty_switch(u64 a, u64 b)
{
	u64 none[] = { 0, 64 }, one[] = { 1, 64, a };

	__sanitizer_cov_trace_switch(b, none);
	__sanitizer_cov_trace_switch(b, one);
	return none[0];
}

static u64 leaf(u64 a)
{
	return a & 1 ? a * 3 + 1 : a / 2;
}

/* As many rounds as @b says, each through one of two blocks and a call. */
u64 fixed_blocks(u64 a, u64 b)
{
	for (u64 i = 0; i < b; i++) {
		if (a % 3)
			a = leaf(a + i);
		else
			a += i;
	}
	return a;
}
