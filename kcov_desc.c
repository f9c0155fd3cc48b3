// SPDX-License-Identifier: GPL-2.0-only
/*
 * The descriptor: one open of the device file, and its buffer.
 *
 * Context: process context, but for kcov_desc_put_later().
 * Locking: see kcov_internal.h.
 * Lifetime: counted; the last put frees, on our own workqueue where the putter
 * cannot sleep. A descriptor pins the module; giving that up is the last thing
 * its free does, but for its memory, which stays for a grace period. Module exit
 * drains the workqueue and waits for that, so no instruction of ours runs after
 * the module is gone.
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/lockdep.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "kcov_internal.h"

static LIST_HEAD(descs);
static DEFINE_MUTEX(list_lock);
static DEFINE_SPINLOCK(promise_lock);
/* Pages that somebody may take; raised under promise_lock, lowered without. */
static atomic_long_t promised;

static struct kmem_cache *desc_cache;
static struct kmem_cache *task_cache;
static struct workqueue_struct *free_queue;
static void (*release_armed)(void);
static atomic_t next_id;

static void free_memory(struct rcu_head *rcu)
{
	kmem_cache_free(desc_cache, container_of(rcu, struct kcov_desc, rcu));
}

static void free_desc(struct kcov_desc *desc)
{
	mutex_lock(&list_lock);
	list_del(&desc->node);
	mutex_unlock(&list_lock);

	/* No reference is left: nobody else can reach it, no lock needed. */
	kcov_desc_free_area(desc->rec.area);
	if (desc->armed)
		release_armed();
	kmem_cache_free(task_cache, desc->spare);
	/* Who has found a handle may still take the lock, and look at @remote. */
	call_rcu(&desc->rcu, free_memory);
	module_put(THIS_MODULE);
}

static void free_later(struct work_struct *work)
{
	free_desc(container_of(work, struct kcov_desc, free_work));
}

/**
 * kcov_desc_create() - a descriptor for a file just opened
 *
 * Return: with one reference, for the file; NULL without memory.
 */
struct kcov_desc *kcov_desc_create(void)
{
	struct kcov_desc *desc = kmem_cache_alloc(desc_cache, GFP_KERNEL);

	if (!desc)
		return NULL;
	desc->spare = kmem_cache_alloc(task_cache, GFP_KERNEL);
	if (!desc->spare) {
		kmem_cache_free(desc_cache, desc);
		return NULL;
	}
	raw_spin_lock_init(&desc->lock);
	desc->rec = (struct kcov_recorder){};
	refcount_set(&desc->refs, 1);
	desc->state = KCOV_NEW;
	desc->words = 0;
	desc->owner = NULL;
	desc->remote = NULL;
	desc->tree = NULL;
	desc->merging = false;
	desc->lost = 0;
	desc->armed = false;
	desc->id = atomic_inc_return(&next_id);
	INIT_LIST_HEAD(&desc->finished);
	INIT_WORK(&desc->free_work, free_later);
	__module_get(THIS_MODULE);

	mutex_lock(&list_lock);
	list_add_tail(&desc->node, &descs);
	mutex_unlock(&list_lock);
	return desc;
}

/*
 * By the thread that binds, its put is in DISABLE or in exit; for a struct
 * kcov_remote, its put is where that is freed; for who merges, its put is there.
 */
void kcov_desc_get(struct kcov_desc *desc)
{
	refcount_inc(&desc->refs);
}

/* Frees at once: a closed buffer must not outlive the close. May sleep. */
void kcov_desc_put(struct kcov_desc *desc)
{
	if (refcount_dec_and_test(&desc->refs))
		free_desc(desc);
}

/* The same from where nothing may sleep. */
void kcov_desc_put_later(struct kcov_desc *desc)
{
	if (refcount_dec_and_test(&desc->refs))
		queue_work(free_queue, &desc->free_work);
}

/* Our workqueue, for whatever else may have to be freed from anywhere. */
void kcov_desc_queue(struct work_struct *work)
{
	queue_work(free_queue, work);
}

/* An entry of the task table; cleared. May sleep. */
struct kcov_task *kcov_desc_alloc_entry(void)
{
	return kmem_cache_alloc(task_cache, GFP_KERNEL);
}

void kcov_desc_free_entry(struct kcov_task *kt)
{
	kmem_cache_free(task_cache, kt);
}

/**
 * kcov_desc_lock_merged() - lock @desc to enable it anew
 * @desc: the descriptor
 *
 * When it was disabled the records of a section may just have been copied into
 * the buffer. They will not count, but must not overwrite what comes now, and
 * the copy is bounded by the capacity in the mode of then. Sections that end
 * later copy nothing. So whoever makes it anything but ready locks it with this.
 * May sleep.
 *
 * Return: the flags to unlock it with.
 */
