// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plan: which modules go out and which come in, in which order, and what
 * is in the way. Nothing is changed here.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl_plan.h"
#include "kcovctl_state.h"
#include "kcovctl_users.h"

struct part *plan_find(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->count; i++)
		if (!strcmp(plan->part[i].name, name))
			return &plan->part[i];
	return NULL;
}

static struct part *make_room(struct plan *plan)
{
	plan->part = reallocarray(plan->part, plan->count + 1,
				  sizeof(*plan->part));
	if (!plan->part)
		errx(KCOVCTL_FAILED, "no memory");
	return &plan->part[plan->count++];
}

/* What is used first comes first. */
static void add_dependency(const struct plan *plan, struct names *names,
			   const char *name)
{
	struct kmod_module *module = modules_named(plan->modules, name);
	struct kmod_list *list = kmod_module_get_dependencies(module), *entry;

	kmod_list_foreach(entry, list) {
		struct kmod_module *used = kmod_module_get_module(entry);

		if (!names_have(names, kmod_module_get_name(used)))
			names_add(names, kmod_module_get_name(used));
		kmod_module_unref(used);
	}
	kmod_module_unref_list(list);
	kmod_module_unref(module);
	if (!names_have(names, name))
		names_add(names, name);
}

static struct names find_dependencies(const struct plan *plan,
				      const struct kmod_module *file)
{
	char *depends = file ? module_info(file, "depends") : NULL;
	struct names direct = names_split(depends, ",");
	struct names all = { 0 };

	for (size_t i = 0; i < direct.count; i++)
		add_dependency(plan, &all, direct.name[i]);
	names_free(&direct);
	free(depends);
	return all;
}

/* One that was loaded by other means stands for the stock one. */
struct part *plan_add(struct plan *plan, const char *name,
		      struct kmod_module *file)
{
	const struct state state = state_read(name);
	struct part *part = make_room(plan);

	*part = (struct part){
		.name = names_spell(name),
		.stock = modules_named(plan->modules, name),
		.file = file,
		.loaded = module_is_loaded(name),
		.instrumented = module_is_instrumented(name),
	};
	if (state.known && module_is_file(name, state.path))
		part->before = modules_before(plan->modules, state.path);
	part->depends = find_dependencies(plan, file ? file : part->before);
	part->had_stock = (state.known ? state.had_stock : part->loaded) &&
			  module_exists(part->stock);
	return part;
}

bool plan_can_put_back(const struct plan *plan, const struct part *part)
{
	const char *stock = kmod_module_get_path(part->stock);

	if (!part->loaded || part->instrumented ||
	    (stock && !module_is_other(part->name, stock)))
		return true;
	if (stock) {
		warnx("%s: the loaded one is another build than %s, so it could not be put back",
		      part->name, stock);
		warnx("  modprobe -r %s and modprobe %s load that one; or boot again", part->name,
		      part->name);
	} else {
		warnx("%s: the loaded one is not of /lib/modules/%s, so it could not be put back",
		      part->name, plan->modules->release);
		warnx("  rmmod %s first", part->name);
	}
	return false;
}

/* What holds another comes back as it was: stock, or what load brought in. */
static bool add_holder(struct plan *plan, const char *name)
{
	struct part *part = plan_add(plan, name, NULL);

	part->from = part->before ? PART_BEFORE : PART_STOCK;
	part->to = part->from;
	if (part->before)
		return true;
	if (!part->instrumented)
		return plan_can_put_back(plan, part);
	warnx("%s: is instrumented and could not be put back, as its file is not known", name);
	warnx("  rmmod %s first", name);
	return false;
}

static void say_holder(const struct plan *plan, const struct part *part,
		       const char *holder)
{
	warnx("%s: in use by the module %s", part->name, holder);
	warnx("  modprobe -r %s first; or kcovctl %s --users takes it out and puts it back",
	      holder, plan->verb->name);
}

/* By index, as adding moves the parts; those that are added have holders, too. */
static bool add_holders(struct plan *plan)
{
	bool clear = true;

	for (size_t i = 0; i < plan->count; i++) {
		struct names holders = module_holders(plan->part[i].name);

		for (size_t j = 0; j < holders.count; j++) {
			if (plan_find(plan, holders.name[j]))
				continue;
			if (plan->with_users) {
				clear &= add_holder(plan, holders.name[j]);
			} else {
				say_holder(plan, &plan->part[i],
					   holders.name[j]);
				clear = false;
			}
		}
		names_free(&holders);
	}
	return clear;
}

static bool uses(const struct part *user, const char *used)
{
	struct names holders = module_holders(used);
	const bool holds = names_have(&holders, user->name);

	names_free(&holders);
	return holds || names_have(&user->depends, used);
}

/* The first part that uses none of the others from here on. */
static size_t next_in_order(const struct plan *plan, size_t from)
{
	for (size_t i = from; i < plan->count; i++) {
		bool free = true;

		for (size_t j = from; j < plan->count; j++)
			free &= i == j ||
				!uses(&plan->part[i], plan->part[j].name);
		if (free)
			return i;
	}
	return from;	/* modules do not use each other in circles */
}

static void put_in_order(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const size_t next = next_in_order(plan, i);
		const struct part part = plan->part[next];

		memmove(&plan->part[i + 1], &plan->part[i],
			(next - i) * sizeof(part));
		plan->part[i] = part;
	}
}

static bool none_is_used(const struct plan *plan)
{
	bool none = true;

	for (size_t i = 0; i < plan->count; i++)
		if (plan->part[i].loaded)
			none &= users_none(plan->modules, plan->part[i].name);
	return none;
}

bool plan_complete(struct plan *plan)
{
	const bool clear = add_holders(plan);

	put_in_order(plan);
	return none_is_used(plan) && clear;
}

void plan_release(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct part *part = &plan->part[i];

		free(part->name);
		kmod_module_unref(part->stock);
		kmod_module_unref(part->file);
		kmod_module_unref(part->before);
		names_free(&part->depends);
	}
	free(plan->part);
	*plan = (struct plan){ 0 };
}
