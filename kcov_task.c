// SPDX-License-Identifier: GPL-2.0-only
/*
 * Binding of a descriptor to the task that records with it.
 *
 * task_struct has no room for us, so a table keyed by the task holds what a
 * kernel with kcov keeps there, and a per-CPU pointer follows the task from
 * switch to switch. This file alone writes that pointer.
 *
 * Context: ENABLE and DISABLE are process context. kcov_task_exit() runs with
 * preemption disabled, kcov_task_switch() and sched_out with the run queue
 * locked, sched_in with preemption disabled: all of them only store.
 * Locking: desc->lock, inside it the lock of one bucket.
 * Lifetime: an entry is in the table from ENABLE to DISABLE or exit, whichever
 * comes first, and belongs to the descriptor at other times.
 *
 * Who may see what, and why it is safe:
 *  - A callback loads the pointer in the context of the task, or of an
 *    interrupt on top of it. The recorder is only unbound by the task itself,
 *    which is then in no callback, and whatever interrupts it ends before it
 *    goes on. So no callback can hold a recorder that is being unbound, and
 *    unbinding waits for nobody.
 *  - Between two stores of start() an interrupt sees either NULL or a complete
 *    recorder; between two stores of stop() either the recorder, still
 *    complete, or NULL.
 *  - After do_exit() has started no thread of the task enables again.
 */
#include <linux/hash.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>
#include <uapi/linux/kcov.h>

#include "kcov_internal.h"

#define BUCKET_BITS 8

static struct bucket {
	raw_spinlock_t lock;
	struct hlist_head tasks;
} buckets[1 << BUCKET_BITS];

DEFINE_PER_CPU(struct kcov_recorder *, kcov_recorder);

static struct bucket *bucket_of(const struct task_struct *task)
{
	return &buckets[hash_ptr(task, BUCKET_BITS)];
}

/*
 * Finds the entry of @task. The answer holds as long as @task cannot change
 * it: @task is current, or about to run on this CPU with its run queue locked.
 */
static struct kcov_task *find_task(const struct task_struct *task)
{
	struct bucket *bucket = bucket_of(task);
	struct kcov_task *kt;
	unsigned long flags;

	/*
	 * Most tasks that exit have no entry. The one who would have put it
	 * there is @task itself, so a stale "empty" cannot be seen.
	 */
	if (hlist_empty(&bucket->tasks))
		return NULL;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	hlist_for_each_entry(kt, &bucket->tasks, node) {
		if (kt->task == task)
			break;
	}
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	return kt;
}

static void insert_task(struct kcov_task *kt)
{
	struct bucket *bucket = bucket_of(kt->task);

	raw_spin_lock(&bucket->lock);
	hlist_add_head(&kt->node, &bucket->tasks);
	raw_spin_unlock(&bucket->lock);
}

static void remove_task(struct kcov_task *kt)
{
	struct bucket *bucket = bucket_of(kt->task);

	raw_spin_lock(&bucket->lock);
	hlist_del(&kt->node);
	raw_spin_unlock(&bucket->lock);
}

#ifdef KCOV_SWITCH_NOTIFIER
static void sched_in(struct preempt_notifier *notifier, int cpu)
{
	struct kcov_task *kt;

	kt = container_of(notifier, struct kcov_task, notifier);
	this_cpu_write(kcov_recorder, kt->cur);
}

static void sched_out(struct preempt_notifier *notifier,
		      struct task_struct *next)
{
	this_cpu_write(kcov_recorder, NULL);
}

static struct preempt_ops switch_ops = {
	.sched_in = sched_in,
	.sched_out = sched_out,
};

static void watch_switches(struct kcov_task *kt)
{
	preempt_notifier_init(&kt->notifier, &switch_ops);
	preempt_notifier_register(&kt->notifier);
}

static void unwatch_switches(struct kcov_task *kt)
{
	preempt_notifier_unregister(&kt->notifier);
}
#else
static void watch_switches(struct kcov_task *kt)
{
}

static void unwatch_switches(struct kcov_task *kt)
{
}
#endif

/**
 * kcov_task_switch() - this CPU goes on with @next
 * @next: the task that runs next, not current yet
 *
 * For the tracepoint back end: run queue locked, interrupts off. What runs
 * between here and the switch itself has interrupts off and is not covered.
 */
void kcov_task_switch(struct task_struct *next)
{
	struct kcov_task *kt = find_task(next);
	struct kcov_recorder *rec = kt ? kt->cur : NULL;

	this_cpu_write(kcov_recorder, rec);
}

/* Publishes a complete recorder to the callbacks of current. */
static void start(struct kcov_task *kt, struct kcov_recorder *rec)
{
	lockdep_assert_irqs_disabled();
	kt->cur = rec;
	watch_switches(kt);
	/* The recorder and @cur before the pointer; an interrupt may look. */
	barrier();
	this_cpu_write(kcov_recorder, rec);
}

