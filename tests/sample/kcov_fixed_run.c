// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls the functions of fixed_code.c for a test.
 *
 * debugfs kcov_fixed/run: write "name a b", and fixed_name(a, b) is called in
 * the writer's context; several lines call several functions in that order.
 * Nothing but those functions has callbacks here, or fentry calls.
 *
 * Context: the writer's. Locking: none. Lifetime: exit removes the file.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "fixed_code.h"

/* What the functions return through; most kernels have it. */
#if !IS_ENABLED(CONFIG_RETHUNK) && !IS_ENABLED(CONFIG_MITIGATION_RETHUNK)
asm(".globl __x86_return_thunk; __x86_return_thunk: ret; int3");
#endif

static struct dentry *directory;

static const struct {
	const char *name;
	fixed_function *run;
} functions[] = {
	{ "cmp1", fixed_cmp1 },
	{ "cmp2", fixed_cmp2 },
	{ "cmp4", fixed_cmp4 },
	{ "cmp8", fixed_cmp8 },
	{ "signed1", fixed_signed1 },
	{ "signed4", fixed_signed4 },
	{ "const1", fixed_const1 },
	{ "const2", fixed_const2 },
	{ "const4", fixed_const4 },
	{ "const8", fixed_const8 },
	{ "switch1", fixed_switch1 },
	{ "switch2", fixed_switch2 },
	{ "switch4", fixed_switch4 },
	{ "switch8", fixed_switch8 },
	{ "odd_switch", fixed_odd_switch },
	{ "empty_switch", fixed_empty_switch },
	{ "blocks", fixed_blocks },
};

static int run_function(const char *name, u64 a, u64 b)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(functions); i++) {
		if (strcmp(functions[i].name, name))
			continue;
		functions[i].run(a, b);
		return 0;
	}
	return -ENOENT;
}

static int run_lines(char *lines)
{
	char name[32], *line;
	u64 a, b;
	int err;

	while ((line = strsep(&lines, "\n"))) {
		if (!*line)
			continue;
		if (sscanf(line, "%31s %lli %lli", name, &a, &b) != 3)
			return -EINVAL;
		err = run_function(name, a, b);
		if (err)
			return err;
	}
	return 0;
}

static ssize_t run_write(struct file *file, const char __user *data,
			 size_t size, loff_t *pos)
{
	char *lines;
	int err;

	if (size >= PAGE_SIZE)
		return -E2BIG;
	lines = memdup_user_nul(data, size);
	if (IS_ERR(lines))
		return PTR_ERR(lines);
	err = run_lines(lines);
	kfree(lines);
	return err ? err : size;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = run_write,
};

static int __init fixed_init(void)
{
	directory = debugfs_create_dir("kcov_fixed", NULL);
	if (IS_ERR(directory)) {
		pr_err("cannot create kcov_fixed/ in debugfs (%ld): is debugfs switched off?\n",
		       PTR_ERR(directory));
		return PTR_ERR(directory);
	}
	debugfs_create_file("run", 0200, directory, NULL, &run_fops);
	return 0;
}

static void __exit fixed_exit(void)
{
	debugfs_remove(directory);
}

module_init(fixed_init);
module_exit(fixed_exit);
MODULE_DESCRIPTION("code whose records are the same on every kernel");
MODULE_LICENSE("GPL");
