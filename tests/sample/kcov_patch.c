// SPDX-License-Identifier: GPL-2.0-only
/*
 * A livepatch of read_null(), the reader of /dev/null: a neighbour for the
 * tests. It answers as before and counts.
 *
 * Built without callbacks and without fentry calls, so that it adds nothing to
 * a trace. Its parameter says how often it ran.
 *
 * Context: the reader's. Locking: the count is atomic.
 * Lifetime: applied when it is loaded; 0 in /sys/kernel/livepatch/kcov_patch/
 * enabled takes it off, then it can be unloaded.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

static atomic_t calls = ATOMIC_INIT(0);

static int get_calls(char *text, const struct kernel_param *param)
{
	return sysfs_emit(text, "%d\n", atomic_read(&calls));
}

static const struct kernel_param_ops calls_ops = {
	.get = get_calls,
};

module_param_cb(calls, &calls_ops, NULL, 0444);
MODULE_PARM_DESC(calls, "calls of the patched function so far (read only)");

static ssize_t patched_read(struct file *file, char __user *data, size_t size,
			    loff_t *pos)
{
	atomic_inc(&calls);
	return 0;
}

static struct klp_func functions[] = {
	{ .old_name = "read_null", .new_func = patched_read },
	{ }
};

/* No name: the kernel itself. */
static struct klp_object objects[] = {
	{ .funcs = functions },
	{ }
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objects,
};

static int __init patch_init(void)
{
	return klp_enable_patch(&patch);
}

static void __exit patch_exit(void)
{
}

module_init(patch_init);
module_exit(patch_exit);
MODULE_INFO(livepatch, "Y");
MODULE_DESCRIPTION("livepatch for kcov's tests");
MODULE_LICENSE("GPL");
