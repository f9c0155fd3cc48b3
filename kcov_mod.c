// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module init and exit, the device file and its calls.
 *
 * Context: process context. Locking: none of its own; every check that must
 * hold with what follows is made under the descriptor's lock, one layer down.
 * Lifetime: an open file pins the module and holds one reference on its
 * descriptor; a mapping holds the file.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <uapi/linux/kcov.h>

#include "include/kcov_ioctl.h"
#include "kcov_internal.h"

static struct dentry *device;

/*
 * Asked once, of who opens it: what he does with the descriptor is his affair.
 * Said in the log, unlike other refusals, as root does not expect this one.
 */
static int kcov_open(struct inode *inode, struct file *file)
{
	struct kcov_desc *desc;

	if (!kcov_symbol_may_see(file->f_cred)) {
		pr_notice_ratelimited("open by %s[%d] refused with %ld: %s\n",
				      current->comm, task_pid_nr(current),
				      kcov_refusal_errno(KCOV_NO_ADDRESSES),
				      kcov_refusal_reason(KCOV_NO_ADDRESSES));
		return kcov_refusal_errno(KCOV_NO_ADDRESSES);
	}
	desc = kcov_desc_create();
	if (!desc)
		return -ENOMEM;
	file->private_data = desc;
	return nonseekable_open(inode, file);
}

static int kcov_release(struct inode *inode, struct file *file)
{
	kcov_section_settle();
	/* Nobody can ask for it any more, and nobody can look. */
	kcov_tree_disable(file->private_data);
	kcov_desc_put(file->private_data);
	return 0;
}

/* Moves the buffer into the descriptor, or nothing at all. */
static enum kcov_refusal install_area(struct kcov_desc *desc, u64 *area,
				      u64 words)
{
	enum kcov_refusal refusal;
	int err;

	if (!kcov_desc_is_new(desc))
		return KCOV_INIT_TWICE;
	err = kcov_arm_get();
	if (err)
		return err == -ENOMEM ? KCOV_NO_MEMORY : KCOV_CANNOT_ARM;
	refusal = kcov_desc_install(desc, area, words);
	if (refusal)
		kcov_arm_put();
	return refusal;
}

/* Out of memory comes before "twice": the order user space has always seen. */
static enum kcov_refusal init_trace(struct kcov_desc *desc, unsigned long words)
{
	enum kcov_refusal refusal;
	u64 *area;

	if (words < 2 || words > INT_MAX / sizeof(u64))
		return KCOV_BAD_SIZE;
	area = kcov_desc_alloc_area(words);
	if (!area)
		return KCOV_NO_MEMORY;
	refusal = install_area(desc, area, words);
	if (refusal)
		kcov_desc_free_area(area);
	return refusal;
}

static enum kcov_refusal disable(struct kcov_desc *desc, unsigned long unused)
{
	if (unused)
		return KCOV_BAD_ARGUMENT;
	/* Who comes from user space is in none, unless a driver forgot its end. */
	kcov_section_exit();
	/* It is one of three at most; this one is what fuzzers do all day. */
	if (!kcov_bind_disable(desc) || kcov_tree_disable(desc))
		return KCOV_OK;
	return kcov_remote_is_owner(desc) ? kcov_remote_disable(desc) :
					    KCOV_NOT_OWNER;
}

static enum kcov_refusal tree_enable(struct kcov_desc *desc,
				     unsigned long unused)
{
	return unused ? KCOV_BAD_ARGUMENT : kcov_tree_enable(desc);
}

static enum kcov_refusal reset(struct kcov_desc *desc, unsigned long unused)
{
	return unused ? KCOV_BAD_ARGUMENT : kcov_desc_reset(desc);
}

static enum kcov_refusal dispatch(struct kcov_desc *desc, unsigned int cmd,
				  unsigned long arg)
{
	switch (cmd) {
	case KCOV_INIT_TRACE:
		return init_trace(desc, arg);
	case KCOV_ENABLE:
		return kcov_bind_enable(desc, arg);
	case KCOV_REMOTE_ENABLE:
		return kcov_remote_enable(desc, (const void __user *)arg);
	case KCOV_DISABLE:
		return disable(desc, arg);
	case KCOV_RESET_TRACE:
		return reset(desc, arg);
	case KCOV_TREE_ENABLE:
		return tree_enable(desc, arg);
	default:
		return KCOV_UNKNOWN_IOCTL;
	}
}

