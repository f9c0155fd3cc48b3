// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is set aside for sections, because nothing can be allocated in them: a
 * struct kcov_section each, with a buffer. Those of tasks belong to a
 * struct kcov_remote, those of softirqs are there for all.
 *
 * Context: set-up and clean-up are process context; take and release run where
 * a section begins and ends.
 * Locking: pool_lock for the number of users, desc->lock for the idle sections
 * of a descriptor and for references on a struct kcov_remote, inside it
 * spares_lock for the softirqs'.
 * Lifetime: until the last struct kcov_remote is freed, which every section that
 * runs holds.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "kcov_internal.h"

static unsigned int remote_areas = 4;
module_param(remote_areas, uint, 0644);
MODULE_PARM_DESC(remote_areas,
		 "sections of tasks that one descriptor can have at the same time, 1 to 64 (default 4)");

/* What is asked for is made as far as memory reaches, so it has a limit. */
#define SOFTIRQ_AREAS_MAX 1024u

static unsigned int softirq_areas;
module_param(softirq_areas, uint, 0644);
MODULE_PARM_DESC(softirq_areas,
		 "sections of softirqs at the same time, up to 1024; 0: two more than there are CPUs (default 0)");

static unsigned int softirq_area_size = 0x40000;
module_param(softirq_area_size, uint, 0644);
MODULE_PARM_DESC(softirq_area_size,
		 "length of a softirq's buffer in words of 8 bytes (default 0x40000)");

static DEFINE_MUTEX(pool_lock);
static unsigned int pool_users;		/* under pool_lock */
static DEFINE_RAW_SPINLOCK(spares_lock);
static struct kcov_section *pool;	/* under spares_lock */

/*
 * Descriptors that are enabled for sections, and sections that run: while there
 * is none, start and stop have nothing to look for.
 */
atomic_t kcov_area_users = ATOMIC_INIT(0);

static void free_section(struct kcov_section *section)
{
	kcov_desc_free_area(section->rec.area);
	kfree(section);
}

static struct kcov_section *make_section(u64 words)
{
	struct kcov_section *section;

	section = kzalloc(sizeof(*section), GFP_KERNEL_ACCOUNT);
	if (!section)
		return NULL;
	section->words = words;
	section->rec.area = kcov_desc_alloc_area(words);
	if (section->rec.area)
		return section;
	kfree(section);
	return NULL;
}

static struct kcov_section *pop(struct kcov_section **sections)
{
	struct kcov_section *section = *sections;

	if (section)
		*sections = section->next;
	return section;
}

static void free_sections(struct kcov_section **sections)
{
	while (*sections)
		free_section(pop(sections));
}

/* What it records. Sections of tasks are of one kind for good. */
static void prepare(struct kcov_section *section, unsigned int mode,
		    unsigned int context)
{
	struct kcov_recorder *rec = &section->rec;

	rec->mode = mode;
	rec->capacity = kcov_record_capacity(mode, section->words);
	rec->kind = kcov_record_kind(context, mode);
	kcov_cpu_aim(rec);
}

/* Return: 0 if there is at least one; fewer only drop more sections. */
static int make_sections(struct kcov_section **sections, unsigned int count,
			 u64 words)
{
	struct kcov_section *section;

	while (count--) {
		section = make_section(words);
		if (!section)
			break;
		kcov_area_push(sections, section);
	}
	return *sections ? 0 : -ENOMEM;
}

static int make_task_sections(struct kcov_remote *remote, unsigned int count,
			      u64 words)
{
	int err = make_sections(&remote->idle, count, words);
	struct kcov_section *section;

	for (section = remote->idle; section; section = section->next)
		prepare(section, remote->mode, KCOV_CONTEXT_TASK);
	return err;
}

static int make_pool(struct kcov_section **made)
{
	unsigned int count = READ_ONCE(softirq_areas) ?: num_online_cpus() + 2;
	struct kcov_section *section;
	int err;

	err = make_sections(made, min(count, SOFTIRQ_AREAS_MAX),
			    max(READ_ONCE(softirq_area_size), 2u));
	if (err)
		return err;
	for (section = *made; section; section = section->next)
		section->pooled = true;
	return 0;
}

/* It is empty: who drained it has waited for the last section. */
static void fill_pool(struct kcov_section **made)
	__must_hold(&pool_lock)
{
	lockdep_assert_held(&pool_lock);
	raw_spin_lock_irq(&spares_lock);
	swap(pool, *made);
	raw_spin_unlock_irq(&spares_lock);
}

/*
 * A task that runs on where a softirq has left its section without the stop may
 * load that section's recorder, see that it is none for tasks, and be preempted
 * in between.
 */
static void wait_for_passers_by(const struct kcov_section *section)
{
	for (; section; section = section->next) {
		if (section->abandoned) {
			synchronize_rcu_tasks();
			return;
		}
	}
}

