// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a context records into: the entry of the current task, its sections and
 * its set, and what the callbacks of this CPU look at (kcov_cpu.h).
 *
 * task_struct has no room for us, so a table keyed by the task (kcov_table.c)
 * holds what a kernel with kcov keeps there, and struct kcov_cpu follows the
 * task from switch to switch. This file alone writes that.
 *
 * Context: any of the current task's, with interrupts off. kcov_task_switch()
 * and sched_out run with the run queue locked, sched_in with preemption
 * disabled: all of them only store.
 * Locking: the lock of one bucket; callers that bind hold desc->lock. A task's
 * list of notifiers is its own, and changed by us with interrupts off.
 * Lifetime: an entry is in the table while its task has a descriptor, a set or a
 * common handle. The own one of a section is the task's until that section ends.
 *
 * Who may see what, and why it is safe:
 *  - A callback loads what is there in the context of the task, or of an
 *    interrupt on top of it. The recorder is only unbound by the task itself,
 *    which is then in no callback, and whatever interrupts it ends before it
 *    goes on. So no callback can hold a recorder that is being unbound, and
 *    unbinding waits for nobody.
 *  - Whoever writes has interrupts off: one sees all of the old, or all of
 *    the new. NMIs see anything, but are in no context that records.
 */
#include <linux/cpumask.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>

#include "kcov_cpu.h"
#include "kcov_internal.h"

const u64 kcov_full[] = { U64_MAX, U64_MAX };

/* Where nobody records: no context is of this kind. */
static struct kcov_recorder nobody = { .kind = ~0u };

DEFINE_PER_CPU(struct kcov_cpu, kcov_cpu);

/*
 * The innermost section of the softirq that this CPU serves. Softirqs do not
 * nest, and do not sleep; on PREEMPT_RT they do, and have it in the task.
 */
static DEFINE_PER_CPU(struct kcov_section *, softirq_section);

/* This CPU records nothing. */
static void show_nobody(void)
{
	this_cpu_write(kcov_cpu.pcs, KCOV_NOBODY);
	this_cpu_write(kcov_cpu.comparisons, KCOV_NOBODY);
	this_cpu_write(kcov_cpu.rec, &nobody);
}

/*
 * What runs on this CPU from now on is recorded into @rec. Interrupts are off, and
 * what can come all the same, as NMIs, is in no context that records.
 */
static void show_on_top(struct kcov_recorder *rec)
{
	this_cpu_write(kcov_cpu.rec, rec);
	this_cpu_write(kcov_cpu.pcs, rec->pcs);
	this_cpu_write(kcov_cpu.comparisons, rec->comparisons);
}

/* The same for a recorder of current's, not of a softirq on top: see kcov_cpu.h. */
static void show(struct kcov_recorder *rec)
{
	this_cpu_write(kcov_cpu.capacity, rec->capacity);
	show_on_top(rec);
}

static void show_what(struct kcov_recorder *rec)
{
	if (rec)
		show(rec);
	else
		show_nobody();
}

#ifdef KCOV_SWITCH_NOTIFIER
static void sched_in(struct preempt_notifier *notifier, int cpu)
{
	struct kcov_task *kt;
	unsigned long flags;

	kt = container_of(notifier, struct kcov_task, notifier);
	local_irq_save(flags);
	show_what(kt->cur);
	local_irq_restore(flags);
}

static void sched_out(struct preempt_notifier *notifier,
		      struct task_struct *next)
{
	show_nobody();
}

static struct preempt_ops switch_ops = {
	.sched_in = sched_in,
	.sched_out = sched_out,
};

/*
 * As preempt_notifier_register() does, but not for current only: @task has not
 * run yet, or is current with interrupts off.
 */
static void watch_switches_of(struct kcov_task *kt, struct task_struct *task)
{
	kt->notifier.ops = &switch_ops;
	hlist_add_head(&kt->notifier.link, &task->preempt_notifiers);
}

static void watch_switches(struct kcov_task *kt)
{
	if (hlist_unhashed(&kt->notifier.link))
		watch_switches_of(kt, current);
}

static void unwatch_switches(struct kcov_task *kt)
{
	hlist_del_init(&kt->notifier.link);
}

/*
 * The entry that watches current's switches. The list is current's alone; other
 * code adds to it with interrupts on, but one store makes it longer or shorter.
 */
static struct kcov_task *watching_here(void)
{
	struct hlist_node *node;
	struct kcov_task *kt;

	hlist_for_each(node, &current->preempt_notifiers) {
		kt = hlist_entry(node, struct kcov_task, notifier.link);
		if (kt->notifier.ops == &switch_ops)
			return kt;
	}
	return NULL;
}

