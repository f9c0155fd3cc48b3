/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What /sys/kernel/debug/kcov understands beyond <linux/kcov.h>.
 *
 * For programs and for the module. Programs include <linux/kcov.h> for the
 * rest; a kernel that knows an ioctl of these by itself has the same number.
 */
#ifndef KCOV_IOCTL_H
#define KCOV_IOCTL_H

#include <linux/ioctl.h>

#ifndef KCOV_RESET_TRACE
/**
 * KCOV_RESET_TRACE - set the count of records to 0
 *
 * Does what storing 0 into word 0 does, so that a PROT_READ mapping is enough
 * and a program under test cannot spoil the records. The argument must be 0.
 * Only for the thread that has the descriptor enabled.
 *
 * Errors: EINVAL: another argument than 0, or not the thread that has the
 * descriptor enabled. ENOTTY: a kernel without it. As proposed for the kernel's
 * own kcov in July 2025.
 */
#define KCOV_RESET_TRACE _IO('c', 104)
#endif

/**
 * KCOV_TREE_ENABLE - record the caller and all that it creates
 *
 * The calling thread, its threads and children, theirs, and so on, whatever they
 * execute, record together. The buffer (after KCOV_INIT_TRACE) gets the address
 * of each place that any of them has reached, once, in no order, when a task
 * ends and at the latest when KCOV_DISABLE returns; word 0 counts them. The
 * argument must be 0.
 *
 * Anybody who has the file may KCOV_DISABLE it, for instance the parent who has
 * waited for a command. What tasks that still run reach later is not recorded.
 *
 * Errors: EINVAL: another argument than 0, no KCOV_INIT_TRACE, or the
 * descriptor is enabled. EBUSY: the thread records already. ENOMEM.
 */
#define KCOV_TREE_ENABLE _IO('c', 200)

#endif /* KCOV_IOCTL_H */
