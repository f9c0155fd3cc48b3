/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel logs about modules, from a moment on.
 */
#ifndef KCOVCTL_KLOG_H
#define KCOVCTL_KLOG_H

/* A descriptor for the others, which take -1 for a log that cannot be read. */
int klog_open(void);

/* The lines since then that are about a module, or modules. */
void klog_print(int log, const char *module);

/* What was logged until now is not shown. */
void klog_forget(int log);

#endif