/* After this no callback can find the recorder; see the top of the file. */
static void stop(struct kcov_task *kt)
{
	lockdep_assert_irqs_disabled();
	this_cpu_write(kcov_recorder, NULL);
	/* The pointer before the rest, the reverse of start(). */
	barrier();
	unwatch_switches(kt);
	kt->cur = NULL;
}

static u64 capacity_in(unsigned int mode, u64 words)
{
	return mode == KCOV_TRACE_CMP ? kcov_record_cmp_capacity(words) :
					kcov_record_pc_capacity(words);
}

static void bind(struct kcov_desc *desc, unsigned int mode)
	__must_hold(&desc->lock)
{
	struct kcov_task *kt = desc->spare;

	lockdep_assert_held(&desc->lock);
	desc->spare = NULL;
	desc->owner = current;
	desc->state = KCOV_LOCAL;
	desc->rec.mode = mode;
	desc->rec.capacity = capacity_in(mode, desc->words);
	desc->rec.context = KCOV_CONTEXT_TASK;
	kcov_desc_get(desc);

	kt->task = get_task_struct(current);
	kt->local = desc;
	insert_task(kt);
	start(kt, &desc->rec);
}

static void unbind(struct kcov_task *kt, struct kcov_desc *desc)
	__must_hold(&desc->lock)
{
	lockdep_assert_held(&desc->lock);
	stop(kt);
	remove_task(kt);
	/* Current's own: never the last reference. */
	put_task_struct(kt->task);
	kt->task = NULL;
	kt->local = NULL;

	desc->spare = kt;
	desc->owner = NULL;
	desc->sequence++;
	desc->state = KCOV_READY;
}

static enum kcov_refusal refuse_enable(const struct kcov_desc *desc,
				       unsigned long mode)
	__must_hold(&desc->lock)
{
	lockdep_assert_held(&desc->lock);
	if (desc->state == KCOV_NEW)
		return KCOV_NOT_INIT;
	if (desc->state != KCOV_READY)
		return KCOV_IS_ENABLED;
	if (find_task(current))
		return KCOV_THREAD_BUSY;
	if (mode != KCOV_TRACE_PC && mode != KCOV_TRACE_CMP)
		return KCOV_BAD_MODE;
	return KCOV_OK;
}

/**
 * kcov_task_enable() - current starts to record its own code
 * @desc: the descriptor to record with
 * @mode: KCOV_TRACE_PC or KCOV_TRACE_CMP; all of the word counts
 *
 * Allocates nothing and cannot fail but for the caller's mistakes.
 */
enum kcov_refusal kcov_task_enable(struct kcov_desc *desc, unsigned long mode)
{
	enum kcov_refusal refusal;
	unsigned long flags;

	raw_spin_lock_irqsave(&desc->lock, flags);
	refusal = refuse_enable(desc, mode);
	if (!refusal)
		bind(desc, mode);
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return refusal;
}

/**
 * kcov_task_disable() - current stops to record with @desc
 * @desc: the descriptor
 */
enum kcov_refusal kcov_task_disable(struct kcov_desc *desc)
{
	struct kcov_task *kt = find_task(current);
	unsigned long flags;

	/* What current is bound to only current changes: no lock to ask. */
	if (!kt || kt->local != desc)
		return KCOV_NOT_OWNER;

	raw_spin_lock_irqsave(&desc->lock, flags);
	unbind(kt, desc);
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	kcov_desc_put(desc);
	return KCOV_OK;
}

/**
 * kcov_task_reset() - current's records with @desc begin at the first slot
 * @desc: the descriptor
 */
enum kcov_refusal kcov_task_reset(struct kcov_desc *desc)
{
	struct kcov_task *kt = find_task(current);

	/* As in DISABLE; and what is bound keeps its buffer. */
	if (!kt || kt->local != desc)
		return KCOV_NOT_OWNER;
	kcov_record_forget(&desc->rec);
	return KCOV_OK;
}

/**
 * kcov_task_exit() - current starts to exit
 *
 * When it returns the descriptor can be enabled again, so it must return
 * before anybody learns of the exit. Called with preemption disabled.
 */
void kcov_task_exit(void)
{
	struct kcov_task *kt = find_task(current);
	struct kcov_desc *desc;
	unsigned long flags;

	if (!kt)
		return;
	desc = kt->local;
	raw_spin_lock_irqsave(&desc->lock, flags);
	unbind(kt, desc);
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	kcov_desc_put_later(desc);
}

void __init kcov_task_setup(void)
{
	struct bucket *bucket;

	for (bucket = buckets; bucket < &buckets[1 << BUCKET_BITS]; bucket++)
		raw_spin_lock_init(&bucket->lock);
}