static long kcov_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct kcov_desc *desc = file->private_data;
	enum kcov_refusal refusal;

	kcov_section_settle();
	refusal = dispatch(desc, cmd, arg);
	if (refusal)
		pr_debug("ioctl %#x(%#lx) by %s[%d] on descriptor %u of thread %d refused with %ld: %s\n",
			 cmd, arg, current->comm, task_pid_nr(current),
			 desc->id, kcov_desc_owner(desc),
			 kcov_refusal_errno(refusal),
			 kcov_refusal_reason(refusal));
	return kcov_refusal_errno(refusal);
}

static int kcov_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct kcov_desc *desc = file->private_data;
	enum kcov_refusal refusal;
	int err;

	refusal = kcov_desc_map(desc, vma, &err);
	if (refusal)
		pr_debug("mmap of %#lx bytes at page %#lx by %s[%d] on descriptor %u of thread %d refused with %ld: %s\n",
			 vma->vm_end - vma->vm_start, vma->vm_pgoff,
			 current->comm, task_pid_nr(current), desc->id,
			 kcov_desc_owner(desc),
			 kcov_refusal_errno(refusal),
			 kcov_refusal_reason(refusal));
	return refusal ? kcov_refusal_errno(refusal) : err;
}

static const struct file_operations kcov_fops = {
	.owner = THIS_MODULE,
	.open = kcov_open,
	.release = kcov_release,
	.unlocked_ioctl = kcov_ioctl,
	/* The argument is a number, and as wide as the caller can write it. */
	.compat_ioctl = kcov_ioctl,
	.mmap = kcov_mmap,
};

/* Last of the set-up: from here on it can be opened. */
static int __init create_device(void)
{
	/* Unsafe, because debugfs's own proxy forwards no mmap. */
	device = debugfs_create_file_unsafe("kcov", 0600, NULL, NULL,
					    &kcov_fops);
	if (!IS_ERR(device))
		return 0;
	pr_err("cannot create the file kcov in debugfs (%ld): is debugfs switched off (boot with debugfs=on), or another kcov loaded?\n",
	       PTR_ERR(device));
	return PTR_ERR(device);
}

static int __init kcov_init(void)
{
	int err;

	kcov_task_setup();
	kcov_table_setup();
	kcov_follow_setup();
	err = kcov_kaslr_setup();
	if (err)
		return err;
	err = kcov_symbol_setup();
	if (err)
		return err;
	err = kcov_sched_setup();
	if (err)
		return err;
	err = kcov_functions_setup();
	if (err)
		goto cleanup_sched;
	err = kcov_hook_setup();
	if (err)
		goto cleanup_functions;
	err = kcov_desc_setup(kcov_arm_put);
	if (err)
		goto cleanup_hook;
	err = create_device();
	if (err)
		goto cleanup_desc;
	kcov_debugfs_setup();
	return 0;

cleanup_desc:
	kcov_desc_cleanup();
cleanup_hook:
	kcov_hook_cleanup();
cleanup_functions:
	kcov_functions_cleanup();
cleanup_sched:
	kcov_sched_cleanup();
	return err;
}

/*
 * The reverse. No file is open and no task bound, or the module would be
 * pinned. The descriptors' workqueue is flushed before disarming: the last
 * free on it puts the last user of what is armed. Disarming frees entries, so
 * their cache comes last.
 */
static void __exit kcov_exit(void)
{
	kcov_debugfs_cleanup();
	debugfs_remove(device);
	kcov_desc_flush();
	kcov_arm_cleanup();
	kcov_hook_cleanup();
	kcov_functions_cleanup();
	kcov_sched_cleanup();
	kcov_desc_cleanup();
}

module_init(kcov_init);
module_exit(kcov_exit);
MODULE_DESCRIPTION("kcov for kernels built without it");
MODULE_LICENSE("GPL");
