// SPDX-License-Identifier: GPL-2.0-only
/*
 * For make check-repro: a driver that goes wrong in the way it is told.
 *
 * debugfs kcov_trouble: a word that is written is a way to go wrong; behind none of them but
 * "warn" the writer comes back.
 *
 * Context: the writer's; "off" is on all CPUs. Locking: none. Lifetime: an open file pins the
 * module, and who is stuck has one.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/processor.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <asm/desc_defs.h>

static struct dentry *file;

static noinline void trouble_sleep(void)
{
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule();
	}
}

static noinline void trouble_spin(void)
{
	for (;;)
		cpu_relax();
}

static void spin_off(void *unused)
{
	local_irq_disable();
	trouble_spin();
}

static noinline void trouble_off(void)
{
	on_each_cpu(spin_off, NULL, /*wait=*/1);
}

static noinline void trouble_panic(void)
{
	panic("as it was told");
}

static noinline void trouble_warn(void)
{
	WARN(1, "as it was told\n");
}

/* Without a table of handlers the first interrupt is a fault, a second and a third one. */
static noinline void trouble_reset(void)
{
	const struct desc_ptr none = {};

	asm volatile("lidt %0; int3" : : "m"(none));
}

static const struct {
	const char *word;
	void (*go)(void);
} ways[] = {
	{ "sleep", trouble_sleep },
	{ "spin", trouble_spin },
	{ "off", trouble_off },
	{ "panic", trouble_panic },
	{ "warn", trouble_warn },
	{ "reset", trouble_reset },
};

static ssize_t trouble_write(struct file *unused, const char __user *data,
			     size_t size, loff_t *pos)
{
	char word[16] = "";
	int i;

	if (size >= sizeof(word) || copy_from_user(word, data, size))
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		if (!strcmp(word, ways[i].word))
			ways[i].go();
	return size;
}

static const struct file_operations trouble_fops = {
	.owner = THIS_MODULE,
	.write = trouble_write,
};

static int __init trouble_init(void)
{
	file = debugfs_create_file_unsafe("kcov_trouble", 0200, NULL, NULL, &trouble_fops);
	return PTR_ERR_OR_ZERO(file);
}

static void __exit trouble_exit(void)
{
	debugfs_remove(file);
}

module_init(trouble_init);
module_exit(trouble_exit);
MODULE_DESCRIPTION("sample driver that goes wrong as it is told");
MODULE_LICENSE("GPL");
