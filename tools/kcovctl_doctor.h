/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of kcovctl doctor, in the order in which they are run. Each says what
 * it finds through kcovctl_check.h.
 */
#ifndef KCOVCTL_DOCTOR_H
#define KCOVCTL_DOCTOR_H

#include <stdbool.h>
#include <sys/utsname.h>

#include "kcovctl_config.h"

#define DOCTOR_DEVICE "/sys/kernel/debug/kcov"

/* What one part finds that later ones ask for. */
struct patient {
	struct utsname kernel;
	struct config config;	/* text is NULL where nobody knows it */
	bool has_own_kcov;	/* CONFIG_KCOV=y: nothing of ours is needed */
	bool is_loaded;
	bool has_remote;	/* KCOV_REMOTE_ENABLE works */
	unsigned long pcs;	/* recorded of a plain mmap() */
	unsigned long comparisons;
};

/* The kernel: version, configuration, headers, memory. */
void doctor_kernel(struct patient *patient);

/* What it lets whom do: lockdown, signatures, debugfs, addresses. */
void doctor_access(struct patient *patient);

/* kcov.ko, and ftrace, which it needs. */
void doctor_module(struct patient *patient);

/* The device: each ioctl by its number, and the first records. */
void doctor_device(struct patient *patient);

/* What syzkaller will make of it. */
void doctor_fuzzer(const struct patient *patient);

#endif
