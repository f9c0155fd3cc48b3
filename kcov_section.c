// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sections: code that runs here and records for a task elsewhere.
 *
 * A section begins with kcov_remote_start(), in a task or in a softirq, takes a
 * buffer that was set aside for its handle, and records into that. When it ends
 * its records are appended to the owner's buffer.
 *
 * Context: start and stop run wherever annotated code does, and do nothing in
 * hard interrupts and NMIs.
 * Locking: none of its own; interrupts are off while a section is pushed, or
 * popped and merged if its records are few.
 * Lifetime: a section holds its struct kcov_remote from start to the end of its
 * merge, and that the descriptor and the module.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/export.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <uapi/linux/kcov.h>

#include "include/kcov.h"
#include "kcov_internal.h"

static unsigned int context_of(enum kcov_where where)
{
	return where == KCOV_IN_TASK ? KCOV_CONTEXT_TASK : KCOV_CONTEXT_SOFTIRQ;
}

static bool is_handle(u64 handle)
{
	u64 subsystem = handle & KCOV_SUBSYSTEM_MASK;

	return !(handle & ~(KCOV_SUBSYSTEM_MASK | KCOV_INSTANCE_MASK)) &&
	       (subsystem == KCOV_SUBSYSTEM_COMMON ||
		subsystem == KCOV_SUBSYSTEM_USB);
}

/*
 * Nobody has a handle that is none: there it is looked at. Not inline: sections
 * that begin shall save no registers for this.
 */
static noinline void complain(u64 handle)
{
	if (is_handle(handle))
		return;
	kcov_loss_count(KCOV_LOST_INVALID_HANDLE);
	/* Not all of it: it may be an address. */
	pr_warn_once("a section was started with an invalid handle, of subsystem %#llx, by %s[%d]: nothing is recorded\n",
		     handle >> 56, current->comm, task_pid_nr(current));
}

/*
 * A section begins here, if somebody wants it. Interrupts are off, and @kt is
 * from kcov_task_of().
 */
static struct kcov_section *begin(struct kcov_task *kt, u64 handle,
				  enum kcov_where where)
{
	struct kcov_section *section = where == KCOV_IN_TASK ?
		kcov_area_take(handle) : kcov_area_take_pooled(handle);

	if (!section) {
		complain(handle);
		return NULL;
	}
	section->handle = handle;
	section->depth = 0;
	section->refused = 0;
	section->kind = KCOV_ANNOTATED;
	section->rec.dropped = 0;
	kcov_record_forget(&section->rec);
	kcov_task_push(kt, section, where);
	return section;
}

/* A section of this context ends without its stop. Interrupts are off. */
static void lose(struct kcov_section *section, enum kcov_where where)
{
	kcov_task_pop(section, where);
	kcov_merge_lost(section->remote, KCOV_LOST_OUTLIVED);
	section->abandoned = true;
	kcov_area_release(section);
}

/* All sections of current's entry in one slot. */
static void lose_all(enum kcov_where where)
{
	struct kcov_section *section;
	unsigned long flags;
	bool was_inside = false;

	local_irq_save(flags);
	while ((section = kcov_task_section(where))) {
		was_inside = true;
		lose(section, where);
	}
	if (was_inside)
		kcov_task_resume(where);
	local_irq_restore(flags);
}

/**
 * kcov_section_settle() - a task comes, and no softirq is below it
 *
 * On PREEMPT_RT softirqs run in tasks, and so do their sections. One that is
 * still there when the task itself comes has lost its stop; what is made for
 * the task from here on must not rest on that section's entry.
 */
void kcov_section_settle(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		lose_all(KCOV_IN_SOFTIRQ);
}

/* False in hard interrupts and NMIs, where there are no sections. */
static bool find_context(enum kcov_where *where)
{
	unsigned int context = kcov_context();

	*where = context == KCOV_CONTEXT_TASK ? KCOV_IN_TASK : KCOV_IN_SOFTIRQ;
	return context == context_of(*where);
}

/*
 * The same where a section is to begin or to end: none of another context is
 * left below. Not under locks that a wake-up or the queueing of work takes.
 */
static bool settle_context(enum kcov_where *where)
{
	if (!find_context(where))
		return false;
	if (*where == KCOV_IN_TASK)
		kcov_section_settle();
	return true;
}

/*
 * Its stop must not end the section that is there. An annotation that a hook has
 * stood in for begins nothing new.
 */
