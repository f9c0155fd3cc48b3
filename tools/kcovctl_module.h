/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Modules: those of the running kernel, those in files, those that are loaded.
 */
#ifndef KCOVCTL_MODULE_H
#define KCOVCTL_MODULE_H

#include <libkmod.h>
#include <stdbool.h>
#include <stddef.h>

#include "kcovctl_buildid.h"
#include "kcovctl_names.h"

#define MODULE_PATH 4096
#define MODULE_ID (2 * BUILDID_MAX + 1)

/*
 * libkmod knows one file for each name in a context, so the instrumented ones
 * have a context of their own, and those that these replace another.
 */
struct modules {
	struct kmod_ctx *stock, *files, *before;
	char release[65];
};

/* False: said why. */
bool modules_open(struct modules *modules);
void modules_close(struct modules *modules);

/* By its name; it need not exist. The caller puts it by kmod_module_unref(). */
struct kmod_module *modules_named(const struct modules *modules,
				  const char *name);

/* NULL: said why. */
struct kmod_module *modules_in_file(const struct modules *modules,
				    const char *path);

/* An instrumented one that is loaded. NULL: said why. */
struct kmod_module *modules_before(const struct modules *modules,
				   const char *path);

/*
 * Whether this one has the alias of a kind, fs-ext4 of the filesystem ext4; what
 * has no alias is called like its kind.
 */
bool modules_serve(const struct modules *modules, const char *name,
		   const char *prefix, const char *kind);

/* Whether the running kernel has a file of it. */
bool module_exists(const struct kmod_module *module);

bool module_is_builtin(const struct kmod_module *module);

/* What modinfo says, NULL if nothing; the caller frees it. */
char *module_info(const struct kmod_module *module, const char *key);

/* Whether a file calls kcov.ko in its basic blocks. */
bool module_calls_kcov(const struct kmod_module *module);

/* Of the loaded one. */
bool module_is_loaded(const char *name);
bool module_is_instrumented(const char *name);
bool module_is_permanent(const char *name);
bool module_is_file(const char *name, const char *path);
bool module_is_other(const char *name, const char *path);
void module_id(const char *name, char *text);
long module_use_count(const char *name);
struct names module_holders(const char *name);

#endif
