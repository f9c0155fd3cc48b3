// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sections as no good driver makes them, and sections at an exact moment; for
 * tests. kcov_deferred is the driver to look at.
 *
 * debugfs kcov_sections/run: write a line of a verb and its numbers.
 *
 *	usb BUS			in a kthread, with the helpers for USB
 *	usb_softirq BUS		in a tasklet, with those for softirqs only
 *	usb_softirq_here BUS	the same in the writer: nothing
 *	over H			in a tasklet that interrupts the writer
 *	interrupted H H2	in the writer; a hard interrupt on top starts and
 *				stops one with H2
 *	hard H			in a hard interrupt: nothing
 *	nested H H2		in a kthread, one inside the other
 *	nested_softirq H H2	the same in a tasklet
 *	start H			in the writer, and never stops
 *	start_softirq H		in a tasklet that interrupts the writer, the same
 *	stop			stops what the writer has not started
 *	stop_kthread		the same in a kthread
 *	stop_softirq		the same in a tasklet
 *	begin N H		kthread N begins a section and stays in it
 *	roam N			it sleeps, and goes to each CPU in turn
 *	end N			it stops, and exits
 *	leave N			it exits inside its section
 *	hold H			a tasklet on another CPU than the writer's begins a
 *				section and stays in it
 *	release			it stops
 *
 * The write returns when that is done; begin and hold, when the section has
 * begun.
 *
 * Context: as above. Locking: run_lock, one verb at a time.
 * Lifetime: exit ends the kthreads and the tasklet that stayed.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "sections.h"

static struct dentry *directory;
static DEFINE_MUTEX(run_lock);

static const struct {
	const char *name;
	int (*run)(u64 first, u64 second);
} verbs[] = {
	{ "usb", sections_run_usb },
	{ "usb_softirq", sections_run_usb_softirq },
	{ "usb_softirq_here", sections_run_usb_softirq_here },
	{ "over", sections_run_over },
	{ "interrupted", sections_run_interrupted },
	{ "hard", sections_run_hard },
	{ "nested", sections_run_nested },
	{ "nested_softirq", sections_run_nested_softirq },
	{ "start", sections_run_start },
	{ "start_softirq", sections_run_start_softirq },
	{ "stop", sections_run_stop },
	{ "stop_kthread", sections_run_stop_kthread },
	{ "stop_softirq", sections_run_stop_softirq },
	{ "begin", sections_run_begin },
	{ "roam", sections_run_roam },
	{ "end", sections_run_end },
	{ "leave", sections_run_leave },
	{ "hold", sections_run_hold },
	{ "release", sections_run_release },
};

static int run_verb(const char *name, u64 first, u64 second)
{
	int err = -ENOENT;
	size_t i;

	mutex_lock(&run_lock);
	for (i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!strcmp(verbs[i].name, name))
			err = verbs[i].run(first, second);
	}
	mutex_unlock(&run_lock);
	return err;
}

static ssize_t run_write(struct file *file, const char __user *data,
			 size_t size, loff_t *pos)
{
	char line[64] = "", name[24];
	u64 first = 0, second = 0;
	int err;

	if (copy_from_user(line, data, min(size, sizeof(line) - 1)))
		return -EFAULT;
	if (sscanf(line, "%23s %lli %lli", name, &first, &second) < 1)
		return -EINVAL;
	err = run_verb(name, first, second);
	return err ? err : size;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = run_write,
};

static int __init sections_init(void)
{
	sections_once_setup();
	directory = debugfs_create_dir("kcov_sections", NULL);
	if (IS_ERR(directory)) {
		pr_err("cannot create kcov_sections/ in debugfs (%ld): is debugfs switched off?\n",
		       PTR_ERR(directory));
		return PTR_ERR(directory);
	}
	debugfs_create_file("run", 0200, directory, NULL, &run_fops);
	return 0;
}

static void __exit sections_exit(void)
{
	debugfs_remove(directory);
	sections_stay_cleanup();
}

module_init(sections_init);
module_exit(sections_exit);
MODULE_DESCRIPTION("remote sections at odd places, for tests of kcov");
MODULE_LICENSE("GPL");
