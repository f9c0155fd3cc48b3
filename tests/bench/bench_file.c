// SPDX-License-Identifier: GPL-2.0-only
/*
 * Times loops for tests/bench/measure.
 *
 * debugfs kcov_bench/LOOP: write how often, and the loop of that name runs in
 * the writer's context; reading gives the ticks of the TSC that took.
 * debugfs kcov_bench/parties: how many must write before a loop that does not
 * sleep runs, for all of them at once; then each LOOP has the ticks of all.
 * debugfs kcov_bench/handle: the handle of loops that make sections.
 * debugfs kcov_bench/idle_ioctl: all ioctls succeed, and do nothing.
 *
 * Context: the writer's.
 * Locking: run_lock, one loop that sleeps at a time; bench_round.c for others.
 * Lifetime: exit removes the files before the thread of bench_switch.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <asm/msr.h>

#include "bench.h"

/* More would keep interrupts off for too long. */
#define COUNT_MAX 100000

static struct dentry *directory;
static DEFINE_MUTEX(run_lock);

static u64 time_loop(void (*run)(unsigned long count), unsigned long count)
{
	u64 start = rdtsc_ordered();

	run(count);
	return rdtsc_ordered() - start;
}

static int run_alone(struct bench_loop *loop, unsigned long count)
{
	mutex_lock(&run_lock);
	loop->ticks = time_loop(loop->run, count);
	mutex_unlock(&run_lock);
	return 0;
}

static int loop_set(void *data, u64 count)
{
	struct bench_loop *loop = data;

	if (count > COUNT_MAX)
		return -ERANGE;
	return loop->sleeps ? run_alone(loop, count) :
			      bench_round_run(loop->run, count);
}

static int loop_get(void *data, u64 *ticks)
{
	const struct bench_loop *loop = data;

	mutex_lock(&run_lock);
	*ticks = loop->sleeps ? loop->ticks : bench_round_ticks();
	mutex_unlock(&run_lock);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(loop_fops, loop_get, loop_set, "%llu\n");

static int parties_set(void *data, u64 count)
{
	if (!count || count > num_online_cpus())
		return -ERANGE;
	bench_round_set(count);
	return 0;
}

static int parties_get(void *data, u64 *count)
{
	*count = bench_round_parties();
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(parties_fops, parties_get, parties_set, "%llu\n");

static long idle_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return 0;
}

/* Opened and called as kcov's file is. */
static const struct file_operations idle_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.unlocked_ioctl = idle_ioctl,
};

static void create_files(void)
{
	struct bench_loop *loop;

	for (loop = bench_loops; loop->name; loop++)
		debugfs_create_file_unsafe(loop->name, 0600, directory, loop,
					   &loop_fops);
	debugfs_create_u64("handle", 0600, directory, &bench_handle);
	debugfs_create_file_unsafe("parties", 0600, directory, NULL,
				   &parties_fops);
	debugfs_create_file_unsafe("idle_ioctl", 0600, directory, NULL,
				   &idle_fops);
}

static int __init bench_init(void)
{
	int err;

	directory = debugfs_create_dir("kcov_bench", NULL);
	if (IS_ERR(directory)) {
		pr_err("cannot create kcov_bench/ in debugfs (%ld): is debugfs switched off?\n",
		       PTR_ERR(directory));
		return PTR_ERR(directory);
	}
	err = bench_switch_setup();
	if (err) {
		debugfs_remove(directory);
		return err;
	}
	create_files();
	return 0;
}

static void __exit bench_exit(void)
{
	debugfs_remove(directory);
	bench_switch_cleanup();
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("loops to be timed, for the benchmark of kcov");
MODULE_LICENSE("GPL");
