/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions that are compiled once, for all kernels: see fixed_code.c. The
 * types are the compiler's own, so that no other header is needed.
 */
#ifndef FIXED_CODE_H
#define FIXED_CODE_H

typedef unsigned long long fixed_u64;
typedef fixed_u64 fixed_function(fixed_u64 a, fixed_u64 b);

/* The callback, to be called by hand as well. */
void __sanitizer_cov_trace_switch(unsigned long val, void *table);

fixed_u64 fixed_cmp1(fixed_u64 a, fixed_u64 b);
fixed_u64 fixed_cmp2(fixed_u64 a, fixed_u64 b);
fixed_u64 fixed_cmp4(fixed_u64 a, fixed_u64 b);
fixed_u64 fixed_cmp8(fixed_u64 a, fixed_u64 b);
fixed_u64 fixed_signed1(fixed_u64 a, fixed_u64 b);
fixed_u64 fixed_signed4(fixed_u64 a, fixed_u64 b);
fixed_u64 fixed_const1(fixed_u64 a, fixed_u64 b);
fixed_u64 fixed_const2(fixed_u64 a, fixed_u64 b);
fixed_u64 fixed_const4(fixed_u64 a, fixed_u64 b);
fixed_u64 fixed_const8(fixed_u64 a, fixed_u64 b);
fixed_u64 fixed_switch1(fixed_u64 a, fixed_u64 b);
fixed_u64 fixed_switch2(fixed_u64 a, fixed_u64 b);
fixed_u64 fixed_switch4(fixed_u64 a, fixed_u64 b);
fixed_u64 fixed_switch8(fixed_u64 a, fixed_u64 b);
fixed_u64 fixed_odd_switch(fixed_u64 a, fixed_u64 b);
fixed_u64 fixed_empty_switch(fixed_u64 a, fixed_u64 b);
fixed_u64 fixed_blocks(fixed_u64 a, fixed_u64 b);

#endif /* FIXED_CODE_H */
