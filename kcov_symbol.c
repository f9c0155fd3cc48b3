// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names to addresses: which function entries may be recorded.
 *
 * All functions of the kernel and its modules that ftrace can patch, but for
 * those that do not follow from the input (kcov_excluded_*.h), as changed by the
 * user's rules. Never: modules that bring callbacks of their own, whose
 * functions would appear twice.
 *
 * The kernel's symbol table is not exported. One kprobe tells the address of
 * its look-up function, that one the rest.
 *
 * Context: process context, takes long. Locking: none of its own; who asks for
 * entries holds set_lock, with which its rules do not change.
 * Lifetime: the answer is the caller's to kvfree.
 */
#include <linux/bsearch.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/ftrace.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/static_call.h>
#include <linux/string.h>
#include <asm/text-patching.h>

#include "kcov_internal.h"

#include KCOV_EXCLUDED

static_assert(ARRAY_SIZE(kcov_excluded) == KCOV_EXCLUDED_COUNT);

/*
 * Static calls, because they become direct ones: an indirect call of a function
 * that the kernel itself never calls so is a fault where it enforces IBT.
 */
DEFINE_STATIC_CALL_NULL(kcov_lookup_name, kallsyms_lookup_name);
DEFINE_STATIC_CALL_NULL(kcov_each_kernel_symbol, kallsyms_on_each_symbol);
DEFINE_STATIC_CALL_NULL(kcov_each_module_symbol, module_kallsyms_on_each_symbol);
DEFINE_STATIC_CALL_NULL(kcov_module_of, __module_address);
DEFINE_STATIC_CALL_NULL(kcov_location_of, ftrace_location);
DEFINE_STATIC_CALL_NULL(kcov_show_value, kallsyms_show_value);

/* In place of ftrace_is_dead(), whose prototype is in no header for modules. */
static int cannot_tell(void)
{
	return 0;
}

DEFINE_STATIC_CALL(kcov_is_dead, cannot_tell);

static unsigned long kernel_start, kernel_end;

/* One pass over all symbols. */
struct collection {
	unsigned long *entries;
	unsigned int count;
	unsigned int max;
	/* Only this module's, if not NULL. */
	const struct module *only;
	struct kcov_rules *rules;
	/* The last module seen, and whether it may be covered. */
	const struct module *mod;
	unsigned long mod_start, mod_end;
	bool mod_allowed;
	/* Ftrace does not know its functions; it counts if one would be covered. */
	bool mod_unknown;
	unsigned int unknown;
};

static bool can_look_up(void)
{
	return static_call_query(kcov_each_kernel_symbol) &&
	       static_call_query(kcov_each_module_symbol) &&
	       static_call_query(kcov_module_of) &&
	       static_call_query(kcov_location_of) && kernel_start && kernel_end;
}

/* Of the kernel or a module; 0 if there is none. May be called at any time. */
unsigned long kcov_symbol_address(const char *name)
{
	if (!static_call_query(kcov_lookup_name))
		return 0;
	return static_call(kcov_lookup_name)(name);
}

/* As for /proc/kallsyms: who may not see addresses there may not see them here. */
bool kcov_symbol_may_see(const struct cred *cred)
{
	if (!static_call_query(kcov_show_value))
		return capable(CAP_SYSLOG);
	return static_call(kcov_show_value)(cred);
}

/* Whether ftrace has shut itself down, for good. */
bool kcov_symbol_ftrace_is_dead(void)
{
	return static_call(kcov_is_dead)();
}

/*
 * A name ends where the compiler's own suffix (.isra.0, .part.0) begins. The
 * names are those of the kernel image: a module may use them for what it likes.
 */
static int compare_name(const void *key, const void *element)
{
	const char *name = key, *excluded = *(const char * const *)element;
	size_t length = strcspn(name, ".");
	int order = strncmp(name, excluded, length);

	return order ? order : -(int)(unsigned char)excluded[length];
}

