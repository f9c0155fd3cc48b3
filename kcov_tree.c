// SPDX-License-Identifier: GPL-2.0-only
/*
 * Process trees: a task and all it creates record together, for one descriptor.
 *
 * Each task of a tree records into a set of PCs of its own, so that no line is
 * shared between CPUs. When the task ends, and for all when the tree is
 * disabled, the set is merged: what the tree has not seen yet is appended to the
 * buffer.
 *
 * Context: a child gets its set where its parent forks, a task gives its set
 * back where it exits: with interrupts off, nothing allocated. All merging is
 * process context.
 * Locking: merge_lock for what was seen, the buffer and the list of all sets;
 * desc->lock for the idle and the ended ones. Sets are made under no lock: the
 * cgroup that pays for them may let whoever makes them wait.
 * Lifetime: a struct kcov_tree lives until it is disabled, or its file is gone,
 * and its last task has ended; its sets as long, so whoever holds it may look at
 * any of them.
 */
#include <linux/err.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/memcontrol.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "kcov_internal.h"

static unsigned int tree_set_size = 0x4000;
module_param(tree_set_size, uint, 0644);
MODULE_PARM_DESC(tree_set_size,
		 "room for different PCs of one task of a tree, a power of two (default 0x4000)");

static unsigned int tree_sets = 64;
module_param(tree_sets, uint, 0644);
MODULE_PARM_DESC(tree_sets,
		 "tasks that a tree may create in a burst, faster than our workqueue runs (default 64)");

/* Room for what a whole tree may reach, in sets of one task. */
#define SEEN_SETS 8

static unsigned int sets_wanted(void)
{
	return clamp(READ_ONCE(tree_sets), 1u, 0x10000u);
}

static u64 set_size(void)
{
	return roundup_pow_of_two(clamp(READ_ONCE(tree_set_size), 0x100u,
					0x1000000u));
}

static int make_area(struct kcov_recorder *rec, u64 slots)
{
	rec->area = kcov_desc_alloc_area(slots);
	rec->capacity = slots - 1;
	rec->mode = KCOV_RECORD_SET;
	rec->kind = kcov_record_kind(KCOV_CONTEXT_TASK, KCOV_RECORD_SET);
	kcov_cpu_aim(rec);
	return rec->area ? 0 : -ENOMEM;
}

static void put_idle(struct kcov_tree *tree, struct kcov_set *set)
{
	raw_spin_lock_irq(&tree->desc->lock);
	list_add(&set->node, &tree->idle);
	/* Others ask without the lock whether it is time to make more. */
	WRITE_ONCE(tree->idle_count, tree->idle_count + 1);
	raw_spin_unlock_irq(&tree->desc->lock);
}

static struct kcov_set *make_set(struct kcov_tree *tree)
{
	struct kcov_set *set = kzalloc(sizeof(*set), GFP_KERNEL_ACCOUNT);

	if (!set || make_area(&set->rec, tree->set_size)) {
		kfree(set);
		return NULL;
	}
	set->tree = tree;
	return set;
}

/* @set is in none of the tree's lists but that of all, or in none at all. */
static void free_set(struct kcov_set *set)
{
	list_del(&set->all);
	kcov_desc_free_area(set->rec.area);
	kfree(set);
}

/* Of what is ready already nothing is needed, by nobody, once the tree has stopped. */
static void add_set(struct kcov_tree *tree, struct kcov_set *set)
{
	mutex_lock(&tree->merge_lock);
	list_add(&set->all, &tree->sets);
	if (tree->stopped)
		free_set(set);
	else
		put_idle(tree, set);
	mutex_unlock(&tree->merge_lock);
}

/* Who enabled the tree pays, whoever makes its sets. */
static int fill(struct kcov_tree *tree)
{
	struct mem_cgroup *before = set_active_memcg(tree->memcg);
	struct kcov_set *set = NULL;
	int err = 0;

	while (READ_ONCE(tree->idle_count) < sets_wanted() &&
	       !READ_ONCE(tree->stopped) && !err) {
		set = make_set(tree);
		if (set)
			add_set(tree, set);
		else
			err = -ENOMEM;
	}
	set_active_memcg(before);
	return err;
}

/* What the tree has not seen yet goes into the buffer; sets have addresses as they are. */
static void merge_pc(struct kcov_tree *tree, u64 ip)
	__must_hold(&tree->merge_lock)
{
	if (kcov_record_add(&tree->seen, ip))
		kcov_record_pc(&tree->desc->rec, ip - kcov_kaslr_offset);
}

/* Its task may still be recording: what it adds meanwhile may be missed. */
static void merge_set(struct kcov_tree *tree, struct kcov_set *set)
	__must_hold(&tree->merge_lock)
{
	u64 i, ip;

	lockdep_assert_held(&tree->merge_lock);
	for (i = 0; i <= set->rec.capacity; i++) {
		ip = READ_ONCE(set->rec.area[i]);
		if (ip)
			merge_pc(tree, ip);
	}
	kcov_record_drop(&tree->desc->rec, READ_ONCE(set->rec.dropped));
}