/*
 * A section's own entry is found by its notifier, and needs no place in the table. It
 * is on the list from one of these to the other, so nobody asks whether it is.
 */
static void insert_own(struct kcov_task *kt)
{
	watch_switches_of(kt, current);
}

static void remove_own(struct kcov_task *kt)
{
	__hlist_del(&kt->notifier.link);
}
#else
static void watch_switches_of(struct kcov_task *kt, struct task_struct *task)
{
}

static void watch_switches(struct kcov_task *kt)
{
}

static void unwatch_switches(struct kcov_task *kt)
{
}

/* Here it is the table that tells who has a section. */
static struct kcov_task *watching_here(void)
{
	return kcov_table_find(current);
}

static void insert_own(struct kcov_task *kt)
{
	kcov_task_insert(kt);
}

static void remove_own(struct kcov_task *kt)
{
	kcov_task_remove(kt);
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

	show_what(kt ? kt->cur : NULL);
}

/**
 * kcov_task_record() - current records into @rec from now on
 * @kt: current's entry
 * @rec: complete; NULL for nothing. Interrupts are off
 *
 * The notifier is there while @cur is set: it is changed last before
 * this CPU shows a recorder, and first after it shows none. Where a section ends
 * and something goes on it stays for the moment between.
 */
void kcov_task_record(struct kcov_task *kt, struct kcov_recorder *rec)
{
	lockdep_assert_irqs_disabled();
	if (rec) {
		watch_switches(kt);
		kt->cur = rec;
		show(rec);
	} else {
		show_nobody();
		unwatch_switches(kt);
		kt->cur = NULL;
	}
}

/* @kt becomes current's entry; it has none. */
void kcov_task_insert(struct kcov_task *kt)
{
	kt->task = get_task_struct(current);
	kcov_table_insert(kt);
}

/* The reverse: current has none any more. */
void kcov_task_remove(struct kcov_task *kt)
{
	kcov_table_remove(kt);
	/* Current's own: never the last reference. */
	put_task_struct(kt->task);
	kt->task = NULL;
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
	return watching_here() ?: kcov_table_find(current);
}

/* The entry that sections of this context are on: NULL if none, or the CPU. */
struct kcov_task *kcov_task_of(enum kcov_where where)
{
	lockdep_assert_irqs_disabled();
	return is_on_cpu(where) ? NULL : kcov_task_here();
}

/*
 * The innermost section here, NULL if none. Interrupts are off. An entry with a
 * section watches switches.
 */
struct kcov_section *kcov_task_section(enum kcov_where where)
{
	struct kcov_task *kt;

	lockdep_assert_irqs_disabled();
	if (is_on_cpu(where))
		return this_cpu_read(softirq_section);
	kt = watching_here();
	return kt ? kt->sections[where] : NULL;
}

/* A task that has no entry gets the section's. */
static void push_own(struct kcov_section *section, enum kcov_where where)
{
	struct kcov_task *kt = &section->entry;

	section->on = kt;
	section->below = NULL;
	kt->sections[where] = section;
	/* As in kcov_task_record(). */
	insert_own(kt);
	kt->cur = &section->rec;
	show(&section->rec);
}

static void push_on_cpu(struct kcov_section *section)
{
	section->on = NULL;
	section->below = this_cpu_read(softirq_section);
	this_cpu_write(softirq_section, section);
	show_on_top(&section->rec);
}

/**
 * kcov_task_push() - this context records into a section from now on
 * @kt: from kcov_task_of(), interrupts are still off
 * @section: complete; its @below and @on are set here
 * @where: task or softirq, as the caller found it
 *
 * A softirq runs on top of whatever its CPU ran, and ends before that goes on:
 * it changes what the CPU shows only. A task may sleep in its section and go on
 * elsewhere, so the switch back end must know.
 */
