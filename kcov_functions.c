// SPDX-License-Identifier: GPL-2.0-only
/*
 * The set of covered functions: rules, switch, modules that come and go.
 *
 * Context: process context; takes long where it goes through all symbols.
 * Locking: set_lock protects everything here and serialises the calls of
 * kcov_ftrace.c. Inside it the kernel's module and ftrace locks are taken; a
 * module notifier is called without them.
 * Lifetime: set and rules stay from one use to the next, to the module's end.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "kcov_internal.h"

static DEFINE_MUTEX(set_lock);
/* All under set_lock. */
static struct kcov_rules *rules;	/* NULL: none */
static unsigned long *entries;		/* the set, sorted */
static unsigned int count;
static bool chosen;			/* the set is that of now */
static bool armed;			/* somebody may record */
static bool on = true;			/* the switch */
static unsigned int unknown;		/* modules that ftrace does not know, counted */
static bool left_out;			/* a module was coming when the set was chosen */

/*
 * A module that goes between the collection and the filter takes its
 * functions with it, and one unknown address fails the whole call.
 */
#define TRIES 5

/*
 * Makes the hooks what a set, the switch and the users ask for; if that fails they
 * are what they were. All in the set is in the filter: where one were not, a module
 * that goes might leave nothing there, which to ftrace means all functions there are.
 */
static int hook(unsigned long *set, unsigned int number)
	__must_hold(&set_lock)
{
	lockdep_assert_held(&set_lock);
	if (!armed || !on || !number)
		return kcov_ftrace_unhook();
	return kcov_ftrace_hook(set, number);
}

static void replace(unsigned long *new_entries, unsigned int new_count)
	__must_hold(&set_lock)
{
	lockdep_assert_held(&set_lock);
	kvfree(entries);
	entries = new_entries;
	count = new_count;
}

/* Each module once, unless one goes while another one comes. */
static void count_unknown(unsigned int modules)
	__must_hold(&set_lock)
{
	lockdep_assert_held(&set_lock);
	if (modules > unknown)
		pr_warn("functions of %u modules are not covered: ftrace does not know them; load them again\n",
			modules);
	for (; unknown < modules; unknown++)
		kcov_loss_count(KCOV_LOST_MODULE);
}

/*
 * Takes over a choice: as the set, or, if it cannot be hooked, not at all. @modules as
 * from kcov_symbol_entries().
 */
static int adopt(unsigned long *new_entries, unsigned int new_count,
		 unsigned int modules)
	__must_hold(&set_lock)
{
	int err = hook(new_entries, new_count);

	if (err) {
		kvfree(new_entries);
		return err;
	}
	replace(new_entries, new_count);
	chosen = true;
	count_unknown(modules);
	return 0;
}

/* Chooses by @by, and hooks what was chosen; if that fails all is as it was. */
static int choose(struct kcov_rules *by)
	__must_hold(&set_lock)
{
	unsigned int number, modules;
	unsigned long *found;
	int err, try;

	lockdep_assert_held(&set_lock);
	left_out = false;
	for (try = 0; try < TRIES; try++) {
		err = kcov_symbol_entries(NULL, by, &found, &number, &modules);
		if (!err)
			err = adopt(found, number, modules);
		if (err != -EINVAL)
			break;
	}
	if (err)
		left_out = true;	/* of the set that stays, for all we know */
	pr_debug("%u function entries (%d)\n", count, err);
	return err;
}

/* Hooks the set as it is, or, if ftrace does not know an address, a new one. */
static int hook_again(void)
	__must_hold(&set_lock)
{
	int err = hook(entries, count);

	return err == -EINVAL ? choose(rules) : err;
}

/**
 * kcov_functions_arm() - cover functions from now on
 *
 * Chooses them anew, for the modules that are there now. Does nothing when
 * they are covered already.
 *
 * Return: 0 or an errno; after -ENODEV, ftrace has shut itself down and may go
 * on calling the handler.
 */
int kcov_functions_arm(void)
{
	int err = 0;

	mutex_lock(&set_lock);
	if (!armed || !chosen) {
		armed = true;
		err = choose(rules);
	}
	mutex_unlock(&set_lock);
	return err;
}

/* Return: 0, or an errno: then the handler is still called. */
int kcov_functions_disarm(void)
{
	int err;

	mutex_lock(&set_lock);
	err = kcov_ftrace_unhook();
	armed = false;
	chosen = false;
	mutex_unlock(&set_lock);
	return err;
}

/*
 * New rules are tried on the functions there are before they take the place
 * of the old ones. @may_come as in kcov_rules_all_hit().
 */
