/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private structs of the module, who owns what, and the lock table.
 *
 * Locks, outer first. All raw ones are taken with interrupts off, because an
 * exit takes them with preemption disabled and PREEMPT_RT must not sleep there.
 *
 *   lock                protects                         taken in
 *   arm_lock (mutex)    armed state, number of users     INIT_TRACE, last put
 *   set_lock    (mutex) function entries: rules, set,    arm, disarm, modules
 *                       switch                           that come and go,
 *                                                        kcov_mod/functions
 *   alloc_lock  (mutex) the way from available memory    INIT_TRACE,
 *                       to a buffer                      REMOTE_ENABLE
 *   list_lock (mutex)   list of descriptors              open, last put,
 *                                                        kcov_mod/instances
 *   follow_lock (mutex) whether deferred work is         REMOTE_ENABLE, last
 *                       followed                         put, the switch
 *   hook_lock   (mutex) hooks of USB                     REMOTE_ENABLE, last
 *                                                        put, usbcore that
 *                                                        comes and goes
 *   register_lock       handles of one REMOTE_ENABLE       REMOTE_ENABLE
 *     (mutex)           after the other
 *   inherit_lock        whether forks are watched        REMOTE_ENABLE,
 *     (mutex)                                            TREE_ENABLE, disarm
 *   kcov_tree.merge_lock  merging of a tree's sets       TREE_ENABLE, DISABLE,
 *     (mutex)                                            close, our workqueue
 *   pool_lock   (mutex) sections of softirqs: whether    REMOTE_ENABLE, last
 *                       they are there                   put
 *   kcov_desc.lock      state, owner, area, spare,       ioctl, mmap, exit,
 *     (raw spinlock)    sections of one descriptor       kcov_mod/instances,
 *                                                        sections
 *   handles_lock (raw)  changes of the table of handles  ioctl, exit
 *   bucket.lock (raw)   one chain of the task table      ioctl, exit, sections,
 *                                                        fork, switch
 *                                                        (tracepoint back end)
 *   spares_lock (raw)   the lists of both pools; held    as bucket.lock
 *                       while nothing else is taken
 *   bucket.lock (raw)   one chain of what was handed     queueing and running
 *     of kcov_follow.c  over                             of work and timers
 *
 * arm_lock and list_lock never nest. arm_lock > set_lock > the kernel's module
 * and ftrace locks. arm_lock > inherit_lock. pool_lock, merge_lock > alloc_lock.
 * list_lock, register_lock, merge_lock > kcov_desc.lock > handles_lock,
 * bucket.lock, spares_lock, which do not nest. Work is queued, and so the locks
 * of workqueues and of a run queue taken, under kcov_desc.lock; no lock of ours
 * is taken inside one of those, or of timers, but either bucket.lock.
 *
 * Layers; calls go downwards only:
 *
 *   kcov_mod.c                         module, device file
 *   kcov_debugfs.c  kcov_arm.c         kcov_mod/; what costs while nobody records
 *   kcov_sched.c    kcov_functions.c   switches, exits; set of covered functions
 *   kcov_remote.c                      REMOTE_ENABLE
 *   kcov_hook.c     kcov_follow.c      sections of the stock kernel; of deferred
 *                                      work
 *   kcov_section.c                     sections: start and stop
 *   kcov_merge.c                       their way into the owner's buffer
 *   kcov_area.c     kcov_inherit.c     buffers of sections; common handles of
 *                                      children, and, as they know each other,
 *                   kcov_tree.c        process trees
 *   kcov_handle.c                      handles, and whom they are for
 *   kcov_bind.c                        ENABLE, DISABLE: descriptors and tasks
 *   kcov_task.c     kcov_symbol.c      what a task records into; names to
 *                                      addresses
 *   kcov_table.c    kcov_tracepoint.c  the task table
 *   kcov_pool.c                        spare entries of it
 *                   kcov_rules.c       what the user wants changed in the set
 *   kcov_desc.c     kcov_ftrace.c      descriptors; hooks at function entries
 *   kcov_trace.c                       callbacks: touches kcov_cpu.h only
 */
#ifndef KCOV_INTERNAL_H
#define KCOV_INTERNAL_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/percpu-defs.h>
#include <linux/preempt.h>
#include <linux/rculist.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "kcov_compat.h"
#include "kcov_cpu.h"
#include "kcov_record.h"

