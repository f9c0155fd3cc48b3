// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver that hands its work on to others, and tells kcov whom it is for.
 *
 * debugfs kcov_deferred/run: write "CONTEXT HANDLE [ROUNDS]", and a section
 * with that handle runs in a kthread, a kthread worker ("worker"), a work item,
 * a delayed work, a timer, a tasklet, or here in the writer itself. HANDLE is a
 * number or "common": the writer's common handle, read when the work is handed
 * on. Each context has a function of its own, so a trace tells where it was made; ROUNDS makes it
 * longer. The write returns when the section is over.
 *
 * What stands in struct job and in run_section() is all that a driver needs.
 *
 * Context: as written. Locking: none, each write has a job of its own.
 * Lifetime: a job lives until its write returns; exit removes the file.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/interrupt.h>
#include <linux/kcov.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

static struct dentry *directory;
static unsigned long visits;

/* One piece of work, and whom it is for. */
struct job {
	u64 handle;	/* kept with the work by whoever hands it on */
	u32 rounds;
	struct completion done;
	struct kthread_work kthread_work;
	struct work_struct work;
	struct delayed_work delayed;
	struct timer_list timer;
	struct tasklet_struct tasklet;
};

static noinline void deferred_round(u32 i)
{
	if (i & 1)
		WRITE_ONCE(visits, READ_ONCE(visits) + 1);
	else
		WRITE_ONCE(visits, READ_ONCE(visits) + 2);
}

static void go_round(u32 rounds)
{
	u32 i;

	for (i = 0; i < rounds; i++)
		deferred_round(i);
}

/* Each compares with a constant that no other has. */
static noinline void deferred_in_kthread(u32 rounds)
{
	if (rounds != 0x7001)
		go_round(rounds);
}

static noinline void deferred_in_work(u32 rounds)
{
	if (rounds != 0x7002)
		go_round(rounds);
}

static noinline void deferred_in_delayed(u32 rounds)
{
	if (rounds != 0x7003)
		go_round(rounds);
}

static noinline void deferred_in_timer(u32 rounds)
{
	if (rounds != 0x7004)
		go_round(rounds);
}

static noinline void deferred_in_tasklet(u32 rounds)
{
	if (rounds != 0x7005)
		go_round(rounds);
}

static noinline void deferred_here(u32 rounds)
{
	if (rounds != 0x7006)
		go_round(rounds);
}

static noinline void deferred_in_worker(u32 rounds)
{
	if (rounds != 0x7007)
		go_round(rounds);
}

/* In the same contexts, but for nobody. */
static noinline void deferred_outside(void)
{
	WRITE_ONCE(visits, READ_ONCE(visits) + 3);
}

static void run_section(const struct job *job, void (*code)(u32 rounds))
{
	deferred_outside();
	kcov_remote_start(job->handle);
	code(job->rounds);
	kcov_remote_stop();
	deferred_outside();
}

static int do_kthread(void *data)
{
	struct job *job = data;

	run_section(job, deferred_in_kthread);
	kthread_complete_and_exit(&job->done, 0);
}

static int hand_to_kthread(struct job *job)
{
	struct task_struct *task = kthread_run(do_kthread, job, "kcov_deferred");

	if (IS_ERR(task))
		return PTR_ERR(task);
	wait_for_completion(&job->done);
	return 0;
}

static void do_kthread_work(struct kthread_work *work)
{
	run_section(container_of(work, struct job, kthread_work), deferred_in_worker);
}

static int hand_to_worker(struct job *job)
{
	struct kthread_worker *worker = kthread_create_worker(0, "kcov_deferred");

	if (IS_ERR(worker))
		return PTR_ERR(worker);
	kthread_init_work(&job->kthread_work, do_kthread_work);
	kthread_queue_work(worker, &job->kthread_work);
	kthread_flush_work(&job->kthread_work);
	kthread_destroy_worker(worker);
	return 0;
}

