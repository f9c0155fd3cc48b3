// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracepoints by their name: those of the kernel are not exported to modules.
 *
 * Context: process context. Locking: none. Lifetime: a tracepoint of the kernel
 * image is there for good.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "kcov_internal.h"

struct find_tracepoint {
	const char *name;
	struct tracepoint *found;
};

static void compare_tracepoint(struct tracepoint *tp, void *data)
{
	struct find_tracepoint *find = data;

	if (!strcmp(tp->name, find->name))
		find->found = tp;
}

/**
 * kcov_tracepoint_find() - look a tracepoint of the kernel up
 * @name: its name, as in TRACE_EVENT()
 *
 * Return: NULL if there is none; the log says so.
 */
struct tracepoint *kcov_tracepoint_find(const char *name)
{
	struct find_tracepoint find = { .name = name };

	for_each_kernel_tracepoint(compare_tracepoint, &find);
	if (!find.found)
		pr_err_ratelimited("this kernel has no tracepoint %s: it needs CONFIG_TRACEPOINTS\n",
				   name);
	return find.found;
}
