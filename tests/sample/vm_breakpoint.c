// SPDX-License-Identifier: GPL-2.0-only
/*
 * For the test VM alone: a breakpoint of the kernel's that memory does not hold
 * any more is tried again. The parameter "wait" builds that case: who meets a
 * breakpoint then waits, for seconds, until memory does not hold it.
 *
 * QEMU can run a translation that is older than memory (tests/vm/watch), and
 * while the kernel patches its text that is a breakpoint. Kernels like 6.1 go
 * back to it by themselves, and the watcher helps them on; newer ones know that
 * a processor does not do this, and die.
 *
 * Context: the breakpoint's, with interrupts off. Locking: none, it looks at
 * its arguments and at one byte. Lifetime: from insmod to rmmod; the notifier
 * chain waits for those who run.
 */
#include <linux/delay.h>
#include <linux/kdebug.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/ptrace.h>
#include <linux/uaccess.h>

#include <asm/text-patching.h>

/* As long as a test may take until it writes the byte. */
#define LOOKS 30000

static bool wait;
module_param(wait, bool, 0600);
MODULE_PARM_DESC(wait, "who meets a breakpoint waits until memory does not hold it");

static bool is_there(const u8 *address)
{
	u8 byte;

	return get_kernel_nofault(byte, address) || byte == INT3_INSN_OPCODE;
}

static bool is_gone(const u8 *address)
{
	int looks = wait ? LOOKS : 0;

	while (is_there(address) && looks-- > 0)
		mdelay(1);
	return !is_there(address);
}

static int try_again(struct notifier_block *block, unsigned long event, void *data)
{
	struct pt_regs *regs = ((struct die_args *)data)->regs;

	if (event != DIE_INT3 || user_mode(regs) || !is_gone((u8 *)regs->ip - INT3_INSN_SIZE))
		return NOTIFY_DONE;
	regs->ip -= INT3_INSN_SIZE;
	return NOTIFY_STOP;
}

static struct notifier_block breakpoints = { .notifier_call = try_again };

static int __init again_init(void)
{
	return register_die_notifier(&breakpoints);
}

static void __exit again_exit(void)
{
	unregister_die_notifier(&breakpoints);
}

module_init(again_init);
module_exit(again_exit);
MODULE_DESCRIPTION("takes a breakpoint that is gone as one that never was, for QEMU");
MODULE_LICENSE("GPL");