struct kcov_rules;
struct module;
struct seq_file;
struct tracepoint;
struct vm_area_struct;

/* Why a call is refused. kcov_refusal.c holds the errno and the reason. */
enum kcov_refusal {
	KCOV_OK,
	KCOV_NO_ADDRESSES,
	KCOV_UNKNOWN_IOCTL,
	KCOV_BAD_SIZE,
	KCOV_NO_MEMORY,
	KCOV_INIT_TWICE,
	KCOV_CANNOT_ARM,
	KCOV_NOT_INIT,
	KCOV_IS_ENABLED,
	KCOV_THREAD_BUSY,
	KCOV_BAD_MODE,
	KCOV_BAD_ARGUMENT,
	KCOV_NOT_OWNER,
	KCOV_BAD_MAPPING,
	KCOV_BAD_ADDRESS,
	KCOV_MANY_HANDLES,
	KCOV_TORN_HANDLES,
	KCOV_REMOTE_BUSY,
	KCOV_BAD_HANDLE,
	KCOV_BAD_COMMON_HANDLE,
	KCOV_HANDLE_TAKEN,
	KCOV_NO_HOOK,
	KCOV_NR_REFUSALS
};

/* What a descriptor can do next. */
enum kcov_state {
	KCOV_NEW,	/* opened: INIT_TRACE */
	KCOV_READY,	/* has its buffer: mmap, ENABLE */
	KCOV_LOCAL,	/* bound to @owner, which records its own system calls */
	KCOV_REMOTE,	/* @owner gets the records of sections with its handles */
	KCOV_TREE,	/* a task and all it created record together */
};

/* What was not recorded, but for records that found a buffer full. */
enum kcov_loss {
	KCOV_LOST_INVALID_HANDLE,	/* sections started with a bad handle */
	KCOV_LOST_NESTED,		/* sections inside a section */
	KCOV_LOST_NO_AREA,		/* sections without a buffer set aside */
	KCOV_LOST_OUTLIVED,		/* sections behind DISABLE or an exit */
	KCOV_LOST_UNMERGED,		/* sections whose count never stood still */
	KCOV_LOST_CHILD,		/* children that inherited nothing */
	KCOV_LOST_HANDED,		/* deferred work that nobody could remember */
	KCOV_LOST_OF_TREE,		/* tasks that are in no tree for want of a set */
	KCOV_LOST_DEPTH,		/* deferred work of too long a chain */
	KCOV_LOST_MODULE,		/* modules that came and are not covered */
	KCOV_LOST_FUNCTIONS,		/* modules that went, and with them all functions */
	KCOV_LOST_COMPLETION,		/* USB completions that the probe has missed */
	KCOV_NR_LOSSES
};

/* Where sections can be, each with at most one that is not followed. */
enum kcov_where {
	KCOV_IN_TASK,
	KCOV_IN_SOFTIRQ,
	KCOV_NR_WHERE
};

/**
 * struct kcov_task - a task that records, or that inherited a common handle
 * @node: in the bucket of the task table that @task hashes to, or in a pool
 * @task: the task, with one reference, while it is in the table
 * @cur: what the task records into while it runs
 * @local: the descriptor it enabled; one reference
 * @remote: the descriptor it enabled for remote sections; one reference
 * @set: what it records into as a task of a tree
 * @sections: the sections it is in; in softirqs on PREEMPT_RT only, others
 *            have them on the CPU
 * @common_handle: its own or inherited, 0 if none
 * @notifier: tells when the task comes and goes while @cur is set, and for the
 *            moment between a section and what goes on behind it; never more
 *            than one a task, because the list runs newest first at both ends
 *
 * Who records is found by @notifier, without a lock, and only else in the table.
 * A section's own entry is nowhere else: it comes and goes with each section, and
 * the notifier is part of the task, so no reference is needed. Where there are no
 * notifiers it is in the table.
 *
 * Only @task itself changes its entry, with interrupts off; the switch back
 * end reads @cur on the CPU that runs or is about to run @task. So nobody else
 * holds a pointer to an entry that was taken out of the table, and it can be
 * used again at once: it goes back to its descriptor as @spare, to its section,
 * or to the pool. One exception: kcov_table_purge().
 */
