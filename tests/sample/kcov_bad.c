// SPDX-License-Identifier: GPL-2.0-only
/*
 * For the test VM's debug kernels alone: does wrong on purpose, once, when it
 * is loaded. The parameter "wrong" names what. Each is something a detector
 * must report (tests/vm/check has the list), and nothing is broken behind it
 * but what the detector itself gives up.
 *
 * Context: insmod's, and a thread for the races. Locking: none that is right.
 * Lifetime: all is over when insmod returns.
 */
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/kasan-checks.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>

static char *wrong;
module_param(wrong, charp, 0400);
MODULE_PARM_DESC(wrong, "what is to be done wrong");

static int shared;

/* Some, as a stale copy of an address somewhere hides a leak. */
static void leak(void)
{
	int i;

	for (i = 0; i < 10; i++) {
		void *block = kmalloc(200, GFP_KERNEL);

		OPTIMIZER_HIDE_VAR(block);
	}
}

static void sleep_under_lock(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	kfree(kmalloc(8, GFP_KERNEL));
	spin_unlock(&lock);
}

static void preemptible_cpu(void)
{
	WRITE_ONCE(shared, smp_processor_id());
}

static void second_deletion(void)
{
	LIST_HEAD(head);
	struct list_head entry;

	list_add(&entry, &head);
	list_del(&entry);
	list_del(&entry);
}

static void get_of_none(void)
{
	refcount_t count = REFCOUNT_INIT(0);

	refcount_inc(&count);
}

static void do_nothing(struct timer_list *timer)
{
}

static void free_of_armed_timer(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, do_nothing, 0);
	mod_timer(timer, jiffies + 1000 * HZ);
	kfree(timer);
}

static void far_shift(void)
{
	int bits = 32;

	OPTIMIZER_HIDE_VAR(bits);
	WRITE_ONCE(shared, 1 << bits);
}

/* Where KASAN has nothing to say. */
static void far_index(void)
{
	static struct {
		int first[4];
		int second[4];
	} arrays;
	int index = 5;

	OPTIMIZER_HIDE_VAR(index);
	WRITE_ONCE(arrays.first[index], 0);
}

static void dereference_without_reader(void)
{
	static int __rcu *pointer;

	WRITE_ONCE(shared, !rcu_dereference(pointer));
}

static void two_orders(void)
{
	static DEFINE_MUTEX(first);
	static DEFINE_MUTEX(second);

	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);
	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void read_byte(const char *byte)
{
	OPTIMIZER_HIDE_VAR(byte);
	WRITE_ONCE(shared, READ_ONCE(*byte));
}

static void use_of_freed_slab(void)
{
	char *block = kmalloc(8, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(block);
	kfree(block);
	read_byte(block);
}

static void use_of_freed_page(void)
{
	unsigned long page = __get_free_page(GFP_KERNEL);

	free_page(page);
	read_byte((char *)page);
}

/* Asked for, as the page is not there any more. */
static void use_of_freed_vmalloc(void)
{
	char *area = vmalloc(PAGE_SIZE);

	vfree(area);
	kasan_check_read(area, 1);
}

static void end_of_vmalloc(void)
{
	char *area = vmalloc(100);

	if (!area)
		return;
	read_byte(area + 100);
	vfree(area);
}

static void end_of_stack(void)
{
	char buffer[8] = "";

	read_byte(buffer + sizeof(buffer));
}

static int count_up(void *unused)
{
	while (!kthread_should_stop()) {
		WRITE_ONCE(shared, shared + 1);
		cond_resched();
	}
	return 0;
}

/* As the kernel's own code is. */
static __no_kcsan int count_up_unseen(void *unused)
{
	while (!kthread_should_stop()) {
		WRITE_ONCE(shared, shared + 1);
		cond_resched();
	}
	return 0;
}

/* Out of line, to have its name in reports. */
static noinline void race_with(int (*other)(void *))
{
	unsigned long end = jiffies + HZ / 2;
	struct task_struct *thread = kthread_run(other, NULL, "kcov_bad");

	if (IS_ERR(thread))
		return;
	while (time_before(jiffies, end)) {
		shared++;
		cond_resched();
	}
	kthread_stop(thread);
}

static void race(void)
{
	race_with(count_up);
}

static void race_with_unseen(void)
{
	race_with(count_up_unseen);
}

static const struct {
	const char *name;
	void (*act)(void);
} wrongs[] = {
	{ "leak", leak },
	{ "sleep_under_lock", sleep_under_lock },
	{ "preemptible_cpu", preemptible_cpu },
	{ "second_deletion", second_deletion },
	{ "get_of_none", get_of_none },
	{ "free_of_armed_timer", free_of_armed_timer },
	{ "far_shift", far_shift },
	{ "far_index", far_index },
	{ "dereference_without_reader", dereference_without_reader },
	{ "two_orders", two_orders },
	{ "use_of_freed_slab", use_of_freed_slab },
	{ "use_of_freed_page", use_of_freed_page },
	{ "use_of_freed_vmalloc", use_of_freed_vmalloc },
	{ "end_of_vmalloc", end_of_vmalloc },
	{ "end_of_stack", end_of_stack },
	{ "race", race },
	{ "race_with_unseen", race_with_unseen },
};

static int __init bad_init(void)
{
	int i;

	for (i = 0; wrong && i < ARRAY_SIZE(wrongs); i++) {
		if (!strcmp(wrongs[i].name, wrong)) {
			wrongs[i].act();
			return 0;
		}
	}
	return -EINVAL;
}

static void __exit bad_exit(void)
{
}

module_init(bad_init);
module_exit(bad_exit);
MODULE_DESCRIPTION("does wrong on purpose, for who must notice");
MODULE_LICENSE("GPL");
