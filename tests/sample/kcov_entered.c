// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver without callbacks, one function of which looks at the registers that it
 * is called with: kcov, which comes in between, must leave them as they were.
 *
 * debugfs kcov_entered/call: write how often it is to be called.
 * debugfs kcov_entered/changed: how many registers were others than were given.
 *
 * Context: the writer's. Locking: none, one writer. Lifetime: exit removes the files.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>

/* More takes longer than any test needs. */
#define CALLS_MAX 100000

/* Of the registers, in the order of entered()'s arguments; %rax comes last. */
#define GIVEN(i) (0x1111111111111111UL * ((i) + 1))

static struct dentry *directory;
static unsigned long seen[7];
static u64 changed;

/* The one that is covered, and all that is, while it is called. */
noinline void entered(unsigned long a, unsigned long b, unsigned long c,
		      unsigned long d, unsigned long e, unsigned long f);

noinline void entered(unsigned long a, unsigned long b, unsigned long c,
		      unsigned long d, unsigned long e, unsigned long f)
{
	unsigned long rax;

	/* As it was on entry: nothing has been done yet. */
	asm volatile("" : "=a" (rax));
	seen[0] = a;
	seen[1] = b;
	seen[2] = c;
	seen[3] = d;
	seen[4] = e;
	seen[5] = f;
	seen[6] = rax;
}

static notrace void call_it(void)
{
	unsigned long a = GIVEN(0), b = GIVEN(1), c = GIVEN(2), d = GIVEN(3);
	unsigned long rax = GIVEN(6);
	int i;

	asm volatile("movabs %[e], %%r8\n\t"
		     "movabs %[f], %%r9\n\t"
		     "call entered"
		     : "+D" (a), "+S" (b), "+d" (c), "+c" (d), "+a" (rax),
		       ASM_CALL_CONSTRAINT
		     : [e] "i" (GIVEN(4)), [f] "i" (GIVEN(5))
		     : "r8", "r9", "r10", "r11", "memory", "cc");
	for (i = 0; i < ARRAY_SIZE(seen); i++)
		changed += seen[i] != GIVEN(i);
}

static notrace int call_set(void *unused, u64 count)
{
	if (count > CALLS_MAX)
		return -ERANGE;
	changed = 0;
	while (count--)
		call_it();
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(call_fops, NULL, call_set, "%llu\n");

static int __init entered_init(void)
{
	directory = debugfs_create_dir("kcov_entered", NULL);
	if (IS_ERR(directory)) {
		pr_err("cannot create kcov_entered/ in debugfs (%ld): is debugfs switched off?\n",
		       PTR_ERR(directory));
		return PTR_ERR(directory);
	}
	debugfs_create_file_unsafe("call", 0200, directory, NULL, &call_fops);
	debugfs_create_u64("changed", 0400, directory, &changed);
	return 0;
}

static void __exit entered_exit(void)
{
	debugfs_remove(directory);
}

module_init(entered_init);
module_exit(entered_exit);
MODULE_DESCRIPTION("driver whose function knows what it is called with");
MODULE_LICENSE("GPL");
