/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the distribution's modules share: the module with callbacks in the place of
 * the stock one and back, images that are mounted, and what is recorded in a function.
 *
 * The runner puts the modules into KCOV_INSTRUMENTED.
 */
#ifndef KCOV_INSTRUMENTED_H
#define KCOV_INSTRUMENTED_H

#include "kcov_test.h"

#define KCOV_INSTRUMENTED	"/instrumented"

/* Words in the buffer of a whole mount(2). */
#define KCOV_MOUNT_WORDS	(256UL << 10)

/* What a call is recorded into, how, and what it answered: 0 or an errno. */
struct kcov_call {
	int (*act)(void *data);
	void *data;
	int result;
};

/*
 * By kcovctl, what it says is printed if it fails: 0 or ENOENT. Harmless when it is so already. Who
 * uses the module must have stopped. In is the one with callbacks, back the stock one.
 */
int kcov_swap_in(const char *module);
int kcov_swap_back(const char *module);

/* Without kcovctl, 0 or an errno: the one with callbacks where none is; none, whichever it was. */
int kcov_insert(const char *module);
int kcov_swap_out(const char *module);
bool kcov_is_swapped(const char *module);

/* An image file on a loop device, which goes with the mount; 0 or an errno. */
int kcov_mount_image(const char *image, const char *place, const char *type,
		     unsigned long flags, const char *options);

/* A line for each file below a directory, with a sum of what is in it; false: not all of them. */
bool kcov_describe(const char *directory, char *text, size_t room);

/* The number of records, -1 if an ioctl fails. */
ssize_t kcov_record(const struct kcov_test *t, unsigned long mode, struct kcov_call *call);

/* Places inside the named function that are not its entry, each counted once. */
size_t kcov_blocks(const struct kcov_test *t, size_t count, const char *function);
size_t kcov_entries_within(const struct kcov_test *t, size_t count, const char *module);
size_t kcov_blocks_within(const struct kcov_test *t, size_t count, const char *module);
bool kcov_compared(const struct kcov_test *t, size_t count, const char *function,
		   unsigned long constant, unsigned long value);

#endif /* KCOV_INSTRUMENTED_H */
