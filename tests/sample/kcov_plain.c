// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver built without callbacks and without fentry calls: kcov must not
 * see a single instruction of it. The negative control of the tests.
 *
 * debugfs kcov_plain/input: takes paths like kcov_sample does.
 * debugfs kcov_plain/spin: write milliseconds, and the write lasts that long
 * in kernel mode; whatever a trace of it holds more than a trace of "0" came
 * from an interrupt.
 *
 * Context: the writer's. Locking: none. Lifetime: exit removes the files.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/processor.h>
#include <linux/uaccess.h>

static struct dentry *directory;
static unsigned long visits;

static noinline void plain_path_a(void)
{
	WRITE_ONCE(visits, READ_ONCE(visits) + 1);
}

static noinline void plain_path_other(void)
{
	WRITE_ONCE(visits, 0);
}

static ssize_t input_write(struct file *file, const char __user *data,
			   size_t size, loff_t *pos)
{
	char first = '\0';

	if (copy_from_user(&first, data, min_t(size_t, size, 1)))
		return -EFAULT;
	if (first == 'a')
		plain_path_a();
	else
		plain_path_other();
	return size;
}

static const struct file_operations input_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = input_write,
};

/* Longer than any test needs is a mistake, and would stall the machine. */
#define SPIN_MAX_MS 2000

/* Calls nothing: whatever is recorded meanwhile is not ours. */
static noinline void spin(unsigned int ms)
{
	unsigned long end = jiffies + msecs_to_jiffies(ms);

	while (ms && time_before(jiffies, end))
		cpu_relax();
}

static ssize_t spin_write(struct file *file, const char __user *data,
			  size_t size, loff_t *pos)
{
	unsigned int ms;
	int err = kstrtouint_from_user(data, size, 10, &ms);

	if (err)
		return err;
	if (ms > SPIN_MAX_MS)
		return -ERANGE;
	spin(ms);
	return size;
}

static const struct file_operations spin_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = spin_write,
};

static int __init plain_init(void)
{
	directory = debugfs_create_dir("kcov_plain", NULL);
	if (IS_ERR(directory)) {
		pr_err("cannot create kcov_plain/ in debugfs (%ld): is debugfs switched off?\n",
		       PTR_ERR(directory));
		return PTR_ERR(directory);
	}
	debugfs_create_file("input", 0200, directory, NULL, &input_fops);
	debugfs_create_file("spin", 0200, directory, NULL, &spin_fops);
	return 0;
}

static void __exit plain_exit(void)
{
	debugfs_remove(directory);
}

module_init(plain_init);
module_exit(plain_exit);
MODULE_DESCRIPTION("driver that kcov must not see");
MODULE_LICENSE("GPL");