unsigned long kcov_desc_lock_merged(struct kcov_desc *desc)
	__acquires(&desc->lock)
{
	unsigned long flags;

	for (;;) {
		raw_spin_lock_irqsave(&desc->lock, flags);
		if (desc->state != KCOV_READY || !desc->merging)
			return flags;
		raw_spin_unlock_irqrestore(&desc->lock, flags);
		usleep_range(50, 500);
	}
}

/**
 * kcov_desc_reset() - the records of current begin at the first slot again
 * @desc: the descriptor that current has enabled
 */
enum kcov_refusal kcov_desc_reset(struct kcov_desc *desc)
{
	enum kcov_refusal refusal = KCOV_NOT_OWNER;
	unsigned long flags;

	raw_spin_lock_irqsave(&desc->lock, flags);
	if (desc->owner == current) {
		kcov_record_forget(&desc->rec);
		refusal = KCOV_OK;
	}
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return refusal;
}

/*
 * Whether the machine has this much to spare, and something for all others. If so
 * they are the caller's to take, or all would see the same memory as theirs. There
 * is no lock while they are taken: a cgroup may let its tasks wait for each page.
 */
static bool promise(unsigned long pages)
{
	long others = totalram_pages() / 32;
	bool can_spare;

	spin_lock(&promise_lock);
	others += atomic_long_read(&promised);
	can_spare = (long)pages + others <= si_mem_available();
	if (can_spare)
		atomic_long_add(pages, &promised);
	spin_unlock(&promise_lock);
	return can_spare;
}

/* Taken, which shows in what is available before, or given up. */
static void end_promise(unsigned long pages)
{
	atomic_long_sub(pages, &promised);
}

/* Retry-mayfail turns a cgroup's limit into a failure, too. */
#define AREA_FLAGS (GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

/*
 * Page by page: newer kernels (7.3) let a work give back what a vmalloc() that
 * failed has got so far. Until then the caller's cgroup would stay full, and the
 * caller be killed for its next page.
 */
static void *alloc_promised(unsigned long count)
{
	struct page **pages = kvmalloc_array(count, sizeof(*pages), AREA_FLAGS);
	void *area = NULL;
	unsigned long i;

	for (i = 0; pages && i < count && !fatal_signal_pending(current); i++) {
		pages[i] = alloc_page(AREA_FLAGS | __GFP_ZERO);
		if (!pages[i])
			break;
		end_promise(1);
		cond_resched();
	}
	end_promise(count - i);
	if (i == count)
		area = vmap(pages, count, VM_MAP | VM_MAP_PUT_PAGES, PAGE_KERNEL);
	if (area)
		return area;	/* its vfree() frees the pages and their list */
	while (i--)
		__free_page(pages[i]);
	kvfree(pages);
	return NULL;
}

/**
 * kcov_desc_alloc_area() - a zeroed buffer, charged to the caller
 * @words: its length
 *
 * Asks no more than the machine has to spare: accounting does not protect the
 * root cgroup, and a buffer that must be paid for by killing somebody is
 * refused.
 */
u64 *kcov_desc_alloc_area(u64 words)
{
	unsigned long pages = PAGE_ALIGN(words * sizeof(u64)) >> PAGE_SHIFT;

	return promise(pages) ? alloc_promised(pages) : NULL;
}

void kcov_desc_free_area(u64 *area)
{
	vfree(area);
}

/* A hint, to arm nothing in vain: install looks again. */
bool kcov_desc_is_new(struct kcov_desc *desc)
{
	unsigned long flags;
	bool is_new;

	raw_spin_lock_irqsave(&desc->lock, flags);
	is_new = desc->state == KCOV_NEW;
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return is_new;
}

/**
 * kcov_desc_install() - INIT_TRACE: give the descriptor its buffer
 * @desc: the descriptor, which takes over one kcov_arm_get() on success
 * @area: from kcov_desc_alloc_area(), the descriptor's on success
 * @words: its length
 */
enum kcov_refusal kcov_desc_install(struct kcov_desc *desc, u64 *area,
				    u64 words)
{
	enum kcov_refusal refusal = KCOV_INIT_TWICE;
	unsigned long flags;

	raw_spin_lock_irqsave(&desc->lock, flags);
	if (desc->state == KCOV_NEW) {
		desc->rec.area = area;
		desc->rec.capacity = kcov_record_pc_capacity(words);
		desc->words = words;
		desc->armed = true;
		desc->state = KCOV_READY;
		refusal = KCOV_OK;
	}
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return refusal;
}

