/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kcov descriptor with its mapped buffer. Every function that fails says
 * on standard error what failed, why, and what to do about it.
 */
#ifndef KCOVCTL_DEVICE_H
#define KCOVCTL_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#define DEVICE_PATH "/sys/kernel/debug/kcov"
#define DEVICE_DEFAULT_WORDS (64UL << 10)

/* cover[0] is the count, cover[1] to cover[words - 1] are the records. */
struct device {
	int fd;
	size_t words;
	unsigned long *cover;
};

/* words is rounded up to whole pages, else it could not be mapped. */
bool device_open(struct device *dev, size_t words);
void device_close(struct device *dev);

bool device_enable(struct device *dev, unsigned long mode);
bool device_disable(struct device *dev);

#endif
