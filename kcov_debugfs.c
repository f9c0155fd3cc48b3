// SPDX-License-Identifier: GPL-2.0-only
/*
 * The directory kcov_mod/ in debugfs: what the module is doing.
 *
 * instances: a line for each descriptor. lost: what was not recorded. follow: 1
 * if deferred work follows its task; write to it to switch that.
 * functions: the set of functions whose entries are covered; written to, it
 * takes rules that change the set.
 *
 * Context: process context. Locking: none of its own.
 * Lifetime: debugfs waits for readers when the directory goes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kallsyms.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <uapi/linux/kcov.h>

#include "kcov_internal.h"

static struct dentry *directory;

static const char *mode_name(const struct kcov_desc_info *info)
{
	switch (info->state) {
	case KCOV_NEW:
		return "new";
	case KCOV_READY:
		return "ready";
	case KCOV_LOCAL:
		return info->mode == KCOV_TRACE_CMP ? "cmp" : "pc";
	case KCOV_REMOTE:
		return info->mode == KCOV_TRACE_CMP ? "remote-cmp" :
						      "remote-pc";
	case KCOV_TREE:
		break;
	}
	return "tree";
}

static void show_desc(const struct kcov_desc_info *info, struct seq_file *m)
{
	seq_printf(m, "%u ", info->id);
	if (info->pid) {
		seq_printf(m, "%d ", info->pid);
		/* One word, whatever the task calls itself. */
		seq_escape(m, info->comm[0] ? info->comm : "-", " \t\n\v\f\r\\");
	} else {
		seq_puts(m, "- -");
	}
	seq_printf(m, " %s %llu %llu %llu %llu\n", mode_name(info),
		   info->words, info->count, info->dropped, info->lost);
}

static int instances_show(struct seq_file *m, void *unused)
{
	seq_puts(m, "id pid comm mode size count dropped lost\n");
	kcov_desc_walk(show_desc, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(instances);

static int lost_show(struct seq_file *m, void *unused)
{
	kcov_loss_show(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(lost);

static int follow_get(void *unused, u64 *value)
{
	*value = kcov_follow_is_on();
	return 0;
}

static int follow_set(void *unused, u64 value)
{
	return value > 1 ? -EINVAL : kcov_follow_switch(value);
}
DEFINE_DEBUGFS_ATTRIBUTE(follow_fops, follow_get, follow_set, "%llu\n");

static void *functions_start(struct seq_file *m, loff_t *pos)
{
	const struct kcov_functions *all = m->private;

	/* Opened for writing only, and yet lseek() comes here. */
	if (!all)
		return NULL;
	if (!*pos)
		return SEQ_START_TOKEN;
	return *pos <= all->count ? (void *)&all->entries[*pos - 1] : NULL;
}

static void *functions_next(struct seq_file *m, void *entry, loff_t *pos)
{
	++*pos;
	return functions_start(m, pos);
}

static void functions_stop(struct seq_file *m, void *entry)
{
}

/* No name if its module has gone since; then the kernel would show the address. */
static void show_function(struct seq_file *m, unsigned long address)
{
	char name[KSYM_SYMBOL_LEN];

	sprint_symbol_no_offset(name, address);
	seq_printf(m, "%s\n", strstarts(name, "0x") ? "(gone)" : name);
}

static int functions_show(struct seq_file *m, void *entry)
{
	const struct kcov_functions *all = m->private;

	if (entry != SEQ_START_TOKEN) {
		show_function(m, *(unsigned long *)entry);
		return 0;
	}
	seq_printf(m, "# %u functions, %s\n# rules: ", all->count,
		   !all->on ? "switched off" :
		   all->armed ? "armed" : "not armed");
	kcov_functions_show_rules(m);
	return 0;
}

static const struct seq_operations functions_seq_ops = {
	.start = functions_start,
	.next = functions_next,
	.stop = functions_stop,
	.show = functions_show,
};

/* The reader gets a copy: the set may change between two reads. */
static int functions_open(struct inode *inode, struct file *file)
{
	struct kcov_functions *all = NULL;
	int err;

	if (file->f_mode & FMODE_READ)
		all = kcov_functions_copy();
	if (IS_ERR(all))
		return PTR_ERR(all);
	err = seq_open(file, &functions_seq_ops);
	if (err)
		kvfree(all);
	else
		((struct seq_file *)file->private_data)->private = all;
	return err;
}

static int functions_release(struct inode *inode, struct file *file)
{
	kvfree(((struct seq_file *)file->private_data)->private);
	return seq_release(inode, file);
}

static ssize_t functions_write(struct file *file, const char __user *data,
			       size_t size, loff_t *pos)
{
	char *text;
	int err;

	if (size >= PAGE_SIZE)
		return -E2BIG;
	text = memdup_user_nul(data, size);
	if (IS_ERR(text))
		return PTR_ERR(text);
	/* What stands behind a NUL would be dropped without a word. */
	err = strlen(text) == size ? kcov_functions_change(text) : -EINVAL;
	kfree(text);
	return err ? err : size;
}

static const struct file_operations functions_fops = {
	.owner = THIS_MODULE,
	.open = functions_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.write = functions_write,
	.release = functions_release,
};

static void __init add_file(const char *name, umode_t mode,
			    const struct file_operations *fops)
{
	struct dentry *file = debugfs_create_file(name, mode, directory, NULL,
						  fops);

	if (IS_ERR(file))
		pr_warn("cannot create the file kcov_mod/%s in debugfs (%ld): load the module again to have it\n",
			name, PTR_ERR(file));
}

/* Without it nothing but the view is missing, so that the module is of use. */
void __init kcov_debugfs_setup(void)
{
	directory = debugfs_create_dir("kcov_mod", NULL);
	add_file("instances", 0400, &instances_fops);
	add_file("lost", 0400, &lost_fops);
	add_file("follow", 0600, &follow_fops);
	add_file("functions", 0600, &functions_fops);
}

void kcov_debugfs_cleanup(void)
{
	debugfs_remove(directory);
}