static void drain_pool(void)
{
	struct kcov_section *all = NULL;

	raw_spin_lock_irq(&spares_lock);
	swap(pool, all);
	raw_spin_unlock_irq(&spares_lock);
	wait_for_passers_by(all);
	free_sections(&all);
}

static bool join_pool(void)
{
	bool is_there;

	mutex_lock(&pool_lock);
	is_there = pool_users;
	if (is_there)
		pool_users++;
	mutex_unlock(&pool_lock);
	return is_there;
}

/* Made without the lock: a cgroup may let the caller wait for each page. */
static int get_pool(void)
{
	struct kcov_section *made = NULL;
	int err;

	if (join_pool())
		return 0;
	err = make_pool(&made);
	if (err)
		return err;
	mutex_lock(&pool_lock);
	if (!pool_users++)
		fill_pool(&made);
	mutex_unlock(&pool_lock);
	/* Somebody else was faster. */
	free_sections(&made);
	return 0;
}

static void put_pool(void)
{
	mutex_lock(&pool_lock);
	if (!--pool_users)
		drain_pool();
	mutex_unlock(&pool_lock);
}

/**
 * kcov_area_setup() - set aside what sections of @remote will need
 * @remote: not known to anybody yet
 * @words: length of a task's buffer; below 2 its sections find none
 *
 * Return: 0 or -ENOMEM; kcov_area_cleanup() follows in both cases.
 */
int kcov_area_setup(struct kcov_remote *remote, u64 words)
{
	unsigned int count = clamp(READ_ONCE(remote_areas), 1u, 64u);

	atomic_inc(&kcov_area_users);
	if (get_pool())
		return -ENOMEM;
	remote->pooled = true;
	return words < 2 ? 0 : make_task_sections(remote, count, words);
}

/* No section of it runs any more. */
void kcov_area_cleanup(struct kcov_remote *remote)
{
	free_sections(&remote->idle);
	if (remote->pooled)
		put_pool();
	atomic_dec(&kcov_area_users);
}

/* Not inline: sections of tasks shall save no registers for this. */
static noinline struct kcov_section *pop_pooled(unsigned int mode)
{
	struct kcov_section *section;

	raw_spin_lock(&spares_lock);
	section = pop(&pool);
	raw_spin_unlock(&spares_lock);
	if (section)
		prepare(section, mode, KCOV_CONTEXT_SOFTIRQ);
	return section;
}

static noinline void count_lost(struct kcov_desc *desc)
	__must_hold(&desc->lock)
{
	desc->lost++;
	kcov_loss_count(KCOV_LOST_NO_AREA);
}

/* Inline, as is its caller, so that tasks and softirqs each have their own. */
static __always_inline struct kcov_section *
take_locked(struct kcov_remote *remote, enum kcov_where where)
	__must_hold(&remote->desc->lock)
{
	struct kcov_section *section;

	section = where == KCOV_IN_TASK ? pop(&remote->idle) :
					  pop_pooled(remote->mode);
	if (section) {
		section->remote = remote;
		remote->refs++;
	} else {
		count_lost(remote->desc);
	}
	return section;
}

/*
 * If DISABLE or an exit comes between the two looks the descriptor may be free by
 * the second, or have another struct kcov_remote: the memory of neither is given
 * back before interrupts are on.
 */
static __always_inline struct kcov_section *take(u64 handle,
						 enum kcov_where where)
{
	struct kcov_remote *remote = kcov_handle_find(handle);
	struct kcov_section *section = NULL;
	struct kcov_desc *desc;

	if (!remote)
		return NULL;
	desc = remote->desc;
	raw_spin_lock(&desc->lock);
	if (READ_ONCE(desc->remote) == remote)
		section = take_locked(remote, where);
	raw_spin_unlock(&desc->lock);
	return section;
}

/**
 * kcov_area_take() - a buffer for a section of a task that is about to begin
 * @handle: whom it is for; interrupts are off
 *
 * Return: with a reference on its struct kcov_remote; NULL if nobody wants the
 * section or all buffers are in use.
 */
struct kcov_section *kcov_area_take(u64 handle)
{
	return take(handle, KCOV_IN_TASK);
}

/* The same for a section of a softirq. */
struct kcov_section *kcov_area_take_pooled(u64 handle)
{
	return take(handle, KCOV_IN_SOFTIRQ);
}

/* What a softirq had, back into the pool. */
void kcov_area_release_pooled(struct kcov_section *section)
{
	raw_spin_lock(&spares_lock);
	kcov_area_push(&pool, section);
	raw_spin_unlock(&spares_lock);
}

/* kcov_area_release_locked() without the lock. */
void kcov_area_release(struct kcov_section *section)
{
	struct kcov_remote *remote = section->remote;
	struct kcov_desc *desc = remote->desc;
	unsigned long flags;
	bool was_last;

	raw_spin_lock_irqsave(&desc->lock, flags);
	kcov_area_release_locked(section);
	was_last = !remote->refs;
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	if (was_last)
		kcov_desc_queue(&remote->free_work);
}
