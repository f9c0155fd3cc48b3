// SPDX-License-Identifier: GPL-2.0-only
/*
 * The directory kcov_mod/ in debugfs: what the module is doing.
 *
 * Context: process context. Locking: none of its own.
 * Lifetime: debugfs waits for readers when the directory goes.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "kcov_internal.h"

static struct dentry *directory;

static const char * const state_names[] = {
	[KCOV_NEW] = "new",
	[KCOV_READY] = "ready",
	[KCOV_LOCAL] = "pc",
};

static void show_desc(const struct kcov_desc_info *info, struct seq_file *m)
{
	seq_printf(m, "%u ", info->id);
	if (info->state == KCOV_LOCAL) {
		seq_printf(m, "%d ", info->pid);
		/* One word, whatever the task calls itself. */
		seq_escape(m, info->comm[0] ? info->comm : "-", " \t\n\v\f\r\\");
	} else {
		seq_puts(m, "- -");
	}
	seq_printf(m, " %s %llu %llu %llu\n", state_names[info->state],
		   info->words, info->count, info->dropped);
}

static int instances_show(struct seq_file *m, void *unused)
{
	seq_puts(m, "id pid comm mode size count dropped\n");
	kcov_desc_walk(show_desc, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(instances);

/* Without it nothing but the view is missing: failures are not ours. */
void __init kcov_debugfs_setup(void)
{
	directory = debugfs_create_dir("kcov_mod", NULL);
	debugfs_create_file("instances", 0400, directory, NULL,
			    &instances_fops);
}

void kcov_debugfs_cleanup(void)
{
	debugfs_remove(directory);
}
