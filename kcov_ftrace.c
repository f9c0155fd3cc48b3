// SPDX-License-Identifier: GPL-2.0-only
/*
 * Function entries of the stock kernel and its modules, through ftrace.
 *
 * What is recorded is the return address of the fentry call, so clients that
 * step back by one call instruction land in the function that was entered, as
 * with the compiler's callbacks.
 *
 * Context: the handler runs wherever a traced function does, with preemption
 * as it is there. It calls nothing, so it cannot recurse and asks ftrace for
 * no protection.
 * Locking: filter_lock serialises arming, disarming and modules that come.
 * Lifetime: disarm returns when no handler runs any more.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ftrace.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <uapi/linux/kcov.h>

#include "kcov_internal.h"

static void record_entry(unsigned long ip, unsigned long parent_ip,
			 struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct kcov_recorder *rec = kcov_recorder_here(KCOV_TRACE_PC);

	if (rec)
		kcov_record_pc(rec, ip + MCOUNT_INSN_SIZE - kcov_kaslr_offset);
}

static struct ftrace_ops entry_ops = {
	.func = record_entry,
};

static DEFINE_MUTEX(filter_lock);
static bool registered;	/* under filter_lock */

enum filter_change { KCOV_FILTER_ADD, KCOV_FILTER_REMOVE, KCOV_FILTER_RESET };

/* @mod as in kcov_symbol_entries(); the kernel's own are never removed. */
static int change_filter(const struct module *mod, enum filter_change change)
	__must_hold(&filter_lock)
{
	unsigned long *entries;
	unsigned int count;
	int err;

	lockdep_assert_held(&filter_lock);
	err = kcov_symbol_entries(mod, &entries, &count);
	if (err)
		return err;
	if (count)
		err = ftrace_set_filter_ips(&entry_ops, entries, count,
					    change == KCOV_FILTER_REMOVE,
					    change == KCOV_FILTER_RESET);
	else if (!mod)
		err = -ENOENT;
	kvfree(entries);
	if (!err)
		pr_debug("%u function entries of %s changed\n", count,
			 mod ? mod->name : "the kernel and its modules");
	return err;
}

/*
 * A module that goes between the collection and the filter takes its
 * functions with it, and one unknown address fails the whole call.
 */
#define TRIES 5

static int arm_locked(void)
	__must_hold(&filter_lock)
{
	int err, try;

	for (try = 0; try < TRIES; try++) {
		err = change_filter(NULL, KCOV_FILTER_RESET);
		if (err != -EINVAL)
			break;
	}
	if (!err)
		err = register_ftrace_function(&entry_ops);
	registered = !err;
	return err;
}

/**
 * kcov_ftrace_arm() - cover the functions that are there now
 *
 * Does nothing when they are covered already.
 *
 * Return: 0 or an errno; after -ENODEV, ftrace has shut itself down and may go
 * on calling the handler.
 */
int kcov_ftrace_arm(void)
{
	int err = 0;

	mutex_lock(&filter_lock);
	if (!registered)
		err = arm_locked();
	mutex_unlock(&filter_lock);
	return err;
}

/* Return: 0, or an errno: then the handler is still called. */
int kcov_ftrace_disarm(void)
{
	int err = 0;

	mutex_lock(&filter_lock);
	if (registered)
		err = unregister_ftrace_function(&entry_ops);
	if (!err)
		registered = false;
	mutex_unlock(&filter_lock);
	return err;
}

/*
 * A filter covers no module that comes later, and keeps the addresses of one
 * that went, for whatever module is loaded there next.
 */
static int see_module(struct notifier_block *block, unsigned long state,
		      void *data)
{
	const struct module *mod = data;
	int err = 0;

	if (state != MODULE_STATE_COMING && state != MODULE_STATE_GOING)
		return NOTIFY_DONE;
	mutex_lock(&filter_lock);
	if (registered && state == MODULE_STATE_COMING)
		err = change_filter(mod, KCOV_FILTER_ADD);
	else if (registered)
		change_filter(mod, KCOV_FILTER_REMOVE);
	mutex_unlock(&filter_lock);
	if (err)
		pr_warn("functions of module %s are not covered (%d): load it before the first KCOV_INIT_TRACE\n",
			mod->name, err);
	return NOTIFY_OK;
}

static struct notifier_block module_block = {
	.notifier_call = see_module,
};

int __init kcov_ftrace_setup(void)
{
	return register_module_notifier(&module_block);
}

/* At module exit, disarmed. What ftrace still uses is not freed. */
void kcov_ftrace_cleanup(void)
{
	unregister_module_notifier(&module_block);
	if (!registered)
		ftrace_free_filter(&entry_ops);
}
