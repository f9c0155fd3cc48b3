// SPDX-License-Identifier: GPL-2.0-only
/*
 * Binding of descriptors and sections to the task that records with them.
 *
 * task_struct has no room for us, so a table keyed by the task (kcov_table.c)
 * holds what a kernel with kcov keeps there, and a per-CPU pointer follows the
 * task from switch to switch. This file alone writes that pointer.
 *
 * Context: ENABLE and DISABLE are process context. kcov_task_exit() runs with
 * preemption disabled, kcov_task_switch() and sched_out with the run queue
 * locked, sched_in with preemption disabled: all of them only store.
 * kcov_task_push() and pop() run wherever a section starts and stops.
 * Locking: desc->lock, inside it the lock of one bucket.
 * Lifetime: an entry is in the table while its task has a descriptor, a section
 * or a common handle.
 *
 * Who may see what, and why it is safe:
 *  - A callback loads the pointer in the context of the task, or of an
 *    interrupt on top of it. The recorder is only unbound by the task itself,
 *    which is then in no callback, and whatever interrupts it ends before it
 *    goes on. So no callback can hold a recorder that is being unbound, and
 *    unbinding waits for nobody.
 *  - Between two stores of record_into() an interrupt sees NULL or a complete
 *    recorder: the old or the new one.
 *  - After do_exit() has started no thread of the task enables again.
 */
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>
#include <uapi/linux/kcov.h>

#include "kcov_internal.h"

DEFINE_PER_CPU(struct kcov_recorder *, kcov_recorder);

/*
 * The innermost section of the softirq that this CPU serves. Softirqs do not
 * nest, and do not sleep; on PREEMPT_RT they do, and have it in the task.
 */
static DEFINE_PER_CPU(struct kcov_section *, softirq_section);

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
	if (kt->cur)
		return;
	preempt_notifier_init(&kt->notifier, &switch_ops);
	preempt_notifier_register(&kt->notifier);
}

static void unwatch_switches(struct kcov_task *kt)
{
	if (kt->cur)
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
	struct kcov_task *kt = kcov_table_find(next);
	struct kcov_recorder *rec = kt ? kt->cur : NULL;

	this_cpu_write(kcov_recorder, rec);
}

/*
 * Current records into @rec from now on, which is complete; into nothing if it
 * is NULL. The notifier is there while @cur is set: it is changed last before
 * the pointer shows a recorder, and first after it shows none.
 */
static void record_into(struct kcov_task *kt, struct kcov_recorder *rec)
{
	lockdep_assert_irqs_disabled();
	if (rec) {
		watch_switches(kt);
		kt->cur = rec;
		/* All of it before the pointer; an interrupt may look. */
		barrier();
		this_cpu_write(kcov_recorder, rec);
	} else {
		this_cpu_write(kcov_recorder, NULL);
		/* The pointer before the rest: the reverse. */
		barrier();
		unwatch_switches(kt);
		kt->cur = NULL;
	}
}

static void insert_current(struct kcov_task *kt)
{
	kt->task = get_task_struct(current);
	kcov_table_insert(kt);
}

static void forget_current(struct kcov_task *kt)
{
	kcov_table_remove(kt);
	/* Current's own: never the last reference. */
	put_task_struct(kt->task);
	kt->task = NULL;
}

/* Current's entry, @desc's own if there is none yet. */
static struct kcov_task *take_entry(struct kcov_desc *desc)
	__must_hold(&desc->lock)
{
	struct kcov_task *kt = kcov_table_find(current);

	if (kt)
		return kt;
	kt = desc->spare;
	desc->spare = NULL;
	insert_current(kt);
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
	forget_current(kt);
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
	desc->rec.context = KCOV_CONTEXT_TASK;
	kcov_desc_get(desc);

	kt = take_entry(desc);
	desc->state = KCOV_LOCAL;
	kt->local = desc;
	record_into(kt, &desc->rec);
}

static void unbind(struct kcov_task *kt, struct kcov_desc *desc)
	__must_hold(&desc->lock)
{
	lockdep_assert_held(&desc->lock);
	record_into(kt, NULL);
	kt->local = NULL;
	leave_entry(kt, desc);

	desc->owner = NULL;
	desc->state = KCOV_READY;
}

static bool is_on_cpu(enum kcov_where where)
{
	return where == KCOV_IN_SOFTIRQ && !IS_ENABLED(CONFIG_PREEMPT_RT);
}

/*
 * Current's entry or NULL. The answer holds while interrupts are off, and as
 * long as current has a descriptor or a section.
 */
struct kcov_task *kcov_task_here(void)
{
	return kcov_table_find(current);
}