static void refuse_nested(struct kcov_section *section, u64 handle)
{
	section->refused++;
	if (section->kind == KCOV_HOOKED && section->handle == handle)
		return;
	kcov_loss_count(KCOV_LOST_NESTED);
	pr_warn_once("a section was started inside another one of the same context by %s[%d]: it is part of that\n",
		     current->comm, task_pid_nr(current));
}

/*
 * The innermost section here. One whose owner does not wait for it any more is
 * taken off: its driver forgot the stop, and what runs now is no part of it.
 */
static struct kcov_section *section_here(enum kcov_where where)
{
	struct kcov_section *section;
	bool is_stale = false;

	lockdep_assert_irqs_disabled();
	while ((section = kcov_task_section(where)) &&
	       !kcov_handle_is_wanted(section->remote)) {
		is_stale = true;
		lose(section, where);
	}
	if (is_stale)
		kcov_task_resume(where);
	return section;
}

/* Not inline: who is in no section shall save no registers for it. */
static noinline void start_inside(u64 handle, enum kcov_where where)
{
	struct kcov_section *section = section_here(where);

	if (section && section->kind != KCOV_FOLLOWED) {
		complain(handle);
		refuse_nested(section, handle);
	} else {
		begin(kcov_task_of(where), handle, where);
	}
}

static void start_in_task(u64 handle)
{
	struct kcov_task *kt;
	unsigned long flags;

	kcov_section_settle();
	local_irq_save(flags);
	kt = kcov_task_here();
	if (kt && kt->sections[KCOV_IN_TASK])
		start_inside(handle, KCOV_IN_TASK);
	else
		begin(kt, handle, KCOV_IN_TASK);
	local_irq_restore(flags);
}

static void start_in_softirq(u64 handle)
{
	unsigned long flags;

	local_irq_save(flags);
	start_inside(handle, KCOV_IN_SOFTIRQ);
	local_irq_restore(flags);
}

/**
 * kcov_remote_start() - code follows that belongs to a handle
 * @handle: from kcov_remote_handle() or kcov_common_handle()
 *
 * Until kcov_remote_stop() in the same context, the code here is recorded for
 * the task that has enabled a descriptor with @handle, if there is one. The
 * section may sleep. Where a section runs already, only that one counts.
 */
void kcov_remote_start(u64 handle)
{
	if (!atomic_read(&kcov_area_users))
		return;
	if (kcov_context_is_task())
		start_in_task(handle);
	else if (kcov_context() == KCOV_CONTEXT_SOFTIRQ)
		start_in_softirq(handle);
	else
		complain(handle);
}
EXPORT_SYMBOL(kcov_remote_start);

static bool is_followed(const struct kcov_section *section)
{
	return section->kind == KCOV_FOLLOWED;
}

/*
 * False if the innermost section here is not one of this kind, or goes on because
 * the stop is that of a start that was refused.
 */
static bool is_over(struct kcov_section *section, bool followed)
{
	if (!section || is_followed(section) != followed)
		return false;
	if (!section->refused)
		return true;
	section->refused--;
	return false;
}

/* It takes long: not with interrupts off. */
static noinline void merge_slowly(struct kcov_section *section,
				  unsigned long flags)
{
	local_irq_restore(flags);
	kcov_merge_finish(section);
	local_irq_save(flags);
}

static void merge(struct kcov_section *section, unsigned long flags)
{
	if (!kcov_merge_at_once(section))
		merge_slowly(section, flags);
}

/* Not inline: most tasks with a section have nothing to go on with. */
static noinline void merge_and_resume(struct kcov_section *section,
				      enum kcov_where where,
				      unsigned long flags)
{
	merge(section, flags);
	kcov_task_resume(where);
}

/*
 * The innermost section here is over, and its context goes on. Inline, so that
 * each caller has its own.
 */
static __always_inline void end(enum kcov_where where, bool followed)
{
	struct kcov_section *section;
	unsigned long flags;

	local_irq_save(flags);
	section = kcov_task_section(where);
	if (is_over(section, followed)) {
		if (kcov_task_pop(section, where))
			merge_and_resume(section, where, flags);
		else
			merge(section, flags);
	}
	local_irq_restore(flags);
}

static void stop_in_task(void)
{
	kcov_section_settle();
	end(KCOV_IN_TASK, /*followed=*/false);
}

static void stop_in_softirq(void)
{
	end(KCOV_IN_SOFTIRQ, /*followed=*/false);
}