struct kcov_task {
	struct hlist_node node;
	struct task_struct *task;
	struct kcov_recorder *cur;
	struct kcov_desc *local;
	struct kcov_desc *remote;
	struct kcov_set *set;
	struct kcov_section *sections[KCOV_NR_WHERE];
	u64 common_handle;
#ifdef KCOV_SWITCH_NOTIFIER
	struct preempt_notifier notifier;
#endif
};

/**
 * struct kcov_desc - a descriptor: one open of the device file
 * @lock: see the table above
 * @refs: one for the open file (mappings hold the file), one for the bound
 *        task (@owner, dropped by DISABLE or exit), one for each struct
 *        kcov_remote and kcov_tree, one for whoever merges. The last one
 *        frees.
 * @state: under @lock
 * @words: size of the buffer in words, 0 before INIT_TRACE; under @lock
 * @owner: the task that enabled it or NULL. It may be followed under @lock:
 *         its exit takes the lock to clear it. Under @lock
 * @spare: entry for the task table while nobody uses it, so that ENABLE
 *         allocates nothing; under @lock, while enabled only @owner's
 * @remote: what was set aside while @state is KCOV_REMOTE; under @lock
 * @tree: the tree while @state is KCOV_TREE; under @lock
 * @finished: sections to be merged; under @lock
 * @merging: somebody copies records of sections into the buffer, and will look
 *           at @finished again; under @lock
 * @lost: sections that were dropped; under @lock
 * @id: a number for kcov_mod/instances
 * @armed: holds a reference of kcov_arm_get(); under @lock
 * @node: in the list of descriptors, under its list_lock
 * @free_work: the last put from where nothing may sleep
 * @rcu: its memory's end
 * @rec: the recorder; constant while a CPU points at it, so it has its line
 *
 * The module is pinned from open to the end of free. The memory stays for a grace
 * period, so that @lock can be taken, and @remote looked at, by who has found a
 * handle.
 */
struct kcov_desc {
	raw_spinlock_t lock ____cacheline_aligned;
	refcount_t refs;
	enum kcov_state state;
	u64 words;
	struct task_struct *owner;
	struct kcov_task *spare;
	struct kcov_remote *remote;
	struct kcov_tree *tree;
	struct list_head finished;
	bool merging;
	u64 lost;
	unsigned int id;
	bool armed;
	struct list_head node;
	struct work_struct free_work;
	struct rcu_head rcu;
	struct kcov_recorder rec ____cacheline_aligned;
};

/**
 * struct kcov_handle - sections with @handle belong to @remote
 * @node: in the table of handles
 */
struct kcov_handle {
	struct hlist_node node;
	u64 handle;
	struct kcov_remote *remote;
};

/**
 * struct kcov_remote - one REMOTE_ENABLE: its handles, and what was set aside
 * @refs: one for the descriptor, dropped by DISABLE or exit, and one for each
 *        section that runs or waits to be merged. The last one frees. Under the
 *        lock of @desc
 * @desc: the descriptor, with one reference
 * @mode: KCOV_TRACE_PC or KCOV_TRACE_CMP
 * @idle: sections with a buffer that nobody uses; under the lock of @desc
 * @pooled: keeps the softirqs' pool filled
 * @following: has a common handle, which deferred work may follow
 * @hooked: has a USB handle, and so keeps the hooks of USB
 * @free_work: frees it; queued by the last put where nothing may sleep
 * @rcu: for who has found a handle
 * @count: number of handles in use
 * @handles: handle and descriptor; constant while registered
 *
 * While it is the descriptor's, sections may begin and their records count. A
 * section that ends later finds another one there, or none, and is dropped.
 */
struct kcov_remote {
	unsigned int refs;
	unsigned int mode;
	struct kcov_desc *desc;
	struct kcov_section *idle;
	bool pooled;
	bool following;
	bool hooked;
	struct work_struct free_work;
	struct rcu_head rcu;
	unsigned int count;
	struct kcov_handle handles[];
};

enum kcov_section_kind {
	KCOV_ANNOTATED,		/* by the code that runs */
	KCOV_HOOKED,		/* by us, for code whose annotation may be there all the same */
	KCOV_FOLLOWED,		/* without any, and yields to one that has it */
};

