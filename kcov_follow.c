// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deferred work follows its task: work, delayed work, timers and kthread works
 * that are handed over by a task with a common handle, or by what it handed over
 * before, become sections of that handle where they run. No annotation needed.
 *
 * A table remembers what was handed over: the object and its function, which
 * must both be right when it runs. A cancellation leaves no trace, so an entry
 * is good once, for a while, and until somebody else hands the object over.
 *
 * Context: probes run with preemption off but on 7.3, those of queueing with
 * interrupts off under locks of workqueues and timers, and of a run queue where
 * the pressure averages start their timer: they look and store. The rest is
 * process context.
 * Locking: follow_lock for switching on and off; inside the probes the lock of
 * one bucket.
 * Lifetime: from the first switching on while somebody has a common handle until
 * nobody has. Each section holds a handle, so no probe that ends one goes before
 * it has. The switch only ends what is new.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>
#include <trace/events/sched.h>
#include <trace/events/timer.h>
#include <trace/events/workqueue.h>

#include "kcov_internal.h"

static bool follow;
static unsigned int follow_depth = 8;
module_param(follow_depth, uint, 0644);
MODULE_PARM_DESC(follow_depth,
		 "how often what was handed over may hand over something itself and be followed (default 8)");

/* What has not run after this long was cancelled. */
#define EXPIRY (120 * HZ)
#define BUCKET_BITS 8
#define WAYS 4

struct handed {
	const void *object;	/* NULL: free */
	const void *function;
	u64 handle;
	unsigned int depth;
	unsigned long since;
};

static struct bucket {
	raw_spinlock_t lock;
	struct handed ways[WAYS];
} buckets[1 << BUCKET_BITS];

static DEFINE_MUTEX(follow_lock);
static unsigned int users;	/* common handles; under follow_lock */
static bool watching;		/* under follow_lock */

static struct bucket *bucket_of(const void *object)
{
	return &buckets[hash_ptr(object, BUCKET_BITS)];
}

static bool is_old(const struct handed *handed)
{
	return time_after(jiffies, handed->since + EXPIRY);
}

/* Where to remember @object: its old place or a free one. */
static struct handed *find_place(struct bucket *bucket, const void *object)
	__must_hold(&bucket->lock)
{
	struct handed *place = NULL;
	int i;

	for (i = 0; i < WAYS; i++) {
		struct handed *handed = &bucket->ways[i];

		if (handed->object == object)
			return handed;
		if (!handed->object || is_old(handed))
			place = handed;
	}
	return place;
}

static void remember(const struct handed *new)
{
	struct bucket *bucket = bucket_of(new->object);
	struct handed *place;
	unsigned long flags;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	place = find_place(bucket, new->object);
	if (place)
		*place = *new;
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	if (!place)
		kcov_loss_count(KCOV_LOST_HANDED);
}

/* Takes @object out of the table. */
static bool recall(const void *object, struct handed *found)
{
	struct bucket *bucket = bucket_of(object);
	unsigned long flags;
	bool there = false;
	int i;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	for (i = 0; i < WAYS && !there; i++) {
		there = bucket->ways[i].object == object;
		if (there) {
			*found = bucket->ways[i];
			bucket->ways[i].object = NULL;
		}
	}
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	return there && !is_old(found);
}

/* Somebody hands @object over; whoever did so before has no part in it now. */
static void hand_over(const void *object, const void *function)
{
	struct handed new = { .object = object, .function = function };

	/* What we free later is nobody's work. */
	if (within_module_core((unsigned long)function, THIS_MODULE))
		return;
	if (READ_ONCE(follow))
		new.handle = kcov_section_handle(&new.depth);
	if (new.handle && new.depth >= READ_ONCE(follow_depth)) {
		kcov_loss_count(KCOV_LOST_DEPTH);
		new.handle = 0;
	}
	new.since = jiffies;
	if (new.handle)
		remember(&new);
	else
		recall(object, &new);
}

static void run(const void *object, const void *function)
{
	struct handed handed;

	if (recall(object, &handed) && handed.function == function &&
	    READ_ONCE(follow))
		kcov_section_follow(handed.handle, handed.depth + 1);
}

static void probe_queue_work(void *data, int cpu, struct pool_workqueue *pwq,
			     struct work_struct *work)
{
	hand_over(work, work->func);
}

static void probe_work_start(void *data, struct work_struct *work)
{
	run(work, work->func);
}

/* The object may be gone: only what runs here is looked at. */
static void probe_work_end(void *data, struct work_struct *work,
			   work_func_t function)
{
	kcov_section_unfollow();
}

static void probe_queue_kthread(void *data, struct kthread_worker *worker,
				struct kthread_work *work)
{
	hand_over(work, work->func);
}

static void probe_kthread_start(void *data, struct kthread_work *work)
{
	run(work, work->func);
}

static void probe_kthread_end(void *data, struct kthread_work *work,
			      kthread_work_func_t function)
{
	kcov_section_unfollow();
}

