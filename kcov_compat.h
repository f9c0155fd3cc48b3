/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between kernel versions, and what of the configuration
 * changes an interface.
 *
 * One block a difference: which kernels, what changed, then the shim under
 * the newer kernel's name or ours. No other file tests a version.
 */
#ifndef KCOV_COMPAT_H
#define KCOV_COMPAT_H

#include <linux/kconfig.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/types.h>

/* 6.9 moved what tells of vmcoreinfo. */
#ifdef CONFIG_VMCORE_INFO
#include <linux/vmcore_info.h>
#else
#include <linux/crash_core.h>
#endif

#ifndef CONFIG_X86_64
#error "kcov supports x86-64 only: build it on, or with headers for, x86-64"
#endif

/*
 * Where task switches are seen. Preempt notifiers cost nothing for tasks that
 * have none, but come with KVM only: user-mode Linux and kernels without KVM
 * have the sched_switch tracepoint. KCOV_FORCE_TRACEPOINTS (make
 * BACKEND=tracepoint) takes the second on any kernel, for tests.
 */
#if defined(CONFIG_PREEMPT_NOTIFIERS) && !defined(KCOV_FORCE_TRACEPOINTS)
#define KCOV_SWITCH_NOTIFIER
#endif

/*
 * Where exits are seen. The start of do_exit() is before anyone can learn of
 * the exit; without ftrace, or kprobes, which tell do_exit()'s address,
 * sched_process_exit is left, which 6.1 raises only after the wake-up that
 * pthread_join() waits for (7.3 before it).
 */
#if defined(CONFIG_DYNAMIC_FTRACE) && defined(CONFIG_KPROBES) && \
	!defined(KCOV_FORCE_TRACEPOINTS)
#define KCOV_EXIT_FTRACE
#endif

/*
 * PREEMPT_RT counts softirq nesting in the task, others in the preempt count.
 * The bits are the same: those that tell a task from an NMI, a hard interrupt
 * and a softirq being served. Disabled bottom halves are not among them.
 */
#define KCOV_CONTEXT_TASK 0u
#define KCOV_CONTEXT_SOFTIRQ ((unsigned int)SOFTIRQ_OFFSET)

#ifdef CONFIG_PREEMPT_RT
#define KCOV_PREEMPT_BITS (NMI_MASK | HARDIRQ_MASK)
#else
#define KCOV_PREEMPT_BITS (NMI_MASK | HARDIRQ_MASK | SOFTIRQ_OFFSET)
#endif

static __always_inline unsigned int kcov_context(void)
{
	unsigned int bits = preempt_count() & KCOV_PREEMPT_BITS;

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		bits |= softirq_count() & SOFTIRQ_OFFSET;
	return bits;
}

/*
 * Where a variable of this CPU can be an operand of our own assembly: user-mode
 * Linux has none such. KCOV_FORCE_TRACEPOINTS does without, too.
 */
#if defined(__percpu_arg) && !defined(KCOV_FORCE_TRACEPOINTS)
#define KCOV_CPU_ASM
#endif

/* As such an operand; newer kernels (6.8) may give it a type that names the segment. */
#ifdef __my_cpu_var
#define KCOV_THIS_CPU(variable) __my_cpu_var(variable)
#else
#define KCOV_THIS_CPU(variable) (variable)
#endif

/*
 * From 6.2 to 6.14 the preempt count stood with other things in pcpu_hot. Kbuild
 * looks for that in the header and defines KCOV_HAVE_PCPU_HOT.
 */
#ifdef KCOV_HAVE_PCPU_HOT
#define KCOV_PREEMPT_COUNT pcpu_hot.preempt_count
#else
#define KCOV_PREEMPT_COUNT __preempt_count
#endif

/* kcov_context() == KCOV_CONTEXT_TASK, where every instruction counts. */
static __always_inline bool kcov_context_is_task(void)
{
#ifdef KCOV_CPU_ASM
	bool is_task;

	if (IS_ENABLED(CONFIG_PREEMPT_RT) && (softirq_count() & SOFTIRQ_OFFSET))
		return false;
	asm volatile("testl %[bits], " __percpu_arg([count])
		     : "=@ccz" (is_task)
		     : [count] "m" (KCOV_THIS_CPU(KCOV_PREEMPT_COUNT)),
		       [bits] "i" (KCOV_PREEMPT_BITS));
	return is_task;
#else
	return kcov_context() == KCOV_CONTEXT_TASK;
#endif
}