static int change_rules(char *text, bool may_come)
	__must_hold(&set_lock)
{
	struct kcov_rules *new = kcov_rules_parse(rules, text);
	unsigned int number, modules;
	unsigned long *found = NULL;
	int err;

	lockdep_assert_held(&set_lock);
	if (IS_ERR(new))
		return PTR_ERR(new);
	err = kcov_symbol_entries(NULL, new, &found, &number, &modules);
	if (!err && !kcov_rules_all_hit(new, may_come))
		err = -ENOENT;
	if (err) {
		kvfree(found);
		kvfree(new);
		return err;
	}
	err = adopt(found, number, modules);
	if (err == -EINVAL)
		err = choose(new);
	if (err) {
		kvfree(new);
		return err;
	}
	kvfree(rules);
	rules = new;
	return 0;
}

/**
 * kcov_functions_change() - add to the rules
 * @text: words, changed on the way
 *
 * Return: 0, or an errno and nothing is changed: EINVAL: not a rule, ENOENT: a
 * rule that matches nothing, E2BIG: too many, EOPNOTSUPP: no function entries
 * on this kernel.
 */
int kcov_functions_change(char *text)
{
	int err;

	mutex_lock(&set_lock);
	err = change_rules(text, /*may_come=*/false);
	mutex_unlock(&set_lock);
	return err;
}

/* The switch; without function entries only callbacks record. */
static int switch_entries(const char *value, const struct kernel_param *param)
{
	bool wanted;
	int err = kstrtobool(value, &wanted);

	if (err)
		return err;
	mutex_lock(&set_lock);
	if (on != wanted) {
		on = wanted;
		/* What could not be hooked before is chosen anew. */
		err = armed && on && !chosen ? choose(rules) : hook_again();
		if (err)
			on = !wanted;
	}
	mutex_unlock(&set_lock);
	return err;
}

static const struct kernel_param_ops switch_ops = {
	.set = switch_entries,
	.get = param_get_bool,
};
module_param_cb(function_entries, &switch_ops, &on, 0644);
MODULE_PARM_DESC(function_entries,
		 "cover function entries, not only modules built with callbacks (default Y)");

static char *functions;
module_param(functions, charp, 0444);
MODULE_PARM_DESC(functions,
		 "rules for the functions to cover, as for kcov_mod/functions in debugfs");

/**
 * kcov_functions_copy() - what is covered now, or would be if armed
 *
 * Return: a copy, or an ERR_PTR.
 */
struct kcov_functions *kcov_functions_copy(void)
{
	struct kcov_functions *copy;
	int err = 0;

	mutex_lock(&set_lock);
	if (!chosen)
		err = choose(rules);
	copy = err ? NULL : kvmalloc(struct_size(copy, entries, count),
				     GFP_KERNEL);
	if (copy) {
		copy->armed = armed;
		copy->on = on;
		copy->count = count;
		memcpy(copy->entries, entries, count * sizeof(*entries));
	}
	mutex_unlock(&set_lock);
	return copy ?: ERR_PTR(err ?: -ENOMEM);
}

void kcov_functions_show_rules(struct seq_file *m)
{
	mutex_lock(&set_lock);
	kcov_rules_show(rules, m);
	mutex_unlock(&set_lock);
}