/* As new; no task has it. */
static void empty_set(struct kcov_set *set)
{
	memset(set->rec.area, 0, (set->rec.capacity + 1) * sizeof(u64));
	set->rec.dropped = 0;
}

/* What no task needs any more; those that tasks have follow when they end. */
static void free_idle(struct kcov_tree *tree)
	__must_hold(&tree->merge_lock)
{
	struct kcov_set *set, *next;
	LIST_HEAD(idle);

	lockdep_assert_held(&tree->merge_lock);
	raw_spin_lock_irq(&tree->desc->lock);
	list_splice_init(&tree->idle, &idle);
	WRITE_ONCE(tree->idle_count, 0);
	raw_spin_unlock_irq(&tree->desc->lock);
	list_for_each_entry_safe(set, next, &idle, node)
		free_set(set);
}

static struct kcov_set *next_ended(struct kcov_tree *tree)
{
	struct kcov_set *set;

	raw_spin_lock_irq(&tree->desc->lock);
	set = list_first_entry_or_null(&tree->ended, struct kcov_set, node);
	if (set)
		list_del(&set->node);
	raw_spin_unlock_irq(&tree->desc->lock);
	return set;
}

/* More than a burst needs are not kept. */
static void merge_ended(struct kcov_tree *tree)
	__must_hold(&tree->merge_lock)
{
	struct kcov_set *set;

	while ((set = next_ended(tree))) {
		if (!tree->stopped)
			merge_set(tree, set);
		if (tree->stopped || READ_ONCE(tree->idle_count) >= sets_wanted()) {
			free_set(set);
		} else {
			empty_set(set);
			put_idle(tree, set);
		}
		cond_resched();
	}
}

/* Tasks have ended, or forks have used half of the idle sets. */
static void work_on(struct work_struct *work)
{
	struct kcov_tree *tree = container_of(work, struct kcov_tree, work);

	mutex_lock(&tree->merge_lock);
	merge_ended(tree);
	mutex_unlock(&tree->merge_lock);
	fill(tree);
}

static void free_tree(struct work_struct *work)
{
	struct kcov_tree *tree = container_of(work, struct kcov_tree,
					      free_work);
	struct kcov_desc *desc = tree->desc;
	struct kcov_set *set, *next;

	cancel_work_sync(&tree->work);
	list_for_each_entry_safe(set, next, &tree->sets, all)
		free_set(set);
	kcov_desc_free_area(tree->seen.area);
	mem_cgroup_put(tree->memcg);
	kfree(tree);
	kcov_desc_put(desc);
}

static void put_tree(struct kcov_tree *tree)
{
	if (refcount_dec_and_test(&tree->refs))
		free_tree(&tree->free_work);
}

static void put_tree_later(struct kcov_tree *tree)
{
	if (refcount_dec_and_test(&tree->refs))
		kcov_desc_queue(&tree->free_work);
}

static struct kcov_tree *make_tree(struct kcov_desc *desc)
{
	struct kcov_tree *tree = kzalloc(sizeof(*tree), GFP_KERNEL_ACCOUNT);
	int err;

	if (!tree)
		return ERR_PTR(-ENOMEM);
	refcount_set(&tree->refs, 1);
	mutex_init(&tree->merge_lock);
	INIT_LIST_HEAD(&tree->sets);
	INIT_LIST_HEAD(&tree->idle);
	INIT_LIST_HEAD(&tree->ended);
	INIT_WORK(&tree->work, work_on);
	INIT_WORK(&tree->free_work, free_tree);
	tree->set_size = set_size();
	tree->memcg = get_mem_cgroup_from_mm(current->mm);
	tree->desc = desc;
	kcov_desc_get(desc);

	err = make_area(&tree->seen, SEEN_SETS * tree->set_size);
	if (!err)
		err = fill(tree);
	if (!err)
		err = kcov_inherit_start();
	if (!err)
		return tree;
	put_tree(tree);
	return ERR_PTR(err);
}

/* An empty set for one more task of the tree, with a reference on that. */
static struct kcov_set *take_set(struct kcov_tree *tree)
	__must_hold(&tree->desc->lock)
{
	struct kcov_set *set;

	lockdep_assert_held(&tree->desc->lock);
	set = list_first_entry_or_null(&tree->idle, struct kcov_set, node);
	if (!set)
		return NULL;
	list_del(&set->node);
	WRITE_ONCE(tree->idle_count, tree->idle_count - 1);
	refcount_inc(&tree->refs);
	return set;
}

static enum kcov_refusal start(struct kcov_desc *desc, struct kcov_tree *tree)
{
	unsigned long flags = kcov_desc_lock_merged(desc);
	enum kcov_refusal refusal;
	struct kcov_set *set;

