/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Many traces of one operation: which are equal, which are alike, and why the
 * others differ.
 *
 * Two traces are alike when they are equal but for the functions that
 * kcov_variance.c names for this operation, each with its reason.
 */
#ifndef KCOV_VARIANCE_H
#define KCOV_VARIANCE_H

#include <stdbool.h>
#include <stddef.h>

enum kcov_operation {
	KCOV_READ = 1,
	KCOV_OPEN = 2,
	KCOV_MMAP = 4,
	KCOV_PIPE = 8,
	KCOV_FORK = 16,
	KCOV_FAULT = 32,
	KCOV_ANY = 63,
};

struct kcov_variant {
	const unsigned long *pcs;
	size_t count;
	int seen;
};

/* The distinct traces of one operation, and how many there were in all. */
struct kcov_variants {
	enum kcov_operation operation;
	const char *name;
	struct kcov_variant *list;
	int count;
	int total;
	unsigned long *pool;
	size_t used;
};

bool kcov_variants_make(struct kcov_variants *set);
void kcov_variants_start(struct kcov_variants *set, enum kcov_operation operation,
			 const char *name);
bool kcov_variants_add(struct kcov_variants *set, const unsigned long *pcs, size_t count);
const struct kcov_variant *kcov_variants_usual(const struct kcov_variants *set);
int kcov_variants_unexcused(const struct kcov_variants *set);
void kcov_variants_print(const struct kcov_variants *set);
bool kcov_alike(enum kcov_operation operation, const struct kcov_variant *first,
		const struct kcov_variant *second);

#endif /* KCOV_VARIANCE_H */