static void do_work(struct work_struct *work)
{
	run_section(container_of(work, struct job, work), deferred_in_work);
}

static int hand_to_work(struct job *job)
{
	INIT_WORK(&job->work, do_work);
	schedule_work(&job->work);
	flush_work(&job->work);
	return 0;
}

static void do_delayed(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, delayed.work);

	run_section(job, deferred_in_delayed);
	complete(&job->done);
}

static int hand_to_delayed(struct job *job)
{
	INIT_DELAYED_WORK(&job->delayed, do_delayed);
	schedule_delayed_work(&job->delayed, 1);
	wait_for_completion(&job->done);
	cancel_delayed_work_sync(&job->delayed);
	return 0;
}

static void do_timer(struct timer_list *timer)
{
	struct job *job = container_of(timer, struct job, timer);

	run_section(job, deferred_in_timer);
	complete(&job->done);
}

static int hand_to_timer(struct job *job)
{
	timer_setup(&job->timer, do_timer, 0);
	mod_timer(&job->timer, jiffies + 1);
	wait_for_completion(&job->done);
	timer_delete_sync(&job->timer);
	return 0;
}

static void do_tasklet(struct tasklet_struct *tasklet)
{
	struct job *job = container_of(tasklet, struct job, tasklet);

	run_section(job, deferred_in_tasklet);
	complete(&job->done);
}

static int hand_to_tasklet(struct job *job)
{
	tasklet_setup(&job->tasklet, do_tasklet);
	tasklet_schedule(&job->tasklet);
	wait_for_completion(&job->done);
	tasklet_kill(&job->tasklet);
	return 0;
}

static int do_here(struct job *job)
{
	run_section(job, deferred_here);
	return 0;
}

static const struct {
	const char *name;
	int (*hand_on)(struct job *job);
} contexts[] = {
	{ "kthread", hand_to_kthread },
	{ "worker", hand_to_worker },
	{ "work", hand_to_work },
	{ "delayed", hand_to_delayed },
	{ "timer", hand_to_timer },
	{ "tasklet", hand_to_tasklet },
	{ "here", do_here },
};

static int hand_on(const char *context, struct job *job)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(contexts); i++) {
		if (!strcmp(contexts[i].name, context))
			return contexts[i].hand_on(job);
	}
	return -ENOENT;
}

static int read_handle(const char *text, u64 *handle)
{
	if (strcmp(text, "common"))
		return kstrtoull(text, 0, handle);
	*handle = kcov_common_handle();
	return 0;
}

static int run_line(const char *line, struct job *job)
{
	char context[16], handle[32];
	int err;

	if (sscanf(line, "%15s %31s %u", context, handle, &job->rounds) < 2)
		return -EINVAL;
	err = read_handle(handle, &job->handle);
	return err ? err : hand_on(context, job);
}

static ssize_t run_write(struct file *file, const char __user *data,
			 size_t size, loff_t *pos)
{
	struct job *job = kzalloc(sizeof(*job), GFP_KERNEL);
	char line[64] = "";
	int err = -ENOMEM;

	if (!job)
		return err;
	init_completion(&job->done);
	err = -EFAULT;
	if (!copy_from_user(line, data, min(size, sizeof(line) - 1)))
		err = run_line(line, job);
	kfree(job);
	return err ? err : size;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = run_write,
};

static int __init deferred_init(void)
{
	directory = debugfs_create_dir("kcov_deferred", NULL);
	if (IS_ERR(directory)) {
		pr_err("cannot create kcov_deferred/ in debugfs (%ld): is debugfs switched off?\n",
		       PTR_ERR(directory));
		return PTR_ERR(directory);
	}
	debugfs_create_file("run", 0200, directory, NULL, &run_fops);
	return 0;
}

static void __exit deferred_exit(void)
{
	debugfs_remove(directory);
}

module_init(deferred_init);
module_exit(deferred_exit);
MODULE_DESCRIPTION("sample driver with remote sections for kcov");
MODULE_LICENSE("GPL");