	refusal = desc->state == KCOV_NEW ? KCOV_NOT_INIT :
		  desc->state != KCOV_READY ? KCOV_IS_ENABLED : KCOV_OK;
	if (!refusal) {
		set = take_set(tree);
		refusal = kcov_task_join(set);
		if (refusal) {
			list_add(&set->node, &tree->idle);
			refcount_dec(&tree->refs);
		}
	}
	if (!refusal) {
		desc->tree = tree;
		desc->state = KCOV_TREE;
		desc->rec.mode = KCOV_RECORD_SET;
		desc->rec.capacity = kcov_record_pc_capacity(desc->words);
	}
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return refusal;
}

/**
 * kcov_tree_enable() - current and all it will create record for @desc
 * @desc: the descriptor
 */
enum kcov_refusal kcov_tree_enable(struct kcov_desc *desc)
{
	enum kcov_refusal refusal;
	struct kcov_tree *tree;

	if (kcov_desc_is_new(desc))
		return KCOV_NOT_INIT;
	tree = make_tree(desc);
	if (IS_ERR(tree))
		return kcov_refusal_of(PTR_ERR(tree));
	refusal = start(desc, tree);
	if (refusal)
		put_tree(tree);
	return refusal;
}

/* False if another one has disabled @tree already; @desc may have a new one. */
static bool detach(struct kcov_desc *desc, const struct kcov_tree *tree)
{
	bool attached;

	raw_spin_lock_irq(&desc->lock);
	attached = desc->tree == tree;
	if (attached) {
		desc->tree = NULL;
		desc->state = KCOV_READY;
	}
	raw_spin_unlock_irq(&desc->lock);
	return attached;
}

/* All tasks, those that have not ended too. From here on nothing is merged. */
static void merge_all(struct kcov_tree *tree)
{
	struct kcov_set *set;

	mutex_lock(&tree->merge_lock);
	if (!tree->stopped) {
		list_for_each_entry(set, &tree->sets, all) {
			merge_set(tree, set);
			cond_resched();
		}
		kcov_record_drop(&tree->desc->rec, tree->seen.dropped);
		WRITE_ONCE(tree->stopped, true);
		free_idle(tree);
		kcov_desc_free_area(tree->seen.area);
		tree->seen.area = NULL;
	}
	mutex_unlock(&tree->merge_lock);
}

/**
 * kcov_tree_disable() - the end of a tree, by anyone who has its file
 * @desc: the descriptor
 *
 * When it returns all that the tree has reached is in the buffer. Current leaves
 * the tree if it belongs to it; others stay, but nobody will know.
 *
 * Return: false if there is no tree.
 */
bool kcov_tree_disable(struct kcov_desc *desc)
{
	struct kcov_tree *tree;

	kcov_tree_leave(desc);
	raw_spin_lock_irq(&desc->lock);
	tree = desc->tree;
	if (tree)
		refcount_inc(&tree->refs);
	raw_spin_unlock_irq(&desc->lock);
	if (!tree)
		return false;
	merge_all(tree);
	if (detach(desc, tree))
		put_tree(tree);
	put_tree(tree);
	return true;
}

/* The set of a task that ends is merged by the workqueue. */
static void end_set(struct kcov_set *set)
{
	struct kcov_tree *tree = set->tree;
	unsigned long flags;

	raw_spin_lock_irqsave(&tree->desc->lock, flags);
	list_add_tail(&set->node, &tree->ended);
	raw_spin_unlock_irqrestore(&tree->desc->lock, flags);
	kcov_desc_queue(&tree->work);
	put_tree_later(tree);
}

/* Current leaves the tree of @desc, or any if that is NULL. */
void kcov_tree_leave(const struct kcov_desc *desc)
{
	struct kcov_set *set = kcov_task_leave(desc);

	if (set)
		end_set(set);
}

/**
 * kcov_tree_child() - a set for a child of current
 *
 * Interrupts are off.
 *
 * Return: NULL if current is in no tree, or in one that is disabled, or none is
 * left.
 */
struct kcov_set *kcov_tree_child(void)
{
	struct kcov_task *kt = kcov_task_here();
	struct kcov_set *set;
	struct kcov_tree *tree;

	if (!kt || !kt->set)
		return NULL;
	tree = kt->set->tree;
	if (READ_ONCE(tree->stopped))
		return NULL;
	raw_spin_lock(&tree->desc->lock);
	set = take_set(tree);
	raw_spin_unlock(&tree->desc->lock);
	if (!set && !READ_ONCE(tree->stopped))
		kcov_loss_count(KCOV_LOST_OF_TREE);
	if (READ_ONCE(tree->idle_count) < sets_wanted() / 2)
		kcov_desc_queue(&tree->work);
	return set;
}

/* The child could not be entered: nothing was recorded. */
void kcov_tree_return(struct kcov_set *set)
{
	end_set(set);
}
