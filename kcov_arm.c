// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arming and disarming of everything that costs something while nobody
 * records: switches, exits, function entries.
 *
 * Armed by the first INIT_TRACE, never by ENABLE; disarmed some time after the
 * last initialised descriptor is gone, because patching tens of thousands of
 * functions takes long and fork servers open and close all day.
 *
 * Context: process context, may sleep for seconds.
 * Locking: arm_lock serialises all of it.
 * Lifetime: module exit comes after the last user and disarms at once.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "kcov_internal.h"

static unsigned int disarm_delay = 10;
module_param(disarm_delay, uint, 0644);
MODULE_PARM_DESC(disarm_delay,
		 "seconds from the last close to the end of tracing; 0: at once (default 10)");

static DEFINE_MUTEX(arm_lock);
static unsigned long users;	/* initialised descriptors; under arm_lock */
static bool armed;		/* under arm_lock */

/*
 * Ftrace shuts itself down for good when anybody's patching of text fails, and
 * then goes on calling what is hooked. Our text must stay. Where module exit
 * itself finds out it is too late to refuse; see DESIGN.md.
 */
static void pin_module(int err)
	__must_hold(&arm_lock)
{
	static bool pinned;

	lockdep_assert_held(&arm_lock);
	if (pinned)
		return;
	pinned = true;
	pr_err("ftrace has shut itself down (%d) and may go on calling this module: it stays loaded until the next boot\n",
	       err);
	__module_get(THIS_MODULE);
}

/*
 * Function entries are a bonus: without them instrumented modules are left. But
 * who has only run out of memory is told so, and tries again.
 */
static int arm_entries(void)
	__must_hold(&arm_lock)
{
	int err = kcov_functions_arm();

	if (err == -ENOMEM)
		return err;
	if (err == -ENODEV)
		pin_module(err);
	else if (err == -EOPNOTSUPP)
		pr_warn_once("no function entries: only modules built with callbacks are covered; the kernel needs CONFIG_FUNCTION_TRACER, CONFIG_KPROBES and CONFIG_LIVEPATCH\n");
	else if (err)
		pr_warn_ratelimited("no function entries (%d): only modules built with callbacks are covered until the next KCOV_INIT_TRACE, which tries again\n",
				    err);
	return 0;
}

static int arm_all(void)
	__must_hold(&arm_lock)
{
	int err;

	lockdep_assert_held(&arm_lock);
	if (armed)
		return arm_entries();
	err = kcov_sched_arm();
	if (err == -ENODEV)
		pin_module(err);
	if (err) {
		if (err == -ENOMEM)
			return err;
		pr_warn_ratelimited("exits of tasks cannot be seen (%d), so nothing can be traced: set sysctl kernel.ftrace_enabled=1\n",
				    err);
		return err;
	}
	armed = true;
	return arm_entries();
}

static void disarm_all(void)
	__must_hold(&arm_lock)
{
	int err;

	lockdep_assert_held(&arm_lock);
	if (!armed || users)
		return;
	kcov_inherit_stop();
	err = kcov_functions_disarm();
	if (!err)
		err = kcov_sched_disarm();
	if (err) {
		pin_module(err);
		return;
	}
	/* Exits are not seen any more: nobody may be left in the table. */
	kcov_table_purge();
	kcov_pool_drain();
	armed = false;
}

static void disarm_later(struct work_struct *work)
{
	mutex_lock(&arm_lock);
	disarm_all();
	mutex_unlock(&arm_lock);
}

static DECLARE_DELAYED_WORK(disarm_work, disarm_later);

/**
 * kcov_arm_get() - one more initialised descriptor
 *
 * The first one waits until everything is armed. Balanced by kcov_arm_put().
 *
 * Return: 0; -ENOMEM; another errno when exits of tasks cannot be seen.
 */
int kcov_arm_get(void)
{
	int err;

	mutex_lock(&arm_lock);
	err = arm_all();
	if (!err)
		users++;
	else
		disarm_all();
	mutex_unlock(&arm_lock);
	return err;
}

/*
 * The descriptor is gone, and with it any binding to it. It still holds the
 * module: the last moment to see that disarming would fail, and to refuse rmmod.
 */
void kcov_arm_put(void)
{
	mutex_lock(&arm_lock);
	if (!--users) {
		if (kcov_symbol_ftrace_is_dead())
			pin_module(-ENODEV);
		mod_delayed_work(KCOV_UNBOUND_WQ, &disarm_work,
				 (unsigned long)disarm_delay * HZ);
	}
	mutex_unlock(&arm_lock);
}

/* At module exit: no user is left and none can come. */
void kcov_arm_cleanup(void)
{
	cancel_delayed_work_sync(&disarm_work);
	mutex_lock(&arm_lock);
	disarm_all();
	mutex_unlock(&arm_lock);
}