/*
 * The iterator of a tracepoint runs only where it has two probes, one of which
 * may be ours.
 */
static bool is_iterator(const char *name)
{
	return strstarts(name, "__traceiter_");
}

static bool is_excluded(const char *name)
{
	const size_t count = ARRAY_SIZE(kcov_excluded);

	return is_iterator(name) || bsearch(name, kcov_excluded, count,
					    sizeof(kcov_excluded[0]),
					    compare_name);
}

/* Does any call in its text go to the compiler's callback? */
static bool has_callbacks(unsigned long start, unsigned long end)
{
	unsigned long callback = (unsigned long)__sanitizer_cov_trace_pc;
	unsigned long ip;

	/* Not folded into the address of no function, which objtool warns of. */
	OPTIMIZER_HIDE_VAR(callback);
	for (ip = start; ip + CALL_INSN_SIZE <= end; ip++) {
		const u8 *insn = (const u8 *)ip;
		s32 distance;

		if (*insn != CALL_INSN_OPCODE && *insn != JMP32_INSN_OPCODE)
			continue;
		memcpy(&distance, insn + 1, sizeof(distance));
		if (callback - (ip + CALL_INSN_SIZE + distance) <=
		    KCOV_CALL_PADDING)
			return true;
	}
	return false;
}

/*
 * A module is loaded without its functions where ftrace had no memory for them, or
 * has shut itself down. Those of its init part ftrace has forgotten.
 */
bool kcov_symbol_is_unknown(const struct module *mod)
{
	const unsigned long *callsites = mod->ftrace_callsites;
	unsigned long start, size;
	unsigned int i;

	if (!callsites || !within_module_core((unsigned long)callsites, mod))
		return false;
	kcov_module_text(mod, &start, &size);
	for (i = 0; i < mod->num_ftrace_callsites; i++) {
		if (callsites[i] - start < size)
			return !static_call(kcov_location_of)(callsites[i]);
	}
	return false;
}

static void enter_module(struct collection *all, const struct module *mod)
{
	unsigned long size;

	all->mod = mod;
	kcov_module_text(mod, &all->mod_start, &size);
	all->mod_end = all->mod_start + size;
	all->mod_allowed = mod != THIS_MODULE &&
			   mod->state != MODULE_STATE_GOING &&
			   (mod->state != MODULE_STATE_COMING || mod == all->only ||
			    kcov_functions_trust(mod)) &&
			   !has_callbacks(all->mod_start, all->mod_end);
	all->mod_unknown = all->mod_allowed && kcov_symbol_is_unknown(mod);
}

static void add_entry(struct collection *all, const char *name,
		      unsigned long address, bool by_default)
{
	const char *module = all->mod ? all->mod->name : NULL;
	unsigned long entry;

	if (!by_default && !all->rules)
		return;
	entry = all->mod_unknown ? address : static_call(kcov_location_of)(address);
	if (!entry || !kcov_rules_cover(all->rules, name, module, by_default))
		return;
	if (all->mod_unknown) {
		all->mod_allowed = false;
		all->unknown++;
		return;
	}
	/* Past the end only counted: the caller comes again with more room. */
	if (all->count < all->max)
		all->entries[all->count] = entry;
	all->count++;
}

static int see_kernel_symbol(KCOV_SYMBOL_ARGS)
{
	if (address >= kernel_start && address < kernel_end)
		add_entry(data, name, address, !is_excluded(name));
	return 0;
}

/* The module stays while the walk goes on, which holds its lock. */
static const struct module *find_module_at(unsigned long address)
{
	const struct module *mod;

	preempt_disable();
	mod = static_call(kcov_module_of)(address);
	preempt_enable();
	return mod;
}

static bool is_in_text(const struct collection *all, unsigned long address)
{
	return address >= all->mod_start && address < all->mod_end;
}

