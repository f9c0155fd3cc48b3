// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver built with kcov's callbacks, to look at and to test with.
 *
 * debugfs kcov_sample/input: what is written there decides the path taken, so
 * a trace of the write tells which letter it began with.
 * debugfs kcov_sample/ticks: write an interval in microseconds and the same
 * code runs in a hard interrupt and a softirq that often, 0 ends it; reading
 * gives the number of both so far. None of them may appear in a trace.
 *
 * Context: input in the writer's, ticks in interrupts.
 * Locking: ticks_lock serialises starts and stops.
 * Lifetime: exit removes the files, then stops the timer.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include "sample_timer.h"

static struct dentry *directory;
static unsigned long visits;

static noinline void sample_path_a(void)
{
	WRITE_ONCE(visits, READ_ONCE(visits) + 1);
}

static noinline void sample_path_b(unsigned char second)
{
	if (second == 'b')
		WRITE_ONCE(visits, READ_ONCE(visits) + 2);
	else
		WRITE_ONCE(visits, READ_ONCE(visits) + 3);
}

static noinline void sample_path_other(void)
{
	WRITE_ONCE(visits, 0);
}

static noinline void sample_parse(const char *text)
{
	if (text[0] == 'a')
		sample_path_a();
	else if (text[0] == 'b')
		sample_path_b(text[1]);
	else
		sample_path_other();
}

static ssize_t input_write(struct file *file, const char __user *data,
			   size_t size, loff_t *pos)
{
	char text[2] = "";

	if (copy_from_user(text, data, min(size, sizeof(text))))
		return -EFAULT;
	sample_parse(text);
	return size;
}

static const struct file_operations input_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = input_write,
};

static DEFINE_MUTEX(ticks_lock);
static struct hrtimer timer;
static u64 interval_ns;		/* 0: stopped */
static atomic_t hard_ticks = ATOMIC_INIT(0);
static atomic_t soft_ticks = ATOMIC_INIT(0);

static void tick_soft(struct tasklet_struct *unused)
{
	sample_parse("b");
	atomic_inc(&soft_ticks);
}

static DECLARE_TASKLET(soft, tick_soft);

static enum hrtimer_restart tick_hard(struct hrtimer *unused)
{
	u64 interval = READ_ONCE(interval_ns);

	sample_parse("a");
	atomic_inc(&hard_ticks);
	tasklet_schedule(&soft);
	if (!interval)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(&timer, ns_to_ktime(interval));
	return HRTIMER_RESTART;
}

static void set_interval(u64 ns)
{
	mutex_lock(&ticks_lock);
	WRITE_ONCE(interval_ns, 0);
	hrtimer_cancel(&timer);
	tasklet_kill(&soft);
	WRITE_ONCE(interval_ns, ns);
	if (ns)
		hrtimer_start(&timer, ns_to_ktime(ns), HRTIMER_MODE_REL_HARD);
	mutex_unlock(&ticks_lock);
}

static ssize_t ticks_write(struct file *file, const char __user *data,
			   size_t size, loff_t *pos)
{
	unsigned int us;
	int err = kstrtouint_from_user(data, size, 10, &us);

	if (err)
		return err;
	/* Faster than this and the machine does nothing else. */
	if (us && us < 20)
		return -ERANGE;
	set_interval((u64)us * NSEC_PER_USEC);
	return size;
}

static int ticks_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "%d %d\n", atomic_read(&hard_ticks),
		   atomic_read(&soft_ticks));
	return 0;
}

static int ticks_open(struct inode *inode, struct file *file)
{
	return single_open(file, ticks_show, NULL);
}

static const struct file_operations ticks_fops = {
	.owner = THIS_MODULE,
	.open = ticks_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.write = ticks_write,
	.release = single_release,
};

static int __init sample_init(void)
{
	sample_timer_setup(&timer, tick_hard, HRTIMER_MODE_REL_HARD);
	directory = debugfs_create_dir("kcov_sample", NULL);
	if (IS_ERR(directory)) {
		pr_err("cannot create kcov_sample/ in debugfs (%ld): is debugfs switched off?\n",
		       PTR_ERR(directory));
		return PTR_ERR(directory);
	}
	debugfs_create_file("input", 0200, directory, NULL, &input_fops);
	debugfs_create_file("ticks", 0600, directory, NULL, &ticks_fops);
	return 0;
}

static void __exit sample_exit(void)
{
	debugfs_remove(directory);
	set_interval(0);
}

module_init(sample_init);
module_exit(sample_exit);
MODULE_DESCRIPTION("sample driver covered by kcov");
MODULE_LICENSE("GPL");