/*
 * 6.4 replaced module_layout by an array of memory areas. Kbuild looks for
 * enum mod_mem_type in the header and defines KCOV_HAVE_MOD_MEM.
 */
static inline void kcov_module_text(const struct module *mod,
				    unsigned long *start, unsigned long *size)
{
#ifdef KCOV_HAVE_MOD_MEM
	*start = (unsigned long)mod->mem[MOD_TEXT].base;
	*size = mod->mem[MOD_TEXT].size;
#else
	*start = (unsigned long)mod->core_layout.base;
	*size = mod->core_layout.text_size;
#endif
}

/*
 * 6.4 tells no module with a symbol, and 6.3 lets the walk over the symbols of
 * modules be limited to one of them. Kbuild looks for both in the headers.
 */
#ifdef KCOV_HAVE_SYMBOL_MODULE
#define KCOV_SYMBOL_ARGS void *data, const char *name, struct module *unused, \
	unsigned long address
#else
#define KCOV_SYMBOL_ARGS void *data, const char *name, unsigned long address
#endif

#ifdef KCOV_HAVE_WALK_OF_MODULE
#define kcov_walk_module(walk, name, see, data) ((walk)(name, see, data))
#else
#define kcov_walk_module(walk, name, see, data) ((walk)(see, data))
#endif

/*
 * Since 6.2 a call may be turned to the padding before the function, where it is
 * counted (retbleed=stuff).
 */
#ifdef CONFIG_FUNCTION_PADDING_BYTES
#define KCOV_CALL_PADDING CONFIG_FUNCTION_PADDING_BYTES
#else
#define KCOV_CALL_PADDING 0
#endif

/*
 * 6.7 replaced what the timer_start tracepoint tells of the time. Kbuild looks
 * for the new argument and defines KCOV_HAVE_BUCKET_EXPIRY.
 */
#ifdef KCOV_HAVE_BUCKET_EXPIRY
#define KCOV_TIMER_START_ARGS void *data, struct timer_list *timer, \
	unsigned long bucket_expiry
#else
#define KCOV_TIMER_START_ARGS void *data, struct timer_list *timer, \
	unsigned long expires, unsigned int flags
#endif

/*
 * 6.18 gave the flags of clone() 64 bits. Kbuild looks for them in the
 * task_newtask tracepoint and defines KCOV_HAVE_CLONE_FLAGS_U64.
 */
#ifdef KCOV_HAVE_CLONE_FLAGS_U64
#define KCOV_NEWTASK_ARGS void *data, struct task_struct *child, u64 clone_flags
#else
#define KCOV_NEWTASK_ARGS void *data, struct task_struct *child, \
	unsigned long clone_flags
#endif

/*
 * Newer kernels (7.3) tell the probes of exits whether the whole process is gone.
 * Kbuild looks for that in the sched_process_exit tracepoint and defines
 * KCOV_HAVE_GROUP_DEAD.
 */
#ifdef KCOV_HAVE_GROUP_DEAD
#define KCOV_EXIT_ARGS void *data, struct task_struct *task, bool group_dead
#else
#define KCOV_EXIT_ARGS void *data, struct task_struct *task
#endif

/*
 * 6.17 gave the queue of work that is bound to no CPU another name, and 7.3 warns
 * of the old one. Kbuild looks for the new one and defines KCOV_HAVE_DFL_WQ.
 */
#ifdef KCOV_HAVE_DFL_WQ
#define KCOV_UNBOUND_WQ system_dfl_wq
#else
#define KCOV_UNBOUND_WQ system_unbound_wq
#endif

/* 6.3 made vm_flags read-only and brought vm_flags_set(); see Kbuild. */
static inline void kcov_vm_flags_set(struct vm_area_struct *vma,
				     unsigned long flags)
{
#ifdef KCOV_HAVE_VM_FLAGS_SET
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
}

#endif /* KCOV_COMPAT_H */