void kcov_task_push(struct kcov_task *kt, struct kcov_section *section,
		    enum kcov_where where)
{
	lockdep_assert_irqs_disabled();
	if (is_on_cpu(where)) {
		push_on_cpu(section);
	} else if (!kt) {
		push_own(section, where);
	} else {
		section->on = kt;
		section->below = kt->sections[where];
		kt->sections[where] = section;
		kcov_task_record(kt, &section->rec);
	}
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

/* Nothing of current is recorded for a moment; its switches are watched on. */
static void stay_silent(struct kcov_task *kt)
{
	show_nobody();
	kt->cur = NULL;
}

/**
 * kcov_task_pop() - the innermost section here ends
 * @section: that section; when this returns nobody can find it
 * @where: as for kcov_task_push(); interrupts are off
 *
 * Until kcov_task_resume() nothing is recorded, so that what has to be done with
 * the section does not show.
 *
 * Return: false if nothing else is here, and nothing has to be resumed.
 */
bool kcov_task_pop(struct kcov_section *section, enum kcov_where where)
{
	struct kcov_task *kt = section->on;

	lockdep_assert_irqs_disabled();
	if (kt == &section->entry) {
		/* As in kcov_task_record(). */
		show_nobody();
		remove_own(kt);
		kt->cur = NULL;
		kt->sections[where] = NULL;
		return false;
	}
	if (kt) {
		stay_silent(kt);
		kt->sections[where] = section->below;
	} else {
		show_nobody();
		this_cpu_write(softirq_section, section->below);
	}
	return true;
}

/*
 * What this context records into goes on. Not what it was when the section
 * began: a section that nobody stopped ends much later, and, in a softirq, on
 * top of another task. Interrupts are off.
 */
void kcov_task_resume(enum kcov_where where)
{
	struct kcov_task *kt = kcov_task_here();
	struct kcov_section *section;

	lockdep_assert_irqs_disabled();
	if (!is_on_cpu(where)) {
		if (kt)
			kcov_task_record(kt, recorder_of(kt));
		return;
	}
	section = this_cpu_read(softirq_section);
	if (section)
		show_on_top(&section->rec);
	else
		show_what(kt ? kt->cur : NULL);
}

/**
 * kcov_task_pause() - nothing is recorded until kcov_task_go_on()
 *
 * For what we do ourselves within the code of others, with interrupts off from
 * one to the other.
 */
struct kcov_recorder *kcov_task_pause(void)
{
	struct kcov_recorder *rec = this_cpu_read(kcov_cpu.rec);

	lockdep_assert_irqs_disabled();
	show_nobody();
	return rec;
}

void kcov_task_go_on(struct kcov_recorder *rec)
{
	lockdep_assert_irqs_disabled();
	/* What was there before, whosever it is: the capacity still is. */
	if (rec != &nobody)
		show_on_top(rec);
}

/* Nothing holds the entry any more: it goes where those of children come from. */
static void release_entry(struct kcov_task *kt)
{
	if (kt->local || kt->remote || kt->set || kt->common_handle)
		return;
	kcov_task_remove(kt);
	kcov_pool_put(kt);
}

/* Current forgets what it inherited, and the entry that was there for it. */
void kcov_task_forget_handle(void)
{
	struct kcov_task *kt;
	unsigned long flags;

	local_irq_save(flags);
	kt = kcov_task_here();
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
	struct kcov_task *kt = kcov_task_here();

	lockdep_assert_irqs_disabled();
	if (kt && kt->cur)
		return KCOV_THREAD_BUSY;
	if (!kt) {
		kt = kcov_pool_get();
		if (!kt)
			return KCOV_NO_MEMORY;
		kcov_task_insert(kt);
	}
	if (!replace_lent(kt))
		return KCOV_NO_MEMORY;
	kt->set = set;
	kcov_task_record(kt, &set->rec);
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
	kt = kcov_task_here();
	if (kt && kt->set && !kt->sections[KCOV_IN_TASK] &&
	    (!desc || kt->set->tree->desc == desc)) {
		kcov_task_record(kt, NULL);
		set = kt->set;
		kt->set = NULL;
		release_entry(kt);
	}
	local_irq_restore(flags);
	return set;
}

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
	struct kcov_task *kt = kcov_task_here(), *inherited;

	lockdep_assert_irqs_disabled();
	if (!kt || (!kt->common_handle && !set))
		return false;
	inherited = kcov_pool_get();
	if (!inherited) {
		if (kt->common_handle)
			kcov_loss_count(KCOV_LOST_CHILD);
		if (set)
			kcov_loss_count(KCOV_LOST_OF_TREE);
		return false;
	}
	inherited->task = get_task_struct(child);
	inherited->common_handle = kt->common_handle;
	if (set) {
		inherited->set = set;
		watch_switches_of(inherited, child);
		inherited->cur = &set->rec;
	}
	kcov_table_insert(inherited);
	return true;
}

/* Of a module's variables of CPUs the loader leaves addresses alone. */
void __init kcov_task_setup(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		per_cpu(kcov_cpu, cpu) = (struct kcov_cpu){
			.pcs = KCOV_NOBODY,
			.comparisons = KCOV_NOBODY,
			.rec = &nobody,
		};
}
