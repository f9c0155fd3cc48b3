// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stock modules that instrumented ones need and that were not loaded.
 *
 * They come in just before the part that needs them, as what they need in turn
 * may be a part, too: that one is in then, and modprobe lets it be.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl_depends.h"

static void keep(struct dependencies *dependencies, const char *name, size_t part)
{
	dependencies->one = reallocarray(dependencies->one, dependencies->count + 1,
					 sizeof(*dependencies->one));
	if (!dependencies->one)
		errx(KCOVCTL_FAILED, "no memory");
	dependencies->one[dependencies->count++] = (struct dependency){
		.name = names_spell(name),
		.part = part,
	};
}

static bool bring(struct dependencies *dependencies, const struct plan *plan,
		  size_t part, const char *name)
{
	struct kmod_module *module = modules_named(plan->modules, name);
	const int result = kmod_module_probe_insert_module(module, 0, NULL,
							   NULL, NULL, NULL);

	if (result < 0) {
		warnx("%s: needs the module %s, which cannot be loaded: %s",
		      plan->part[part].name, name, error_text(-result));
		warnx("  modprobe %s first, or name it, too, if it is an instrumented one",
		      name);
	} else if (module_is_loaded(name)) {
		keep(dependencies, name, part);
	}
	kmod_module_unref(module);
	return result >= 0;
}

bool dependencies_bring(struct dependencies *dependencies,
			const struct plan *plan, size_t part)
{
	const struct names *names = &plan->part[part].depends;

	for (size_t i = 0; i < names->count; i++)
		if (!module_is_loaded(names->name[i]) &&
		    !plan_find(plan, names->name[i]) &&
		    !bring(dependencies, plan, part, names->name[i]))
			return false;
	return true;
}

void dependencies_take_out(struct dependencies *dependencies,
			   const struct plan *plan, size_t part)
{
	while (dependencies->count &&
	       dependencies->one[dependencies->count - 1].part == part) {
		char *name = dependencies->one[--dependencies->count].name;
		struct kmod_module *module = modules_named(plan->modules, name);
		const int result = kmod_module_remove_module(module, 0);

		if (result < 0)
			warnx("%s: stays in, which %s would need: %s", name,
			      plan->part[part].name, error_text(-result));
		kmod_module_unref(module);
		free(name);
	}
}

void dependencies_report(const struct dependencies *dependencies,
			 const struct plan *plan)
{
	for (size_t i = 0; i < dependencies->count; i++)
		printf("%s: stock module in, %s needs it\n", dependencies->one[i].name,
		       plan->part[dependencies->one[i].part].name);
}

void dependencies_free(struct dependencies *dependencies)
{
	for (size_t i = 0; i < dependencies->count; i++)
		free(dependencies->one[i].name);
	free(dependencies->one);
	*dependencies = (struct dependencies){ 0 };
}
