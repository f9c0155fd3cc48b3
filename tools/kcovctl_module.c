// SPDX-License-Identifier: GPL-2.0-only
/*
 * Modules: those of the running kernel, those in files, those that are loaded.
 *
 * What is loaded is read from sysfs, all else is libkmod's to know.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_module.h"

/* What libkmod would say we say, with the cure. */
static struct kmod_ctx *open_silently(void)
{
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);

	if (ctx)
		kmod_set_log_priority(ctx, 0);
	return ctx;
}

bool modules_open(struct modules *modules)
{
	struct utsname kernel;

	uname(&kernel);
	snprintf(modules->release, sizeof(modules->release), "%s",
		 kernel.release);
	modules->stock = open_silently();
	modules->files = open_silently();
	modules->before = open_silently();
	if (modules->stock && modules->files && modules->before)
		return true;
	warnx("libkmod: %s", error_text(errno));
	modules_close(modules);
	return false;
}

void modules_close(struct modules *modules)
{
	kmod_unref(modules->stock);
	kmod_unref(modules->files);
	kmod_unref(modules->before);
}

struct kmod_module *modules_named(const struct modules *modules,
				  const char *name)
{
	struct kmod_module *module;
	int err = kmod_module_new_from_name(modules->stock, name, &module);

	if (err < 0)
		errx(KCOVCTL_FAILED, "%s: %s", name, error_text(-err));
	return module;
}

static struct kmod_module *module_in(struct kmod_ctx *ctx, const char *path)
{
	struct kmod_module *module;
	int err = kmod_module_new_from_path(ctx, path, &module);

	if (err >= 0)
		return module;
	if (err == -EEXIST)
		warnx("%s: a module of this name is named already: name it once", path);
	else
		warnx("%s: %s", path, error_text(-err));
	return NULL;
}

struct kmod_module *modules_in_file(const struct modules *modules,
				    const char *path)
{
	return module_in(modules->files, path);
}

struct kmod_module *modules_before(const struct modules *modules,
				   const char *path)
{
	return module_in(modules->before, path);
}

static bool is_among(struct kmod_list *list, const char *name)
{
	struct kmod_list *entry;
	bool found = false;

	kmod_list_foreach(entry, list) {
		struct kmod_module *module = kmod_module_get_module(entry);

		found |= !strcmp(kmod_module_get_name(module), name);
		kmod_module_unref(module);
	}
	return found;
}

bool modules_serve(const struct modules *modules, const char *name,
		   const char *prefix, const char *kind)
{
	struct kmod_list *list = NULL;
	char alias[80];
	bool found;

	snprintf(alias, sizeof(alias), "%s%s", prefix, kind);
	if (kmod_module_new_from_lookup(modules->stock, alias, &list) < 0 || !list)
		return !strcmp(kind, name);
	found = is_among(list, name);
	kmod_module_unref_list(list);
	return found;
}

bool module_exists(const struct kmod_module *module)
{
	return kmod_module_get_path(module);
}

bool module_is_builtin(const struct kmod_module *module)
{
	return kmod_module_get_initstate(module) == KMOD_MODULE_BUILTIN;
}

char *module_info(const struct kmod_module *module, const char *key)
{
	struct kmod_list *list = NULL, *entry;
	char *value = NULL;

	if (kmod_module_get_info(module, &list) < 0)
		return NULL;
	kmod_list_foreach(entry, list)
		if (!value && !strcmp(kmod_module_info_get_key(entry), key))
			value = strdup(kmod_module_info_get_value(entry));
	kmod_module_info_free_list(list);
	return value;
}

bool module_calls_kcov(const struct kmod_module *module)
{
	static const char callback[] = "__sanitizer_cov_trace_";
	struct kmod_list *list = NULL, *entry;
	bool calls = false;

	if (kmod_module_get_dependency_symbols(module, &list) < 0)
		return false;
	kmod_list_foreach(entry, list)
		calls |= !strncmp(kmod_module_dependency_symbol_get_symbol(entry),
				  callback, sizeof(callback) - 1);
	kmod_module_dependency_symbols_free_list(list);
	return calls;
}

/* What is built in has no use count. */
bool module_is_loaded(const char *name)
{
	return module_use_count(name) >= 0;
}

bool module_is_instrumented(const char *name)
{
	char path[MODULE_PATH];

	snprintf(path, sizeof(path), "/sys/module/kcov/holders/%s", name);
	return !access(path, F_OK);
}

/* One with an init function and no exit function. */
bool module_is_permanent(const char *name)
{
	FILE *file = fopen("/proc/modules", "re");
	const size_t length = strlen(name);
	bool permanent = false;
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return false;
	while (!permanent && getline(&line, &room, file) > 0)
		permanent = !strncmp(line, name, length) &&
			    line[length] == ' ' && strstr(line, "[permanent]");
	free(line);
	fclose(file);
	return permanent;
}

static bool read_id(const char *name, struct buildid *id)
{
	char notes[MODULE_PATH];

	snprintf(notes, sizeof(notes),
		 "/sys/module/%s/notes/.note.gnu.build-id", name);
	return buildid_from_notes(notes, id);
}

/* By their build ids: false if one has none. */
bool module_is_file(const char *name, const char *path)
{
	struct buildid loaded, file;

	return read_id(name, &loaded) && buildid_from_elf(path, &file) &&
	       buildid_equal(&loaded, &file);
}

/* False if one has none, too. */
bool module_is_other(const char *name, const char *path)
{
	struct buildid loaded, file;

	return read_id(name, &loaded) && buildid_from_elf(path, &file) &&
	       !buildid_equal(&loaded, &file);
}

/* MODULE_ID bytes; "-" if it has none. */
void module_id(const char *name, char *text)
{
	struct buildid id;

	strcpy(text, "-");
	if (read_id(name, &id))
		buildid_format(&id, text);
}

/* -1: not loaded. Modules that use it count, too. */
long module_use_count(const char *name)
{
	char path[MODULE_PATH];
	long count = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", name);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%ld", &count) != 1)
		count = -1;
	fclose(file);
	return count;
}

struct names module_holders(const char *name)
{
	char path[MODULE_PATH];

	snprintf(path, sizeof(path), "/sys/module/%s/holders", name);
	return names_in(path);
}
