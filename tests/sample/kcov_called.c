// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver whose read() is the call that is recorded where nothing else of the
 * kernel is: tests that trace any system call at all make this one on kernels
 * without function entries.
 *
 * debugfs kcov_called: reading gives nothing, by way of several functions. One to
 * four bytes reach a function each that nothing else does.
 *
 * Context: the reader's. Locking: none. Lifetime: an open file pins the module; the
 * file is made without debugfs's proxy, none of whose code is to be between.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>

static struct dentry *device;
static unsigned long calls;

static noinline void called_inner(void)
{
	WRITE_ONCE(calls, READ_ONCE(calls) + 1);
}

static noinline void called_first(void)
{
	WRITE_ONCE(calls, READ_ONCE(calls) + 2);
}

static noinline void called_second(void)
{
	WRITE_ONCE(calls, READ_ONCE(calls) + 3);
}

static noinline void called_third(void)
{
	WRITE_ONCE(calls, READ_ONCE(calls) + 4);
}

static noinline void called_fourth(void)
{
	WRITE_ONCE(calls, READ_ONCE(calls) + 5);
}

static noinline void called_mark(size_t size)
{
	switch (size) {
	case 1:
		called_first();
		break;
	case 2:
		called_second();
		break;
	case 3:
		called_third();
		break;
	case 4:
		called_fourth();
		break;
	}
}

static ssize_t called_read(struct file *file, char __user *data, size_t size,
			   loff_t *pos)
{
	called_inner();
	called_mark(size);
	called_inner();
	return 0;
}

static const struct file_operations called_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = called_read,
};

static int __init called_init(void)
{
	device = debugfs_create_file_unsafe("kcov_called", 0444, NULL, NULL,
					    &called_fops);
	if (!IS_ERR(device))
		return 0;
	pr_err("cannot create kcov_called in debugfs (%ld): is debugfs switched off?\n",
	       PTR_ERR(device));
	return PTR_ERR(device);
}

static void __exit called_exit(void)
{
	debugfs_remove(device);
}

module_init(called_init);
module_exit(called_exit);
MODULE_DESCRIPTION("sample driver that every test can call");
MODULE_LICENSE("GPL");