/**
 * struct kcov_section - one run of code that records for another task
 * @rec: where it records; the area is the kernel's own
 * @node: in the list of the descriptor's finished ones
 * @next: the next idle one
 * @remote: whom it records for; one reference while it runs
 * @below: the followed section it interrupts, if any
 * @on: the task's entry, which does not change while it has a section; NULL if it
 *      is on the CPU
 * @handle: the one it began with
 * @depth: how many times something was handed over until it began
 * @refused: starts inside it that still wait for their stop
 * @kind: why it began
 * @pooled: belongs to the softirqs' pool, not to @remote
 * @abandoned: has ended without its stop, once
 * @words: length of the area
 * @entry: the task's, if it has none
 */
struct kcov_section {
	struct kcov_recorder rec;
	struct list_head node;
	struct kcov_section *next;
	struct kcov_remote *remote;
	struct kcov_section *below;
	struct kcov_task *on;
	u64 handle;
	unsigned int depth;
	unsigned int refused;
	u8 kind;		/* enum kcov_section_kind */
	bool pooled;
	bool abandoned;
	u64 words;
	struct kcov_task entry;
};

/**
 * struct kcov_set - the PCs that one task of a tree has reached
 * @rec: mode KCOV_RECORD_SET; constant but for the area while a task has it
 * @tree: constant
 * @all: in the tree's list of all
 * @node: in the tree's list of idle or of ended ones; under the lock of desc
 */
struct kcov_set {
	struct kcov_recorder rec;
	struct kcov_tree *tree;
	struct list_head all ____cacheline_aligned;
	struct list_head node;
};

/*
 * A task that records into a set, or finds its buffer full, looks at the recorder:
 * what others write meanwhile is not in that line. A section is its context's alone.
 */
static_assert(sizeof(struct kcov_recorder) <= L1_CACHE_BYTES);
static_assert(offsetof(struct kcov_desc, rec) % L1_CACHE_BYTES == 0);
static_assert(offsetof(struct kcov_desc, rec) + L1_CACHE_BYTES == sizeof(struct kcov_desc));
static_assert(offsetof(struct kcov_set, all) % L1_CACHE_BYTES == 0);
static_assert(sizeof(struct kcov_set) == 2 * L1_CACHE_BYTES);	/* kmalloc() aligns such */

/**
 * struct kcov_tree - a task and all it creates
 * @refs: one for the descriptor, dropped by DISABLE or the last close, and one
 *        for each task in it. The last one frees.
 * @desc: the descriptor, with one reference
 * @memcg: pays for the sets; NULL without memory cgroups
 * @merge_lock: protects the next three and the descriptor's buffer
 * @seen: a set of what is in the buffer
 * @sets: all sets
 * @stopped: nothing is merged any more
 * @set_size: slots of one set; constant
 * @idle: empty sets; under the lock of @desc, as are the next two
 * @ended: sets of tasks that have ended, to be merged
 * @idle_count: length of @idle
 * @work: merges, and makes sets
 * @free_work: frees it
 */
struct kcov_tree {
	refcount_t refs;
	struct kcov_desc *desc;
	struct mem_cgroup *memcg;
	struct mutex merge_lock; /* see above */
	struct kcov_recorder seen;
	struct list_head sets;
	bool stopped;
	u64 set_size;
	struct list_head idle;
	struct list_head ended;
	unsigned int idle_count;
	struct work_struct work;
	struct work_struct free_work;
};

