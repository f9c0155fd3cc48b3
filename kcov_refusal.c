// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way to refuse a call: the errno user space relies on, and the reason
 * in words for the kernel log.
 *
 * The errno are those of the kernel's own kcov; see DESIGN.md.
 */
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/kernel.h>

#include "kcov_internal.h"

static const struct {
	int err;
	const char *reason;
} refusals[] = {
	[KCOV_OK] = { 0, "not refused" },
	[KCOV_NO_ADDRESSES] = { -EPERM,
		"addresses are hidden from it: CAP_SYSLOG, sysctl kernel.kptr_restrict=1" },
	[KCOV_UNKNOWN_IOCTL] = { -ENOTTY, "no such ioctl" },
	[KCOV_BAD_SIZE] = { -EINVAL,
		"the length in words is below 2 or above INT_MAX / 8" },
	[KCOV_NO_MEMORY] = { -ENOMEM,
		"no memory for the buffer, or for what goes with it" },
	[KCOV_INIT_TWICE] = { -EBUSY, "INIT_TRACE was done before" },
	[KCOV_CANNOT_ARM] = { -EBUSY,
		"exits of tasks cannot be seen: set sysctl kernel.ftrace_enabled=1" },
	[KCOV_NOT_INIT] = { -EINVAL, "INIT_TRACE comes first" },
	[KCOV_IS_ENABLED] = { -EINVAL, "the descriptor is enabled" },
	[KCOV_THREAD_BUSY] = { -EBUSY,
		"the thread records with another descriptor" },
	[KCOV_BAD_MODE] = { -EINVAL, "unknown mode" },
	[KCOV_BAD_ARGUMENT] = { -EINVAL, "the argument must be 0" },
	[KCOV_NOT_OWNER] = { -EINVAL,
		"the thread has not enabled the descriptor" },
	[KCOV_BAD_MAPPING] = { -EINVAL,
		"offset must be 0 and length that of the buffer" },
	[KCOV_BAD_ADDRESS] = { -EFAULT,
		"the argument cannot be read from this address" },
	[KCOV_MANY_HANDLES] = { -EINVAL, "more than 256 handles" },
	[KCOV_TORN_HANDLES] = { -EINVAL,
		"num_handles was changed while it was read" },
	[KCOV_REMOTE_BUSY] = { -EBUSY,
		"the thread gets sections with another descriptor" },
	[KCOV_BAD_HANDLE] = { -EINVAL,
		"a handle in handles[] is not of a subsystem, or has reserved bits" },
	[KCOV_BAD_COMMON_HANDLE] = { -EINVAL,
		"common_handle is of a subsystem, or has reserved bits" },
	[KCOV_HANDLE_TAKEN] = { -EEXIST,
		"a handle is registered already, here or by another descriptor" },
	[KCOV_NO_HOOK] = { -EOPNOTSUPP,
		"this kernel lacks a tracepoint that this needs: see the lines before" },
};

static_assert(ARRAY_SIZE(refusals) == KCOV_NR_REFUSALS);

/* Why what needs memory and tracepoints could not be had. */
enum kcov_refusal kcov_refusal_of(int err)
{
	if (!err)
		return KCOV_OK;
	return err == -ENOMEM ? KCOV_NO_MEMORY : KCOV_NO_HOOK;
}

long kcov_refusal_errno(enum kcov_refusal refusal)
{
	return refusals[refusal].err;
}

const char *kcov_refusal_reason(enum kcov_refusal refusal)
{
	return refusals[refusal].reason;
}
