// SPDX-License-Identifier: GPL-2.0-only
/*
 * Binding of descriptors to the current task: ENABLE and DISABLE of its own
 * code, and who owns a descriptor of remote sections.
 *
 * Context: ENABLE and DISABLE are process context; kcov_bind_exit() runs with
 * preemption disabled.
 * Locking: desc->lock, inside it the lock of one bucket.
 * Lifetime: a descriptor has one reference for the task that enabled it, which
 * DISABLE or the task's exit drops, and an entry to lend while nobody has. After
 * do_exit() has started no thread of the task enables again.
 */
#include <linux/lockdep.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>
#include <uapi/linux/kcov.h>

#include "kcov_internal.h"

/* Current's entry, @desc's own if there is none yet. */
static struct kcov_task *take_entry(struct kcov_desc *desc)
	__must_hold(&desc->lock)
{
	struct kcov_task *kt = kcov_task_here();

	if (kt)
		return kt;
	kt = desc->spare;
	desc->spare = NULL;
	kcov_task_insert(kt);
	return kt;
}

/*
 * @desc leaves current's entry. Every descriptor that is not enabled must have
 * a spare entry; if @desc lent its own and another one needs it still, it gets
 * the spare of that one, which only current can miss.
 */
static void leave_entry(struct kcov_task *kt, struct kcov_desc *desc)
	__must_hold(&desc->lock)
{
	struct kcov_desc *other = kt->local ? kt->local : kt->remote;

	if (other) {
		if (!desc->spare)
			swap(desc->spare, other->spare);
		return;
	}
	if (kt->common_handle || kt->set)
		return;
	kcov_task_remove(kt);
	if (desc->spare)
		kcov_pool_put(kt);
	else
		desc->spare = kt;
}

static void bind(struct kcov_desc *desc, unsigned int mode)
	__must_hold(&desc->lock)
{
	struct kcov_task *kt;

	lockdep_assert_held(&desc->lock);
	desc->owner = current;
	desc->rec.mode = mode;
	desc->rec.capacity = kcov_record_capacity(mode, desc->words);
	desc->rec.kind = kcov_record_kind(KCOV_CONTEXT_TASK, mode);
	kcov_cpu_aim(&desc->rec);
	kcov_desc_get(desc);

	kt = take_entry(desc);
	desc->state = KCOV_LOCAL;
	kt->local = desc;
	kcov_task_record(kt, &desc->rec);
}

static void unbind(struct kcov_task *kt, struct kcov_desc *desc)
	__must_hold(&desc->lock)
{
	lockdep_assert_held(&desc->lock);
	kcov_task_record(kt, NULL);
	kt->local = NULL;
	leave_entry(kt, desc);

	desc->owner = NULL;
	desc->state = KCOV_READY;
}

/**
 * kcov_bind_own() - current owns the remote sections of @desc
 * @desc: the descriptor, ready, its lock held; gives one reference
 * @common_handle: current's from now on; 0 leaves what it inherited
 */
void kcov_bind_own(struct kcov_desc *desc, u64 common_handle)
{
	struct kcov_task *kt;

	lockdep_assert_held(&desc->lock);
	desc->owner = current;
	desc->state = KCOV_REMOTE;
	kt = take_entry(desc);
	kt->remote = desc;
	if (common_handle)
		kt->common_handle = common_handle;
}

/* The reverse; current has no common handle any more. */
void kcov_bind_disown(struct kcov_desc *desc)
{
	struct kcov_task *kt = kcov_task_here();

	lockdep_assert_held(&desc->lock);
	kt->remote = NULL;
	kt->common_handle = 0;
	leave_entry(kt, desc);
	desc->owner = NULL;
	desc->state = KCOV_READY;
}

static enum kcov_refusal refuse_enable(const struct kcov_desc *desc,
				       unsigned long mode)
	__must_hold(&desc->lock)
{
	struct kcov_task *kt;

	lockdep_assert_held(&desc->lock);
	if (desc->state == KCOV_NEW)
		return KCOV_NOT_INIT;
	if (desc->state != KCOV_READY)
		return KCOV_IS_ENABLED;
	kt = kcov_task_here();
	if (kt && kt->cur)
		return KCOV_THREAD_BUSY;
	if (mode != KCOV_TRACE_PC && mode != KCOV_TRACE_CMP)
		return KCOV_BAD_MODE;
	return KCOV_OK;
}

/**
 * kcov_bind_enable() - current starts to record its own code
 * @desc: the descriptor to record with
 * @mode: KCOV_TRACE_PC or KCOV_TRACE_CMP; all of the word counts
 *
 * Allocates nothing and cannot fail but for the caller's mistakes.
 */
enum kcov_refusal kcov_bind_enable(struct kcov_desc *desc, unsigned long mode)
{
	unsigned long flags = kcov_desc_lock_merged(desc);
	enum kcov_refusal refusal = refuse_enable(desc, mode);

	if (!refusal)
		bind(desc, mode);
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return refusal;
}

/* Ends the recording of current with @desc, if that is what it does. */
static bool unbind_current(struct kcov_desc *desc)
{
	struct kcov_task *kt = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&desc->lock, flags);
	if (desc->state == KCOV_LOCAL && desc->owner == current) {
		kt = kcov_task_here();
		unbind(kt, desc);
	}
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return kt;
}

/**
 * kcov_bind_disable() - current stops to record with @desc
 * @desc: the descriptor
 */
enum kcov_refusal kcov_bind_disable(struct kcov_desc *desc)
{
	if (!unbind_current(desc))
		return KCOV_NOT_OWNER;
	kcov_desc_put(desc);
	return KCOV_OK;
}

/**
 * kcov_bind_exit() - current starts to exit, and is in no section or tree
 *
 * When it returns the descriptor can be enabled again, so it must return
 * before anybody learns of the exit. Called with preemption disabled.
 */
void kcov_bind_exit(void)
{
	struct kcov_task *kt = kcov_task_here();
	struct kcov_desc *desc = kt ? kt->local : NULL;

	if (desc && unbind_current(desc))
		kcov_desc_put_later(desc);
	kcov_task_forget_handle();
}
