/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Remote coverage for modules that are built for kcov.ko: kcov.mk includes this
 * before everything else, and it takes the place of <linux/kcov.h>, whose
 * functions do nothing in a kernel without kcov.
 *
 * On a kernel with CONFIG_KCOV it is empty: <linux/kcov.h> has all of it.
 */
#if !defined(_LINUX_KCOV_H) && !defined(CONFIG_KCOV)
#define _LINUX_KCOV_H

/* Nothing more: what they need comes before an includer's own pr_fmt(). */
#include <linux/types.h>
#include <uapi/linux/kcov.h>

/**
 * kcov_remote_start() - code follows that belongs to a handle
 * @handle: from kcov_remote_handle() or kcov_common_handle(); 0 is nobody's
 *
 * Until kcov_remote_stop() in the same context the code here is recorded for
 * the task that has enabled a descriptor with @handle, if there is one. In
 * tasks, where it may sleep, and in softirqs; ignored in hard interrupts and
 * NMIs. Sections of one context do not nest: an inner one is part of the outer
 * one, and counted in kcov_mod/lost.
 */
void kcov_remote_start(u64 handle);

/**
 * kcov_remote_stop() - the section that began in this context is over
 *
 * Harmless where none began.
 */
void kcov_remote_stop(void);

/**
 * kcov_common_handle() - whom work that current hands on is for
 *
 * To be kept with the work, and given to kcov_remote_start() where it is done.
 *
 * Return: the handle that current or an ancestor of it enabled; 0 if none did,
 * and outside of tasks.
 */
u64 kcov_common_handle(void);

/**
 * kcov_remote_start_common() - a section for a common handle
 * @id: instance, the low 32 bits of the handle
 */
static inline void kcov_remote_start_common(u64 id)
{
	kcov_remote_start(kcov_remote_handle(KCOV_SUBSYSTEM_COMMON, id));
}

/**
 * kcov_remote_start_usb() - a section for a USB bus
 * @id: number of the bus
 */
static inline void kcov_remote_start_usb(u64 id)
{
	kcov_remote_start(kcov_remote_handle(KCOV_SUBSYSTEM_USB, id));
}

/**
 * kcov_remote_start_usb_softirq() - the same, but in softirqs only
 * @id: number of the bus
 *
 * For code that also runs in tasks, within a section of theirs.
 */
void kcov_remote_start_usb_softirq(u64 id);

/**
 * kcov_remote_stop_softirq() - the end of kcov_remote_start_usb_softirq()
 */
void kcov_remote_stop_softirq(void);

#endif