/* The index of the first entry that is not below @address. */
static unsigned int lower_bound(unsigned long address)
{
	unsigned int low = 0, high = count;

	while (low < high) {
		unsigned int middle = low + (high - low) / 2;

		if (entries[middle] < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Where a module's entries are in the set: none, if the two are the same. */
static void range_of(const struct module *mod, unsigned int *from,
		     unsigned int *to)
	__must_hold(&set_lock)
{
	unsigned long start, size;

	lockdep_assert_held(&set_lock);
	kcov_module_text(mod, &start, &size);
	*from = lower_bound(start);
	*to = lower_bound(start + size);
}

static void forget(unsigned int from, unsigned int to)
	__must_hold(&set_lock)
{
	memmove(entries + from, entries + to, (count - to) * sizeof(*entries));
	count -= to - from;
}

/* A module's text is in one piece: so are its entries. */
static int put_in(unsigned long *found, unsigned int number, unsigned int at)
	__must_hold(&set_lock)
{
	unsigned long *all;
	int err;

	lockdep_assert_held(&set_lock);
	all = kvmalloc_array(count + number, sizeof(*all), GFP_KERNEL);
	if (!all)
		return -ENOMEM;
	memcpy(all, entries, at * sizeof(*all));
	memcpy(all + at, found, number * sizeof(*all));
	memcpy(all + at + number, entries + at, (count - at) * sizeof(*all));
	/* The first functions of all need more than an addition. */
	err = count ? kcov_ftrace_add(found, number) : hook(all, number);
	if (err)
		kvfree(all);
	else
		replace(all, count + number);
	return err;
}

/* A filter covers no module that comes later. */
static int add_module(const struct module *mod)
	__must_hold(&set_lock)
{
	unsigned int number, modules, from, to;
	unsigned long *found;
	int err;

	lockdep_assert_held(&set_lock);
	range_of(mod, &from, &to);
	if (from != to)
		return 0;
	err = kcov_symbol_entries(mod, rules, &found, &number, &modules);
	if (err)
		return err;
	if (number)
		err = put_in(found, number, from);
	if (modules)
		err = kcov_symbol_ftrace_is_dead() ? -ENODEV : -ENOMEM;
	unknown += modules;
	kvfree(found);
	return err;
}

/**
 * kcov_functions_trust() - whether a module that is coming may be chosen from
 * @mod: the module
 *
 * Until our notifier has seen it a module may fail to load and go without a word,
 * refused by somebody ahead of us. Then its addresses would stay in set and filter.
 * One that we have seen is in the set; what is left out here is added when it is
 * loaded.
 */
bool kcov_functions_trust(const struct module *mod)
{
	unsigned int from, to;

	range_of(mod, &from, &to);
	if (from == to)
		left_out = true;
	return from != to;
}

static int see_coming(const struct module *mod)
	__must_hold(&set_lock)
{
	int err = 0;

	lockdep_assert_held(&set_lock);
	/* What could not be chosen before may be now. */
	if (!chosen && armed && on)
		err = choose(rules);
	if (err)
		return err == -EOPNOTSUPP ? 0 : err;
	return chosen ? add_module(mod) : 0;
}

/*
 * Ftrace would leave the addresses of a module that goes in the filter, for
 * whatever module is loaded there next. If they cannot be taken out, what is
 * left is hooked from scratch; or nothing is, and the next to arm, or to be loaded,
 * chooses anew.
 */
static int remove_module(const struct module *mod)
	__must_hold(&set_lock)
{
	unsigned int from, to;
	int err = 0;

	lockdep_assert_held(&set_lock);
	if (unknown && kcov_symbol_is_unknown(mod))
		unknown--;
	range_of(mod, &from, &to);
	if (from == to)
		return 0;
	if (to - from == count)
		kcov_ftrace_unhook();
	else
		err = kcov_ftrace_remove(entries + from, to - from);
	forget(from, to);
	/* One that has shut itself down goes on with what it has. */
	if (!err || err == -ENODEV)
		return 0;
	err = hook_again();
	if (err && err != -ENODEV) {
		kcov_ftrace_unhook();
		count = 0;
		chosen = false;
	}
	return err;
}

static int see_module(struct notifier_block *block, unsigned long state,
		      void *data)
{
	const struct module *mod = data;
	int come = 0, gone = 0;

	mutex_lock(&set_lock);
	if (state == MODULE_STATE_COMING)
		come = see_coming(mod);
	else if (state == MODULE_STATE_LIVE && chosen && left_out)
		come = add_module(mod);
	else if (state == MODULE_STATE_GOING)
		gone = remove_module(mod);
	mutex_unlock(&set_lock);
	if (come) {
		kcov_loss_count(KCOV_LOST_MODULE);
		pr_warn("functions of module %s are not covered (%d): load it again, or before the first KCOV_INIT_TRACE\n",
			mod->name, come);
	}
	if (gone) {
		kcov_loss_count(KCOV_LOST_FUNCTIONS);
		pr_warn("no functions are covered since module %s went (%d): they are again from the next KCOV_INIT_TRACE on\n",
			mod->name, gone);
	}
	return NOTIFY_OK;
}

static struct notifier_block module_block = {
	.notifier_call = see_module,
};

static int use_parameter(void)
{
	char *text;
	int err;

	if (!functions)
		return 0;
	text = kstrdup(functions, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	mutex_lock(&set_lock);
	err = change_rules(text, /*may_come=*/true);
	mutex_unlock(&set_lock);
	kfree(text);
	return err;
}

/* Once, at module init, after kcov_symbol_setup(). */
int __init kcov_functions_setup(void)
{
	int err = use_parameter();

	if (!err)
		err = register_module_notifier(&module_block);
	if (err) {
		kvfree(entries);
		kvfree(rules);
	}
	return err;
}

/* At module exit, disarmed. */
void kcov_functions_cleanup(void)
{
	unregister_module_notifier(&module_block);
	kcov_ftrace_cleanup();
	kvfree(entries);
	kvfree(rules);
}