/**
 * kcov_remote_stop() - the section that began in this context is over
 *
 * Does nothing where none began.
 */
void kcov_remote_stop(void)
{
	if (!atomic_read(&kcov_area_users))
		return;
	if (kcov_context_is_task())
		stop_in_task();
	else if (kcov_context() == KCOV_CONTEXT_SOFTIRQ)
		stop_in_softirq();
}
EXPORT_SYMBOL(kcov_remote_stop);

/**
 * kcov_section_hooked() - a hook has just begun a section here
 * @handle: what it gave to kcov_remote_start()
 *
 * It stands in for an annotation that may be compiled out. In a rebuilt module that
 * is there, and says the same once more inside: that is no mistake.
 */
void kcov_section_hooked(u64 handle)
{
	struct kcov_section *section;
	enum kcov_where where;
	unsigned long flags;

	if (!find_context(&where))
		return;
	local_irq_save(flags);
	section = kcov_task_section(where);
	/* One that was there before has refused this one. */
	if (section && section->handle == handle && !section->refused)
		section->kind = KCOV_HOOKED;
	local_irq_restore(flags);
}

/**
 * kcov_section_follow() - what runs here was handed over for this handle
 * @handle: a common handle
 * @depth: how many times something was handed over until it came here
 *
 * A section like others, but one that is not worth a word where there is one
 * already. No lock is held.
 */
void kcov_section_follow(u64 handle, unsigned int depth)
{
	struct kcov_section *section;
	enum kcov_where where;
	unsigned long flags;

	if (!settle_context(&where))
		return;
	local_irq_save(flags);
	section = section_here(where) ? NULL :
		  begin(kcov_task_of(where), handle, where);
	if (section) {
		section->kind = KCOV_FOLLOWED;
		section->depth = depth;
	}
	local_irq_restore(flags);
}

/* It has run. */
void kcov_section_unfollow(void)
{
	enum kcov_where where;

	if (settle_context(&where))
		end(where, /*followed=*/true);
}

static bool is_common(u64 handle)
{
	return !(handle & ~KCOV_INSTANCE_MASK);
}

/**
 * kcov_section_handle() - whom something is for that is handed over here
 * @depth: how many times something was handed over until now
 *
 * Ends nothing: whoever hands over may hold the lock of a workqueue, of timers
 * or of a run queue.
 *
 * Return: the common handle of the section here, or else of current; 0 for
 * nobody, as outside of tasks and sections.
 */
u64 kcov_section_handle(unsigned int *depth)
{
	struct kcov_section *section;
	enum kcov_where where;
	unsigned long flags;
	u64 handle = 0;

	*depth = 0;
	if (!find_context(&where))
		return 0;
	local_irq_save(flags);
	section = kcov_task_section(where);
	if (section) {
		handle = is_common(section->handle) ? section->handle : 0;
		*depth = section->depth;
	} else if (where == KCOV_IN_TASK) {
		handle = kcov_common_handle();
	}
	local_irq_restore(flags);
	return handle;
}

static bool is_softirq(void)
{
	enum kcov_where where;

	return find_context(&where) && where == KCOV_IN_SOFTIRQ;
}

void kcov_remote_start_usb_softirq(u64 id)
{
	if (is_softirq())
		kcov_remote_start_usb(id);
}
EXPORT_SYMBOL(kcov_remote_start_usb_softirq);

void kcov_remote_stop_softirq(void)
{
	if (is_softirq())
		kcov_remote_stop();
}
EXPORT_SYMBOL(kcov_remote_stop_softirq);

/*
 * A task that exits, or disables, inside its sections leaves no records of them.
 * What it records by itself goes on when they are gone.
 */
void kcov_section_exit(void)
{
	kcov_section_settle();
	lose_all(KCOV_IN_TASK);
}

/**
 * kcov_common_handle() - the handle of whoever sent current here
 *
 * Return: what current or an ancestor gave as common handle, 0 if none did, and
 * 0 outside of tasks.
 */
u64 kcov_common_handle(void)
{
	struct kcov_task *kt;
	unsigned long flags;
	u64 handle;

	if (!in_task())
		return 0;
	local_irq_save(flags);
	kt = kcov_task_here();
	handle = kt ? kt->common_handle : 0;
	local_irq_restore(flags);
	return handle;
}
EXPORT_SYMBOL(kcov_common_handle);
