/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel log, from a moment on.
 */
#ifndef KCOV_LOG_H
#define KCOV_LOG_H

#include <stdbool.h>
#include <sys/types.h>

#define KCOV_LOG_LINE	1024

int kcov_log_open(void);
void kcov_log_forget(int log);
ssize_t kcov_log_next(int log, char line[KCOV_LOG_LINE]);
bool kcov_log_says(int log, const char *const *parts);

#endif /* KCOV_LOG_H */
