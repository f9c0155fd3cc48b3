// SPDX-License-Identifier: GPL-2.0-only
/*
 * Spare entries of the task table, for tasks that get one where nothing can be
 * allocated: children that inherit a common handle.
 *
 * Context: fill and drain are process context; get and put run where a task
 * forks or exits, with interrupts off.
 * Locking: spares_lock.
 * Lifetime: filled while somebody inherits, by our workqueue when half of it is
 * used; drained when function entries and exits are disarmed.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "kcov_internal.h"

/* More forks than this must not happen before the workqueue comes round. */
static unsigned int spare_tasks = 1024;
module_param(spare_tasks, uint, 0644);
MODULE_PARM_DESC(spare_tasks,
		 "children of tasks with a common handle that can be forked at once (default 1024)");

static DEFINE_RAW_SPINLOCK(spares_lock);
static HLIST_HEAD(spares);	/* under spares_lock */
static unsigned int count;	/* of spares; under spares_lock */

/* What is in store, or shall be. */
static unsigned int wanted(void)
{
	return clamp(READ_ONCE(spare_tasks), 2u, 0x10000u);
}

/* Return: 0, or -ENOMEM with what could be had in the pool. */
int kcov_pool_fill(void)
{
	struct kcov_task *kt;

	while (READ_ONCE(count) < wanted()) {
		kt = kcov_desc_alloc_entry();
		if (!kt)
			return -ENOMEM;
		kcov_pool_put(kt);
	}
	return 0;
}

static void refill(struct work_struct *work)
{
	kcov_pool_fill();
}

static DECLARE_WORK(refill_work, refill);

/* Return: NULL if the pool is empty. */
struct kcov_task *kcov_pool_get(void)
{
	struct kcov_task *kt = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&spares_lock, flags);
	if (count) {
		kt = hlist_entry(spares.first, struct kcov_task, node);
		hlist_del_init(&kt->node);
		WRITE_ONCE(count, count - 1);
	}
	raw_spin_unlock_irqrestore(&spares_lock, flags);
	if (READ_ONCE(count) < wanted() / 2)
		kcov_desc_queue(&refill_work);
	return kt;
}

void kcov_pool_put(struct kcov_task *kt)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&spares_lock, flags);
	hlist_add_head(&kt->node, &spares);
	WRITE_ONCE(count, count + 1);
	raw_spin_unlock_irqrestore(&spares_lock, flags);
}

/* Nobody inherits any more. */
void kcov_pool_drain(void)
{
	struct hlist_head all;
	struct hlist_node *next;
	struct kcov_task *kt;

	cancel_work_sync(&refill_work);
	raw_spin_lock_irq(&spares_lock);
	hlist_move_list(&spares, &all);
	WRITE_ONCE(count, 0);
	raw_spin_unlock_irq(&spares_lock);
	hlist_for_each_entry_safe(kt, next, &all, node)
		kcov_desc_free_entry(kt);
}
