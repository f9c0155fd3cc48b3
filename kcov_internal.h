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
 *   list_lock (mutex)   list of descriptors              open, last put,
 *                                                        kcov_mod/instances
 *   kcov_desc.lock      state, owner, area, spare of     ioctl, mmap, exit,
 *     (raw spinlock)    one descriptor                   kcov_mod/instances
 *   bucket.lock (raw)   one chain of the task table      ioctl, exit, switch
 *                                                        (tracepoint back end)
 *
 * arm_lock and list_lock never nest. arm_lock > set_lock > the kernel's
 * module and ftrace locks. list_lock > kcov_desc.lock > bucket.lock.
 *
 * Layers; calls go downwards only:
 *
 *   kcov_mod.c                         module, device file
 *   kcov_debugfs.c  kcov_arm.c         kcov_mod/; what costs while nobody records
 *   kcov_sched.c    kcov_functions.c   switches, exits; set of covered functions
 *   kcov_task.c     kcov_symbol.c      binding; names to addresses
 *                   kcov_rules.c       what the user wants changed in the set
 *   kcov_desc.c     kcov_ftrace.c      descriptors; hooks at function entries
 *   kcov_trace.c                       callbacks: touches kcov_record.h only
 */
#ifndef KCOV_INTERNAL_H
#define KCOV_INTERNAL_H

#include <linux/cache.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/percpu-defs.h>
#include <linux/preempt.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "kcov_compat.h"
#include "kcov_record.h"

struct kcov_rules;
struct module;
struct seq_file;
struct vm_area_struct;

/* Why a call is refused. kcov_refusal.c holds the errno and the reason. */
enum kcov_refusal {
	KCOV_OK,
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
	KCOV_NR_REFUSALS
};

/* What a descriptor can do next. */
enum kcov_state {
	KCOV_NEW,	/* opened: INIT_TRACE */
	KCOV_READY,	/* has its buffer: mmap, ENABLE */
	KCOV_LOCAL,	/* bound to @owner, which records its own system calls */
};

/**
 * struct kcov_task - a task that records
 * @node: in the bucket of the task table that @task hashes to
 * @task: the task, with one reference
 * @cur: what the task records into while it runs
 * @local: the descriptor it enabled; one reference
 * @notifier: tells when @task comes and goes; never more than one a task,
 *            because the list runs newest first at both ends
 *
 * Only @task itself changes its entry, with interrupts off; the switch back
 * end reads @cur on the CPU that runs or is about to run @task. So nobody else
 * holds a pointer to an entry that was taken out of the table, and it can be
 * used again at once: it goes back to its descriptor as @spare.
 */
struct kcov_task {
	struct hlist_node node;
	struct task_struct *task;
	struct kcov_recorder *cur;
	struct kcov_desc *local;
#ifdef KCOV_SWITCH_NOTIFIER
	struct preempt_notifier notifier;
#endif
};

/**
 * struct kcov_desc - a descriptor: one open of the device file
 * @rec: the recorder; constant while a CPU points at it, so it has its line
 * @lock: see the table above
 * @refs: one for the open file (mappings hold the file), one for the bound
 *        task (@owner, dropped by DISABLE or exit). The last one frees.
 * @state: under @lock
 * @sequence: number of bindings that ended; under @lock
 * @words: size of the buffer in words, 0 before INIT_TRACE; under @lock
 * @owner: the task that enabled it or NULL. It may be followed under @lock:
 *         its exit takes the lock to clear it. Under @lock
 * @spare: entry for the task table while nobody uses it, so that ENABLE
 *         allocates nothing; under @lock
 * @id: a number for kcov_mod/instances
 * @armed: holds a reference of kcov_arm_get(); under @lock
 * @node: in the list of descriptors, under its list_lock
 * @free_work: the last put from where nothing may sleep
 *
 * The module is pinned from open to the end of free.
 */
