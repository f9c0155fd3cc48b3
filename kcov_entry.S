/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What covered functions call at their entry: kcov_trace_here() by hand.
 *
 * A handler in C has all registers of the arguments saved around it, which is most
 * of what it takes. Here two that no function gets anything in are enough. Its twin
 * is record_entry() in kcov_ftrace.c, which ftrace calls where others want to know of
 * the same function.
 *
 * Context: wherever a function of the kernel is entered.
 * Locking, lifetime: kcov_cpu.h; kcov_ftrace_unhook() waits until nobody is in here.
 *
 * On the stack: the return address of the call, which is what is recorded, and that
 * of the function. All but %r10, %r11 and the flags belongs to the function.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/asm.h>
#include <asm/frame.h>
#include <asm/nospec-branch.h>
#include <asm/percpu.h>

#include "kcov_offsets.h"

/* Addresses in kcov_cpu.h of this CPU. */
#define PCS		PER_CPU_VAR(kcov_cpu + KCOV_CPU_PCS)
#define CAPACITY	PER_CPU_VAR(kcov_cpu + KCOV_CPU_CAPACITY)
#define RECORDER	PER_CPU_VAR(kcov_cpu + KCOV_CPU_REC)

#ifdef KCOV_HAVE_PCPU_HOT
#define PREEMPT_COUNT	PER_CPU_VAR(pcpu_hot + KCOV_HOT_PREEMPT_COUNT)
#define CURRENT		PER_CPU_VAR(pcpu_hot + KCOV_HOT_CURRENT)
#else
#define PREEMPT_COUNT	PER_CPU_VAR(__preempt_count)
#define CURRENT		PER_CPU_VAR(current_task)
#endif

	.text

SYM_FUNC_START(kcov_entry)
	ANNOTATE_NOENDBR			/* called by what ftrace writes, directly */
	cmpq	$kcov_full, PCS			/* KCOV_NOBODY */
	jne	.Lwanted
	RET

.Lwanted:
	testl	$KCOV_CONTEXT_BITS, PREEMPT_COUNT
	jne	.Lrarely
#ifdef CONFIG_PREEMPT_RT
	movq	CURRENT, %r11
	testl	$KCOV_SOFTIRQ_BIT, KCOV_TASK_SOFTIRQS(%r11)
	jne	.Lrarely
#endif
	movq	PCS, %r11
	movq	(%r11), %r10			/* the count */
	cmpq	CAPACITY, %r10
	jae	.Lfull
	incq	%r10
	movq	%r10, (%r11)			/* before the slot: kcov_record_take() */
	leaq	(%r11, %r10, 8), %r11
	movq	(%rsp), %r10
	subq	kcov_kaslr_offset(%rip), %r10
	movq	%r10, (%r11)
	RET

.Lfull:
	movq	RECORDER, %r10
	cmpq	%r11, KCOV_REC_AREA(%r10)
	jne	.Lset
	incq	KCOV_REC_DROPPED(%r10)
	RET

	/* kcov_record_add(), where the address is in the set already */
.Lset:
	cmpl	$KCOV_KIND_SET, KCOV_REC_KIND(%r10)
	jne	.Lrarely
	imulq	$KCOV_HASH, (%rsp), %r11
	shrq	$KCOV_HASH_SHIFT, %r11
	andq	KCOV_REC_CAPACITY(%r10), %r11
	movq	KCOV_REC_AREA(%r10), %r10
	movq	(%r10, %r11, 8), %r10
	cmpq	(%rsp), %r10
	jne	.Lrarely
	RET

.Lrarely:
	FRAME_BEGIN
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	movq	(7 * 8 + FRAME_OFFSET)(%rsp), %rdi
	call	kcov_entry_rarely
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	FRAME_END
	RET
SYM_FUNC_END(kcov_entry)