/* What kcov_mod/instances shows of a descriptor, copied under its lock. */
struct kcov_desc_info {
	unsigned int id;
	enum kcov_state state;
	unsigned int mode;
	u64 words;
	u64 count;
	u64 dropped;
	u64 lost;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/* kcov_desc.c */
int kcov_desc_setup(void (*release)(void));
void kcov_desc_flush(void);
void kcov_desc_cleanup(void);
struct kcov_desc *kcov_desc_create(void);
void kcov_desc_get(struct kcov_desc *desc);
void kcov_desc_put(struct kcov_desc *desc);
void kcov_desc_put_later(struct kcov_desc *desc);
bool kcov_desc_is_new(struct kcov_desc *desc);
pid_t kcov_desc_owner(struct kcov_desc *desc);
enum kcov_refusal kcov_desc_reset(struct kcov_desc *desc);
u64 *kcov_desc_alloc_area(u64 words);
void kcov_desc_free_area(u64 *area);
enum kcov_refusal kcov_desc_install(struct kcov_desc *desc, u64 *area,
				    u64 words);
enum kcov_refusal kcov_desc_map(struct kcov_desc *desc,
				struct vm_area_struct *vma, int *err);
void kcov_desc_walk(void (*show)(const struct kcov_desc_info *info,
				 struct seq_file *m), struct seq_file *m);

void kcov_desc_queue(struct work_struct *work);
unsigned long kcov_desc_lock_merged(struct kcov_desc *desc)
	__acquires(&desc->lock);
struct kcov_task *kcov_desc_alloc_entry(void);
void kcov_desc_free_entry(struct kcov_task *kt);

/* kcov_pool.c */
int kcov_pool_fill(void);
void kcov_pool_drain(void);
struct kcov_task *kcov_pool_get(void);
void kcov_pool_put(struct kcov_task *kt);

/* kcov_loss.c */
void kcov_loss_count(enum kcov_loss loss);
void kcov_loss_add(enum kcov_loss loss, unsigned long number);
void kcov_loss_show(struct seq_file *m);

/* kcov_table.c */
#define KCOV_TABLE_BITS 8

struct kcov_bucket {
	raw_spinlock_t lock;
	struct hlist_head tasks;
};

extern struct kcov_bucket kcov_table[1 << KCOV_TABLE_BITS];

static inline struct kcov_bucket *
kcov_table_bucket(const struct task_struct *task)
{
	return &kcov_table[hash_ptr(task, KCOV_TABLE_BITS)];
}

struct kcov_task *kcov_table_search(struct kcov_bucket *bucket,
				    const struct task_struct *task);

/*
 * Finds the entry of @task. The answer holds as long as @task cannot change
 * it: @task is current, or about to run on this CPU with its run queue locked.
 */
static inline struct kcov_task *kcov_table_find(const struct task_struct *task)
{
	struct kcov_bucket *bucket = kcov_table_bucket(task);

	/*
	 * Most tasks have no entry. The one who would have put it there is
	 * @task itself, so a stale "empty" cannot be seen.
	 */
	if (hlist_empty(&bucket->tasks))
		return NULL;
	return kcov_table_search(bucket, task);
}

void kcov_table_insert(struct kcov_task *kt);
void kcov_table_remove(struct kcov_task *kt);
void kcov_table_purge(void);
void kcov_table_setup(void);

/* kcov_tracepoint.c */
struct tracepoint *kcov_tracepoint_find(const char *name);

/* kcov_tree.c */
enum kcov_refusal kcov_tree_enable(struct kcov_desc *desc);
bool kcov_tree_disable(struct kcov_desc *desc);
void kcov_tree_leave(const struct kcov_desc *desc);
struct kcov_set *kcov_tree_child(void);
void kcov_tree_return(struct kcov_set *set);

/* kcov_inherit.c */
int kcov_inherit_start(void);
void kcov_inherit_stop(void);

/* kcov_section.c; start, stop and common handle are declared in our header */
void kcov_section_settle(void);
void kcov_section_exit(void);
void kcov_section_hooked(u64 handle);
void kcov_section_follow(u64 handle, unsigned int depth);
void kcov_section_unfollow(void);
u64 kcov_section_handle(unsigned int *depth);

/* kcov_follow.c */
void kcov_follow_setup(void);
int kcov_follow_get(void);
void kcov_follow_put(void);
int kcov_follow_switch(bool on);
bool kcov_follow_is_on(void);

/* kcov_area.c */
int kcov_area_setup(struct kcov_remote *remote, u64 words);
void kcov_area_cleanup(struct kcov_remote *remote);
struct kcov_section *kcov_area_take(u64 handle);
struct kcov_section *kcov_area_take_pooled(u64 handle);
void kcov_area_release_pooled(struct kcov_section *section);

static inline void kcov_area_push(struct kcov_section **sections,
				  struct kcov_section *section)
{
	section->next = *sections;
	*sections = section;
}

/**
 * kcov_area_release_locked() - the section is over, merged or not
 * @section: its buffer can be used again, and it refers to nobody any more;
 *           the lock of its descriptor is held
 *
 * If its struct kcov_remote has no reference left then, the caller must queue the
 * work that frees it. Else that may be gone when the lock is.
 */
static inline void kcov_area_release_locked(struct kcov_section *section)
{
	struct kcov_remote *remote = section->remote;

	lockdep_assert_held(&remote->desc->lock);
	remote->refs--;
	if (section->pooled)
		kcov_area_release_pooled(section);
	else
		kcov_area_push(&remote->idle, section);
}

void kcov_area_release(struct kcov_section *section);
extern atomic_t kcov_area_users;

/* kcov_merge.c */
bool kcov_merge_at_once(struct kcov_section *section);
void kcov_merge_finish(struct kcov_section *section);
void kcov_merge_lost(struct kcov_remote *remote, enum kcov_loss loss);

/* kcov_remote.c */
enum kcov_refusal kcov_remote_enable(struct kcov_desc *desc,
				     const void __user *argument);
bool kcov_remote_is_owner(struct kcov_desc *desc);
enum kcov_refusal kcov_remote_disable(struct kcov_desc *desc);
void kcov_remote_exit(void);

/* kcov_handle.c */
#define KCOV_HANDLE_BITS 8

extern struct hlist_head kcov_handles[1 << KCOV_HANDLE_BITS];

static inline struct hlist_head *kcov_handle_bucket(u64 handle)
{
	return &kcov_handles[hash_64(handle, KCOV_HANDLE_BITS)];
}

/**
 * kcov_handle_find() - who wants sections with this handle
 * @handle: any number
 *
 * Return: NULL for nobody. There while interrupts are off, as is its descriptor, but
 * maybe not wanted any more: kcov_area_take() finds out.
 */
static inline struct kcov_remote *kcov_handle_find(u64 handle)
{
	struct kcov_handle *registered;

	lockdep_assert_irqs_disabled();
	hlist_for_each_entry_rcu(registered, kcov_handle_bucket(handle), node) {
		if (registered->handle == handle)
			return registered->remote;
	}
	return NULL;
}

enum kcov_refusal kcov_handle_register(struct kcov_remote *remote, u64 handle);
void kcov_handle_unregister(struct kcov_remote *remote);
bool kcov_handle_is_wanted(const struct kcov_remote *remote);
void kcov_handle_put(struct kcov_remote *remote);
void kcov_handle_put_later(struct kcov_remote *remote);

/* kcov_bind.c */
enum kcov_refusal kcov_bind_enable(struct kcov_desc *desc, unsigned long mode);
enum kcov_refusal kcov_bind_disable(struct kcov_desc *desc);
void kcov_bind_exit(void);
void kcov_bind_own(struct kcov_desc *desc, u64 common_handle);
void kcov_bind_disown(struct kcov_desc *desc);

/* kcov_task.c */
void kcov_task_setup(void);
void kcov_task_record(struct kcov_task *kt, struct kcov_recorder *rec);
void kcov_task_insert(struct kcov_task *kt);
void kcov_task_remove(struct kcov_task *kt);
void kcov_task_switch(struct task_struct *next);
struct kcov_task *kcov_task_here(void);
struct kcov_task *kcov_task_of(enum kcov_where where);
struct kcov_section *kcov_task_section(enum kcov_where where);
void kcov_task_push(struct kcov_task *kt, struct kcov_section *section,
		    enum kcov_where where);
bool kcov_task_pop(struct kcov_section *section, enum kcov_where where);
void kcov_task_resume(enum kcov_where where);
struct kcov_recorder *kcov_task_pause(void);
void kcov_task_go_on(struct kcov_recorder *rec);
void kcov_task_forget_handle(void);
bool kcov_task_inherit(struct task_struct *child, struct kcov_set *set);
enum kcov_refusal kcov_task_join(struct kcov_set *set);
struct kcov_set *kcov_task_leave(const struct kcov_desc *desc);

/* kcov_sched.c */
int kcov_sched_setup(void);
void kcov_sched_cleanup(void);
int kcov_sched_arm(void);
int kcov_sched_disarm(void);

/* kcov_arm.c */
int kcov_arm_get(void);
void kcov_arm_put(void);
void kcov_arm_cleanup(void);

/* The set of covered functions as it was at one moment; kvfree() it. */
struct kcov_functions {
	bool armed;
	bool on;
	unsigned int count;
	unsigned long entries[];
};

/* kcov_functions.c; it and the next four only where the kernel has ftrace */
#ifdef CONFIG_DYNAMIC_FTRACE
int kcov_functions_setup(void);
void kcov_functions_cleanup(void);
int kcov_functions_arm(void);
int kcov_functions_disarm(void);
int kcov_functions_change(char *text);
struct kcov_functions *kcov_functions_copy(void);
bool kcov_functions_trust(const struct module *mod);
void kcov_functions_show_rules(struct seq_file *m);
int kcov_symbol_setup(void);
unsigned long kcov_symbol_address(const char *name);
bool kcov_symbol_may_see(const struct cred *cred);
bool kcov_symbol_ftrace_is_dead(void);

/* kcov_hook.c */
int kcov_hook_setup(void);
void kcov_hook_cleanup(void);
int kcov_hook_get(void);
void kcov_hook_put(void);
unsigned long kcov_hook_missed(void);
#else
static inline int kcov_functions_setup(void) { return 0; }
static inline void kcov_functions_cleanup(void) {}
static inline int kcov_functions_arm(void) { return -EOPNOTSUPP; }
static inline int kcov_functions_disarm(void) { return 0; }
static inline int kcov_functions_change(char *text) { return -EOPNOTSUPP; }
static inline struct kcov_functions *kcov_functions_copy(void)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static inline void kcov_functions_show_rules(struct seq_file *m) {}
static inline int kcov_symbol_setup(void) { return 0; }
static inline bool kcov_symbol_ftrace_is_dead(void) { return false; }
static inline bool kcov_symbol_may_see(const struct cred *cred)
{
	return capable(CAP_SYSLOG);
}

static inline int kcov_hook_setup(void) { return 0; }
static inline void kcov_hook_cleanup(void) {}
static inline int kcov_hook_get(void) { return 0; }
static inline void kcov_hook_put(void) {}
static inline unsigned long kcov_hook_missed(void) { return 0; }
#endif

/* kcov_ftrace.c */
int kcov_ftrace_hook(unsigned long *entries, unsigned int count);
int kcov_ftrace_unhook(void);
int kcov_ftrace_add(unsigned long *entries, unsigned int count);
int kcov_ftrace_remove(unsigned long *entries, unsigned int count);
void kcov_ftrace_cleanup(void);
void kcov_entry_rarely(unsigned long ip);

/* kcov_entry.S; no C function may call it */
void kcov_entry(void);

/* kcov_symbol.c */
int kcov_symbol_entries(const struct module *mod, struct kcov_rules *rules,
			unsigned long **entries, unsigned int *count,
			unsigned int *unknown);
bool kcov_symbol_is_unknown(const struct module *mod);

/* kcov_rules.c */
struct kcov_rules *kcov_rules_parse(const struct kcov_rules *old, char *text);
bool kcov_rules_cover(struct kcov_rules *rules, const char *name,
		      const char *module, bool by_default);
void kcov_rules_forget_hits(struct kcov_rules *rules);
bool kcov_rules_all_hit(const struct kcov_rules *rules, bool may_come);
void kcov_rules_show(const struct kcov_rules *rules, struct seq_file *m);

/* kcov_kaslr.c */
int kcov_kaslr_setup(void);

/* kcov_debugfs.c */
void kcov_debugfs_setup(void);
void kcov_debugfs_cleanup(void);

/* kcov_refusal.c */
enum kcov_refusal kcov_refusal_of(int err);
long kcov_refusal_errno(enum kcov_refusal refusal);
const char *kcov_refusal_reason(enum kcov_refusal refusal);

/*
 * kcov_trace.c: called by compiled code, declared nowhere else. The compiler's
 * 64 bits are a long, and it compares where it is not told to be silent (7.3).
 */
void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_cmp1(u8 arg1, u8 arg2);
void __sanitizer_cov_trace_cmp2(u16 arg1, u16 arg2);
void __sanitizer_cov_trace_cmp4(u32 arg1, u32 arg2);
void __sanitizer_cov_trace_cmp8(unsigned long arg1, unsigned long arg2);
void __sanitizer_cov_trace_const_cmp1(u8 arg1, u8 arg2);
void __sanitizer_cov_trace_const_cmp2(u16 arg1, u16 arg2);
void __sanitizer_cov_trace_const_cmp4(u32 arg1, u32 arg2);
void __sanitizer_cov_trace_const_cmp8(unsigned long arg1, unsigned long arg2);
void __sanitizer_cov_trace_switch(unsigned long val, void *table);

#endif /* KCOV_INTERNAL_H */