struct kcov_desc {
	struct kcov_recorder rec ____cacheline_aligned;
	raw_spinlock_t lock ____cacheline_aligned;
	refcount_t refs;
	enum kcov_state state;
	unsigned int sequence;
	u64 words;
	struct task_struct *owner;
	struct kcov_task *spare;
	unsigned int id;
	bool armed;
	struct list_head node;
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
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/* kcov_desc.c */
int kcov_desc_setup(void (*release)(void));
void kcov_desc_cleanup(void);
struct kcov_desc *kcov_desc_create(void);
void kcov_desc_get(struct kcov_desc *desc);
void kcov_desc_put(struct kcov_desc *desc);
void kcov_desc_put_later(struct kcov_desc *desc);
bool kcov_desc_is_new(struct kcov_desc *desc);
pid_t kcov_desc_owner(struct kcov_desc *desc);
u64 *kcov_desc_alloc_area(u64 words);
void kcov_desc_free_area(u64 *area);
enum kcov_refusal kcov_desc_install(struct kcov_desc *desc, u64 *area,
				    u64 words);
enum kcov_refusal kcov_desc_map(struct kcov_desc *desc,
				struct vm_area_struct *vma, int *err);
void kcov_desc_walk(void (*show)(const struct kcov_desc_info *info,
				 struct seq_file *m), struct seq_file *m);

/* kcov_task.c */
enum kcov_refusal kcov_task_enable(struct kcov_desc *desc, unsigned long mode);
enum kcov_refusal kcov_task_disable(struct kcov_desc *desc);
enum kcov_refusal kcov_task_reset(struct kcov_desc *desc);
void kcov_task_exit(void);
void kcov_task_switch(struct task_struct *next);
void kcov_task_setup(void);

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

/* kcov_functions.c; it and the next three only where the kernel has ftrace */
#ifdef CONFIG_DYNAMIC_FTRACE
int kcov_functions_setup(void);
void kcov_functions_cleanup(void);
int kcov_functions_arm(void);
int kcov_functions_disarm(void);
int kcov_functions_change(char *text);
struct kcov_functions *kcov_functions_copy(void);
void kcov_functions_show_rules(struct seq_file *m);
int kcov_symbol_setup(void);
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
#endif

/* kcov_ftrace.c */
int kcov_ftrace_hook(unsigned long *entries, unsigned int count);
int kcov_ftrace_unhook(void);
int kcov_ftrace_add(unsigned long *entries, unsigned int count);
void kcov_ftrace_remove(unsigned long *entries, unsigned int count);
void kcov_ftrace_cleanup(void);

/* kcov_symbol.c */
int kcov_symbol_entries(const struct module *mod, struct kcov_rules *rules,
			unsigned long **entries, unsigned int *count);

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
long kcov_refusal_errno(enum kcov_refusal refusal);
const char *kcov_refusal_reason(enum kcov_refusal refusal);

/* kcov_trace.c: called by compiled code, declared nowhere else */
void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_cmp1(u8 arg1, u8 arg2);
void __sanitizer_cov_trace_cmp2(u16 arg1, u16 arg2);
void __sanitizer_cov_trace_cmp4(u32 arg1, u32 arg2);
void __sanitizer_cov_trace_cmp8(u64 arg1, u64 arg2);
void __sanitizer_cov_trace_const_cmp1(u8 arg1, u8 arg2);
void __sanitizer_cov_trace_const_cmp2(u16 arg1, u16 arg2);
void __sanitizer_cov_trace_const_cmp4(u32 arg1, u32 arg2);
void __sanitizer_cov_trace_const_cmp8(u64 arg1, u64 arg2);
void __sanitizer_cov_trace_switch(u64 val, void *table);

/*
 * The recorder of the task that runs on this CPU, NULL while it records
 * nothing. Written by kcov_task.c only, on its own CPU; read by the callbacks
 * there. A value once loaded stays right when the task migrates: it belongs to
 * the task, not to the CPU.
 */
DECLARE_PER_CPU(struct kcov_recorder *, kcov_recorder);

/* How far the kernel was moved; set before anything records. */
extern unsigned long kcov_kaslr_offset;

/**
 * kcov_recorder_here() - the recorder a callback of @mode must append to
 * @mode: KCOV_TRACE_PC or KCOV_TRACE_CMP
 *
 * Always inline: objtool wants no call in a callback that may run while user
 * access is open.
 *
 * Return: NULL if this context does not record.
 */
static __always_inline struct kcov_recorder *
kcov_recorder_here(unsigned int mode)
{
	struct kcov_recorder *rec = this_cpu_read(kcov_recorder);

	if (!rec || kcov_context() != rec->context || rec->mode != mode)
		return NULL;
	return rec;
}

#endif /* KCOV_INTERNAL_H */