static void probe_timer_start(KCOV_TIMER_START_ARGS)
{
	hand_over(timer, timer->function);
}

static void probe_timer_expire(void *data, struct timer_list *timer,
			       unsigned long clock)
{
	run(timer, timer->function);
}

static void probe_timer_end(void *data, struct timer_list *timer)
{
	kcov_section_unfollow();
}

static struct {
	const char *name;
	void *probe;
	struct tracepoint *tracepoint;
} probes[] = {
	/* Ends first: they must be there before anything begins. */
	{ "workqueue_execute_end", probe_work_end },
	{ "sched_kthread_work_execute_end", probe_kthread_end },
	{ "timer_expire_exit", probe_timer_end },
	{ "workqueue_execute_start", probe_work_start },
	{ "sched_kthread_work_execute_start", probe_kthread_start },
	{ "timer_expire_entry", probe_timer_expire },
	{ "workqueue_queue_work", probe_queue_work },
	{ "sched_kthread_work_queue_work", probe_queue_kthread },
	{ "timer_start", probe_timer_start },
};

/* Never called: a kernel with other prototypes fails the build here. */
static inline void check_prototypes(void)
{
	check_trace_callback_type_workqueue_execute_end(probe_work_end);
	check_trace_callback_type_workqueue_execute_start(probe_work_start);
	check_trace_callback_type_workqueue_queue_work(probe_queue_work);
	check_trace_callback_type_sched_kthread_work_execute_end(probe_kthread_end);
	check_trace_callback_type_sched_kthread_work_execute_start(probe_kthread_start);
	check_trace_callback_type_sched_kthread_work_queue_work(probe_queue_kthread);
	check_trace_callback_type_timer_expire_exit(probe_timer_end);
	check_trace_callback_type_timer_expire_entry(probe_timer_expire);
	check_trace_callback_type_timer_start(probe_timer_start);
}

/* The last first, so that what begins sections goes before what ends them. */
static void unregister_probes(int count)
	__must_hold(&follow_lock)
{
	while (count--)
		tracepoint_probe_unregister(probes[count].tracepoint,
					    probes[count].probe, NULL);
	tracepoint_synchronize_unregister();
}

static int register_probe(int i)
	__must_hold(&follow_lock)
{
	if (!probes[i].tracepoint)
		probes[i].tracepoint = kcov_tracepoint_find(probes[i].name);
	if (!probes[i].tracepoint)
		return -EOPNOTSUPP;
	return tracepoint_probe_register(probes[i].tracepoint, probes[i].probe,
					 NULL);
}

static int watch(void)
	__must_hold(&follow_lock)
{
	int err = 0, i;

	for (i = 0; i < ARRAY_SIZE(probes) && !err; i++)
		err = register_probe(i);
	if (err)
		unregister_probes(i - 1);
	watching = !err;
	return err;
}

static void forget_all(void)
{
	struct bucket *bucket;

	for (bucket = buckets; bucket < &buckets[1 << BUCKET_BITS]; bucket++)
		memset(bucket->ways, 0, sizeof(bucket->ways));
}

/**
 * kcov_follow_get() - one more common handle
 *
 * Balanced by kcov_follow_put(). May sleep.
 *
 * Return: 0 or an errno.
 */
int kcov_follow_get(void)
{
	int err = 0;

	mutex_lock(&follow_lock);
	if (follow && !watching)
		err = watch();
	if (!err)
		users++;
	mutex_unlock(&follow_lock);
	return err;
}

void kcov_follow_put(void)
{
	mutex_lock(&follow_lock);
	if (!--users && watching) {
		unregister_probes(ARRAY_SIZE(probes));
		watching = false;
		forget_all();
	}
	mutex_unlock(&follow_lock);
}

bool kcov_follow_is_on(void)
{
	return READ_ONCE(follow);
}

/**
 * kcov_follow_switch() - follow deferred work, or do not any more
 * @on: which
 *
 * Return: 0 or an errno; then it stays off.
 */
int kcov_follow_switch(bool on)
{
	int err = 0;

	mutex_lock(&follow_lock);
	if (on && users && !watching)
		err = watch();
	if (!err)
		WRITE_ONCE(follow, on);
	mutex_unlock(&follow_lock);
	return err;
}

static int set_follow(const char *value, const struct kernel_param *param)
{
	bool on;
	/* The name alone, as for any switch. */
	int err = kstrtobool(value ?: "1", &on);

	return err ? err : kcov_follow_switch(on);
}

static const struct kernel_param_ops follow_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = set_follow,
	.get = param_get_bool,
};

module_param_cb(follow, &follow_ops, &follow, 0644);
MODULE_PARM_DESC(follow,
		 "deferred work belongs to the common handle of the task that handed it over (default N)");

void kcov_follow_setup(void)
{
	struct bucket *bucket;

	for (bucket = buckets; bucket < &buckets[1 << BUCKET_BITS]; bucket++)
		raw_spin_lock_init(&bucket->lock);
}
