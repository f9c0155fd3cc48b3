// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of tasks that record, or that inherited a common handle.
 *
 * Context: any but NMIs; insert and remove have interrupts off.
 * Locking: the lock of one bucket.
 * Lifetime: entries are the callers'. They stay usable without the lock because
 * of who looks: see struct kcov_task.
 */
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>

#include "kcov_internal.h"

struct kcov_bucket kcov_table[1 << KCOV_TABLE_BITS];

/* The slow half of kcov_table_find(). */
struct kcov_task *kcov_table_search(struct kcov_bucket *bucket,
				    const struct task_struct *task)
{
	struct kcov_task *kt;
	unsigned long flags;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	hlist_for_each_entry(kt, &bucket->tasks, node) {
		if (kt->task == task)
			break;
	}
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	return kt;
}

void kcov_table_insert(struct kcov_task *kt)
{
	struct kcov_bucket *bucket = kcov_table_bucket(kt->task);

	raw_spin_lock(&bucket->lock);
	hlist_add_head(&kt->node, &bucket->tasks);
	raw_spin_unlock(&bucket->lock);
}

void kcov_table_remove(struct kcov_task *kt)
{
	struct kcov_bucket *bucket = kcov_table_bucket(kt->task);

	raw_spin_lock(&bucket->lock);
	hlist_del(&kt->node);
	raw_spin_unlock(&bucket->lock);
}

/**
 * kcov_table_purge() - forget the handles of all tasks
 *
 * When exits are not seen any more and no descriptor is left: only entries
 * that hold nothing but a handle can be there. Their tasks may be looking at
 * them, with interrupts off.
 */
void kcov_table_purge(void)
{
	struct hlist_head purged = HLIST_HEAD_INIT;
	struct hlist_node *next;
	struct kcov_bucket *bucket;
	struct kcov_task *kt;

	for (bucket = kcov_table; bucket < kcov_table + ARRAY_SIZE(kcov_table);
	     bucket++) {
		raw_spin_lock_irq(&bucket->lock);
		hlist_for_each_entry_safe(kt, next, &bucket->tasks, node) {
			hlist_del(&kt->node);
			hlist_add_head(&kt->node, &purged);
		}
		raw_spin_unlock_irq(&bucket->lock);
	}
	if (hlist_empty(&purged))
		return;
	/* Pairs with the disabled interrupts of those who look. */
	synchronize_rcu();
	hlist_for_each_entry_safe(kt, next, &purged, node) {
		put_task_struct(kt->task);
		kt->task = NULL;
		kt->common_handle = 0;
		kcov_pool_put(kt);
	}
}

void __init kcov_table_setup(void)
{
	struct kcov_bucket *bucket;

	for (bucket = kcov_table; bucket < kcov_table + ARRAY_SIZE(kcov_table);
	     bucket++)
		raw_spin_lock_init(&bucket->lock);
}
