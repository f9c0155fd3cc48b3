/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of remote coverage share: the argument of KCOV_REMOTE_ENABLE, drivers that make
 * sections, and a thread that owns sections while the test does something else.
 */
#ifndef KCOV_REMOTE_H
#define KCOV_REMOTE_H

#include "kcov_test.h"

#include <pthread.h>
#include <semaphore.h>

#define KCOV_DEFERRED	"/sys/kernel/debug/kcov_deferred/run"
#define KCOV_SECTIONS	"/sys/kernel/debug/kcov_sections/run"

/* Handles that mean nothing to the VM's kernel. */
#define KCOV_USB_A	(KCOV_SUBSYSTEM_USB | 0xa1)
#define KCOV_USB_B	(KCOV_SUBSYSTEM_USB | 0xb2)
#define KCOV_USB_C	(KCOV_SUBSYSTEM_USB | 0xc3)
#define KCOV_COMMON_A	0x1aUL
#define KCOV_COMMON_B	0x1bUL

/* Words in the buffer of a section. */
#define KCOV_TEST_AREA	4096U

/* What struct kcov_remote_arg is, with room for one handle too many. */
struct kcov_remote {
	__u32 trace_mode;
	__u32 area_size;
	__u32 num_handles;
	__u32 padding;
	__u64 common_handle;
	__u64 handles[0x101];
};

/* In trace-pc mode. */
struct kcov_remote kcov_usb(__u64 handle);
struct kcov_remote kcov_common(__u64 handle);
int kcov_remote_enable(int fd, const struct kcov_remote *remote);
int kcov_enable_usb(int fd, __u64 handle);
int kcov_enable_common(int fd, __u64 handle);

/* Write a line; errno or 0. */
int kcov_deferred(const char *format, ...) __attribute__((format(printf, 1, 2)));
int kcov_sections(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What is set aside for each user: the defaults take long to clear. Then as it was. */
bool kcov_make_areas_small(void);
bool kcov_make_areas_usual(void);

/* Group fixtures: the drivers. */
int kcov_load_drivers(void **state);
int kcov_unload_drivers(void **state);

/*
 * The same where records of softirqs are counted. Not all is theirs on top of the idle task:
 * an interrupt nested in them ends in tick_nohz_irq_exit(), no longer marked as one, and that
 * reads the clock, so ktime_get() is left out.
 */
int kcov_load_drivers_exact(void **state);
int kcov_unload_drivers_exact(void **state);

/* A thread that has enabled sections, until it exits. */
struct kcov_owner {
	struct kcov_remote remote;
	int fd;
	int result;		/* errno of enabling them */
	bool disables;		/* before it exits */
	pthread_t thread;
	sem_t begun, ended;
};

int kcov_owner_begin(struct kcov_owner *owner, int fd, struct kcov_remote remote);
void kcov_owner_end(struct kcov_owner *owner);

#endif /* KCOV_REMOTE_H */