/* The innermost section here, NULL if none. Interrupts are off. */
struct kcov_section *kcov_task_section(enum kcov_where where)
{
	struct kcov_task *kt;

	lockdep_assert_irqs_disabled();
	if (is_on_cpu(where))
		return this_cpu_read(softirq_section);
	kt = kcov_table_find(current);
	return kt ? kt->sections[where] : NULL;
}

/**
 * kcov_task_push() - this context records into a section from now on
 * @section: complete; its @below is set here
 * @where: task or softirq, as the caller found it; interrupts are off
 *
 * A softirq runs on top of whatever its CPU ran, and ends before that goes on:
 * it changes the CPU's pointer only. A task may sleep in its section and go on
 * elsewhere, so the switch back end must know.
 */
void kcov_task_push(struct kcov_section *section, enum kcov_where where)
{
	struct kcov_task *kt;

	lockdep_assert_irqs_disabled();
	section->below = kcov_task_section(where);
	if (is_on_cpu(where)) {
		this_cpu_write(softirq_section, section);
		this_cpu_write(kcov_recorder, &section->rec);
		return;
	}
	kt = kcov_table_find(current);
	if (!kt) {
		kt = &section->entry;
		insert_current(kt);
	}
	kt->sections[where] = section;
	record_into(kt, &section->rec);
}

/**
 * kcov_task_pop() - the innermost section here ends
 * @section: that section; when this returns nobody can find it
 * @where: as for kcov_task_push(); interrupts are off
 *
 * Until kcov_task_resume() nothing is recorded, so that what has to be done with
 * the section does not show.
 */
void kcov_task_pop(struct kcov_section *section, enum kcov_where where)
{
	struct kcov_task *kt;

	lockdep_assert_irqs_disabled();
	if (is_on_cpu(where)) {
		this_cpu_write(kcov_recorder, NULL);
		this_cpu_write(softirq_section, section->below);
		return;
	}
	kt = kcov_table_find(current);
	record_into(kt, NULL);
	kt->sections[where] = section->below;
	if (kt == &section->entry)
		forget_current(kt);
}

/* What the task of @kt records into: its innermost section, or by itself. */
static struct kcov_recorder *recorder_of(const struct kcov_task *kt)
{
	int where;

	for (where = KCOV_NR_WHERE - 1; where >= 0; where--) {
		if (kt->sections[where])
			return &kt->sections[where]->rec;
	}
	if (kt->local)
		return &kt->local->rec;
	return kt->set ? &kt->set->rec : NULL;
}

/*
 * What this context records into goes on. Not what it was when the section
 * began: a section that nobody stopped ends much later, and, in a softirq, on
 * top of another task.
 */
void kcov_task_resume(enum kcov_where where)
{
	struct kcov_section *section = NULL;
	struct kcov_recorder *rec;
	struct kcov_task *kt;
	unsigned long flags;

	local_irq_save(flags);
	kt = kcov_table_find(current);
	if (is_on_cpu(where)) {
		section = this_cpu_read(softirq_section);
		rec = section ? &section->rec : kt ? kt->cur : NULL;
		this_cpu_write(kcov_recorder, rec);
	} else {
		rec = kt ? recorder_of(kt) : NULL;
		if (rec)
			record_into(kt, rec);
	}
	local_irq_restore(flags);
}

/**
 * kcov_task_pause() - nothing is recorded until kcov_task_go_on()
 *
 * For what we do ourselves within the code of others, with interrupts off from
 * one to the other.
 */
struct kcov_recorder *kcov_task_pause(void)
{
	struct kcov_recorder *rec = this_cpu_read(kcov_recorder);

	lockdep_assert_irqs_disabled();
	this_cpu_write(kcov_recorder, NULL);
	return rec;
}

void kcov_task_go_on(struct kcov_recorder *rec)
{
	lockdep_assert_irqs_disabled();
	this_cpu_write(kcov_recorder, rec);
}

/**
 * kcov_task_own() - current owns the remote sections of @desc
 * @desc: the descriptor, ready, its lock held; gives one reference
 * @common_handle: current's from now on; 0 leaves what it inherited
 */
void kcov_task_own(struct kcov_desc *desc, u64 common_handle)
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
void kcov_task_disown(struct kcov_desc *desc)
{
	struct kcov_task *kt = kcov_table_find(current);

	lockdep_assert_held(&desc->lock);
	kt->remote = NULL;
	kt->common_handle = 0;
	leave_entry(kt, desc);
	desc->owner = NULL;
	desc->state = KCOV_READY;
}

/* Nothing holds the entry any more: it goes where those of children come from. */
static void release_entry(struct kcov_task *kt)
{
	if (kt->local || kt->remote || kt->set || kt->common_handle)
		return;
	forget_current(kt);
	kcov_pool_put(kt);
}