/* The length in words, 0 before INIT_TRACE. */
static u64 desc_words(struct kcov_desc *desc)
{
	unsigned long flags;
	u64 words;

	raw_spin_lock_irqsave(&desc->lock, flags);
	words = desc->words;
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return words;
}

/**
 * kcov_desc_map() - map the whole buffer, all pages at once
 * @desc: the descriptor; the caller's file holds it as long as the mapping
 * @vma: where
 * @err: errno when a page could not be inserted, else 0
 *
 * Once installed the buffer stays to the end, so it needs no lock here.
 */
enum kcov_refusal kcov_desc_map(struct kcov_desc *desc,
				struct vm_area_struct *vma, int *err)
{
	u64 words = desc_words(desc);
	unsigned long off;

	*err = 0;
	if (!words)
		return KCOV_NOT_INIT;
	if (vma->vm_pgoff ||
	    vma->vm_end - vma->vm_start != words * sizeof(u64))
		return KCOV_BAD_MAPPING;

	kcov_vm_flags_set(vma, VM_DONTEXPAND);
	for (off = 0; off < words * sizeof(u64) && !*err; off += PAGE_SIZE) {
		void *page = (void *)desc->rec.area + off;

		*err = vm_insert_page(vma, vma->vm_start + off,
				      vmalloc_to_page(page));
	}
	return KCOV_OK;
}

/* The thread that records with it, 0 if none; for messages. */
pid_t kcov_desc_owner(struct kcov_desc *desc)
{
	unsigned long flags;
	pid_t pid;

	raw_spin_lock_irqsave(&desc->lock, flags);
	pid = desc->owner ? task_pid_nr(desc->owner) : 0;
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return pid;
}

static void copy_info(struct kcov_desc *desc, struct kcov_desc_info *info)
{
	unsigned long flags;

	*info = (struct kcov_desc_info){ .id = desc->id };
	raw_spin_lock_irqsave(&desc->lock, flags);
	info->state = desc->state;
	info->mode = desc->rec.mode;
	info->words = desc->words;
	info->dropped = READ_ONCE(desc->rec.dropped);
	info->lost = desc->lost;
	if (desc->words)
		info->count = kcov_record_count(&desc->rec);
	if (desc->owner) {
		info->pid = task_pid_vnr(desc->owner);
		/* Unlocked like top(1) reads it: at worst half a new name. */
		strscpy_pad(info->comm, desc->owner->comm, sizeof(info->comm));
	}
	raw_spin_unlock_irqrestore(&desc->lock, flags);
}

/* Calls @show for every descriptor, oldest first, without its lock. */
void kcov_desc_walk(void (*show)(const struct kcov_desc_info *info,
				 struct seq_file *m), struct seq_file *m)
{
	struct kcov_desc_info info;
	struct kcov_desc *desc;

	mutex_lock(&list_lock);
	list_for_each_entry(desc, &descs, node) {
		copy_info(desc, &info);
		show(&info, m);
	}
	mutex_unlock(&list_lock);
}

/*
 * Constructors, because a cache with one is never merged with another: what
 * we leak is then seen under our name.
 */
static void construct_desc(void *object)
{
	memset(object, 0, sizeof(struct kcov_desc));
}

static void construct_task(void *object)
{
	memset(object, 0, sizeof(struct kcov_task));
}

/**
 * kcov_desc_setup() - before the first descriptor
 * @release: called for each initialised descriptor that is freed, process
 *           context, may sleep
 */
int kcov_desc_setup(void (*release)(void))
{
	release_armed = release;
	desc_cache = kmem_cache_create("kcov_desc", sizeof(struct kcov_desc), 0,
				       SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT,
				       construct_desc);
	task_cache = kmem_cache_create("kcov_task", sizeof(struct kcov_task), 0,
				       SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT,
				       construct_task);
	free_queue = alloc_workqueue("kcov_free", WQ_UNBOUND, 0);
	if (desc_cache && task_cache && free_queue)
		return 0;
	kcov_desc_cleanup();
	return -ENOMEM;
}

/* After the last descriptor: waits for the end of its free. */
void kcov_desc_flush(void)
{
	flush_workqueue(free_queue);
}

/* After everything else, or after a setup that failed half-way. */
void kcov_desc_cleanup(void)
{
	if (free_queue)
		destroy_workqueue(free_queue);
	kmem_cache_destroy(task_cache);
	/* Of descriptors that are free but for their memory. */
	rcu_barrier();
	kmem_cache_destroy(desc_cache);
	free_queue = NULL;
	task_cache = NULL;
	desc_cache = NULL;
}