static int see_module_symbol(KCOV_SYMBOL_ARGS)
{
	struct collection *all = data;
	const struct module *mod;

	/* The walk does not do this by itself. */
	cond_resched();
	if (!all->mod || !is_in_text(all, address)) {
		mod = find_module_at(address);
		if (!mod || mod == all->mod || (all->only && mod != all->only))
			return 0;
		enter_module(all, mod);
	}
	if (all->mod_allowed && is_in_text(all, address))
		add_entry(all, name, address, !is_iterator(name));
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a;
	unsigned long y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

/* Several names may stand at one address. */
static unsigned int sort_unique(unsigned long *entries, unsigned int count)
{
	unsigned int from, to = 0;

	sort(entries, count, sizeof(*entries), compare_entries, NULL);
	for (from = 0; from < count; from++) {
		if (!to || entries[from] != entries[to - 1])
			entries[to++] = entries[from];
	}
	return to;
}

/**
 * kcov_symbol_entries() - the function entries to be covered, now
 * @mod: those of this module, which is coming; NULL: all
 * @rules: what the user wants changed, or NULL; their hits are counted
 * @entries: set to an array of ftrace locations, to be freed with kvfree()
 * @count: set to its length, 0 if there are none
 * @unknown: set to the number of modules that ftrace does not know, though some of
 *	     their functions would be covered
 *
 * Return: 0 or an errno: ENOMEM, EOPNOTSUPP: there is no look-up of symbols.
 */
int kcov_symbol_entries(const struct module *mod, struct kcov_rules *rules,
			unsigned long **entries, unsigned int *count,
			unsigned int *unknown)
{
	struct collection all = {
		.max = mod ? 1 << 10 : 1 << 16,
		.only = mod,
		.rules = rules,
	};

	if (!can_look_up())
		return -EOPNOTSUPP;
	for (;;) {
		all.entries = kvmalloc_array(all.max, sizeof(*all.entries),
					     GFP_KERNEL);
		if (!all.entries)
			return -ENOMEM;
		all.count = 0;
		all.unknown = 0;
		all.mod = NULL;
		all.mod_unknown = false;
		kcov_rules_forget_hits(rules);
		if (!mod)
			static_call(kcov_each_kernel_symbol)(see_kernel_symbol,
							     &all);
		kcov_walk_module(static_call(kcov_each_module_symbol),
				 mod ? mod->name : NULL, see_module_symbol,
				 &all);
		if (all.count <= all.max)
			break;
		kvfree(all.entries);
		all.max = all.count + all.count / 8;
	}
	*unknown = all.unknown;
	*entries = all.entries;
	*count = sort_unique(all.entries, all.count);
	return 0;
}

/* A kprobe that is never armed: registering it looks its symbol up. */
static int __init find_lookup_name(void)
{
	struct kprobe probe = {
		.symbol_name = "kallsyms_lookup_name",
		.flags = KPROBE_FLAG_DISABLED,
	};
	int err = register_kprobe(&probe);

	if (err)
		return err;
	static_call_update(kcov_lookup_name, (void *)probe.addr);
	unregister_kprobe(&probe);
	return 0;
}

#define find(call, name) \
	static_call_update(call, (void *)kcov_symbol_address(name))

/*
 * Without the look-up there are no function entries; said when arming. Only for
 * want of memory it is not done without: the next insmod may have it.
 */
int __init kcov_symbol_setup(void)
{
	unsigned long is_dead;

	if (find_lookup_name() == -ENOMEM)
		return -ENOMEM;
	find(kcov_each_kernel_symbol, "kallsyms_on_each_symbol");
	find(kcov_each_module_symbol, "module_kallsyms_on_each_symbol");
	find(kcov_module_of, "__module_address");
	find(kcov_location_of, "ftrace_location");
	find(kcov_show_value, "kallsyms_show_value");
	is_dead = kcov_symbol_address("ftrace_is_dead");
	if (is_dead)
		static_call_update(kcov_is_dead, (void *)is_dead);
	kernel_start = kcov_symbol_address("_stext");
	kernel_end = kcov_symbol_address("_etext");
	return 0;
}