/* Current forgets what it inherited, and the entry that was there for it. */
void kcov_task_forget_handle(void)
{
	struct kcov_task *kt;
	unsigned long flags;

	local_irq_save(flags);
	kt = kcov_table_find(current);
	if (kt && kt->common_handle) {
		kt->common_handle = 0;
		release_entry(kt);
	}
	local_irq_restore(flags);
}

/*
 * The descriptor that lent @kt may be disabled before current leaves its tree,
 * and must have a spare entry then.
 */
static bool replace_lent(struct kcov_task *kt)
{
	struct kcov_desc *desc = kt->remote;

	if (desc && !desc->spare)
		desc->spare = kcov_pool_get();
	return !desc || desc->spare;
}

/**
 * kcov_task_join() - current records into a set of a tree
 * @set: empty; interrupts are off
 */
enum kcov_refusal kcov_task_join(struct kcov_set *set)
{
	struct kcov_task *kt = kcov_table_find(current);

	lockdep_assert_irqs_disabled();
	if (kt && kt->cur)
		return KCOV_THREAD_BUSY;
	if (!kt) {
		kt = kcov_pool_get();
		if (!kt)
			return KCOV_NO_MEMORY;
		insert_current(kt);
	}
	if (!replace_lent(kt))
		return KCOV_NO_MEMORY;
	kt->set = set;
	record_into(kt, &set->rec);
	return KCOV_OK;
}

/**
 * kcov_task_leave() - current leaves its tree, unless it is in a section
 * @desc: only if it is this descriptor's; NULL for any
 *
 * Return: the set, which is the caller's; NULL if current is in none, or stays
 * in its tree.
 */
struct kcov_set *kcov_task_leave(const struct kcov_desc *desc)
{
	struct kcov_set *set = NULL;
	struct kcov_task *kt;
	unsigned long flags;

	local_irq_save(flags);
	kt = kcov_table_find(current);
	if (kt && kt->set && !kt->sections[KCOV_IN_TASK] &&
	    (!desc || kt->set->tree->desc == desc)) {
		record_into(kt, NULL);
		set = kt->set;
		kt->set = NULL;
		release_entry(kt);
	}
	local_irq_restore(flags);
	return set;
}

#ifdef KCOV_SWITCH_NOTIFIER
/* As preempt_notifier_register() does for current; @child has not run yet. */
static void watch_child(struct kcov_task *kt, struct task_struct *child)
{
	preempt_notifier_init(&kt->notifier, &switch_ops);
	hlist_add_head(&kt->notifier.link, &child->preempt_notifiers);
}
#else
static void watch_child(struct kcov_task *kt, struct task_struct *child)
{
}
#endif

/**
 * kcov_task_inherit() - a child gets current's common handle, and a set
 * @child: has not run yet, so nobody else looks for its entry
 * @set: of current's tree, or NULL
 *
 * Interrupts are off.
 *
 * Return: whether the child has an entry now.
 */
bool kcov_task_inherit(struct task_struct *child, struct kcov_set *set)
{
	struct kcov_task *kt = kcov_table_find(current), *inherited;

	lockdep_assert_irqs_disabled();
	if (!kt || (!kt->common_handle && !set))
		return false;
	inherited = kcov_pool_get();
	if (!inherited) {
		kcov_loss_count(KCOV_LOST_CHILD);
		return false;
	}
	inherited->task = get_task_struct(child);
	inherited->common_handle = kt->common_handle;
	if (set) {
		inherited->set = set;
		watch_child(inherited, child);
		inherited->cur = &set->rec;
	}
	kcov_table_insert(inherited);
	return true;
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
	kt = kcov_table_find(current);
	if (kt && kt->cur)
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
		kt = kcov_table_find(current);
		unbind(kt, desc);
	}
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return kt;
}

/**
 * kcov_task_disable() - current stops to record with @desc
 * @desc: the descriptor
 */
enum kcov_refusal kcov_task_disable(struct kcov_desc *desc)
{
	if (!unbind_current(desc))
		return KCOV_NOT_OWNER;
	kcov_desc_put(desc);
	return KCOV_OK;
}

/**
 * kcov_task_exit() - current starts to exit, and is in no section or tree
 *
 * When it returns the descriptor can be enabled again, so it must return
 * before anybody learns of the exit. Called with preemption disabled.
 */
void kcov_task_exit(void)
{
	struct kcov_task *kt = kcov_table_find(current);
	struct kcov_desc *desc = kt ? kt->local : NULL;

	if (desc && unbind_current(desc))
		kcov_desc_put_later(desc);
	kcov_task_forget_handle();
}
