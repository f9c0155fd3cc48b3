/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations that fail, one after the other, where the kernel can let them.
 */
#ifndef KCOV_FAULTS_H
#define KCOV_FAULTS_H

#include <stdbool.h>

/* Rules for few functions: arming and choosing are done over and over. */
#define KCOV_FAULTS_FEW	"=vfs_read +vfs_write +ksys_*"

/*
 * Answers an errno or 0; begin and end come without faults around each call, and tell
 * whether all was as it should be.
 */
struct kcov_faults_call {
	const char *name;
	bool (*begin)(void);
	int (*act)(void);
	bool (*end)(void);
};

/* How the calls with a fault ended. */
struct kcov_faults {
	unsigned int refused, done, wrong;
};

bool kcov_faults_open(void);
void kcov_faults_close(void);
struct kcov_faults kcov_faults_each(const struct kcov_faults_call *call);
struct kcov_faults kcov_faults_each_and_all_behind(const struct kcov_faults_call *call);
struct kcov_faults kcov_faults_each_of_last(const struct kcov_faults_call *call,
					    unsigned int last);
bool kcov_faults_make_once(unsigned int n);
bool kcov_faults_were_made(void);
bool kcov_faults_starve_workers(bool fails);

#endif /* KCOV_FAULTS_H */
