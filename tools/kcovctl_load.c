// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl load: instrumented modules instead of the stock ones.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl_cache.h"
#include "kcovctl_plan.h"
#include "kcovctl_state.h"
#include "kcovctl_swap.h"

static const char usage[] =
	"usage: kcovctl load [-d DIR] [--users] MODULE...\n"
	"\n"
	"Load instrumented modules, each instead of the stock one if that is\n"
	"loaded. kcov.ko must be loaded. Before anything is changed, all is\n"
	"checked, and what is in the way is named: other modules, mounts, disks,\n"
	"network interfaces. If a module cannot be loaded, those that were there\n"
	"are put back. kcovctl unload swaps back; so does the next boot.\n"
	"\n"
	"MODULE is a name, or the path of a file (with a / in it, or .ko at its\n"
	"end). Several are swapped together, in the order in which they depend\n"
	"on each other. What else they depend on is loaded, too, as modprobe\n"
	"does, with the options of /etc/modprobe.d, and taken out again if the\n"
	"load fails.\n"
	"\n"
	"  -d, --dir DIR   where instrumented modules are; default:\n"
	"                  modules/RELEASE in $KCOV_CACHE, or in ~/.cache/kcov of\n"
	"                  who typed sudo\n"
	"      --users     modules that use MODULE go out first and come back\n"
	"  -h, --help      this text\n"
	"\n"
	"Examples:\n"
	"  kcovctl load ext4\n"
	"  kcovctl load kvm kvm_intel\n"
	"  kcovctl load --users ./crc16.ko\n";

struct request {
	struct modules modules;
	struct plan plan;
	char directory[MODULE_PATH];
};

/* --- which file ----------------------------------------------------------- */

static bool is_path(const char *word)
{
	const size_t length = strlen(word);

	return strchr(word, '/') ||
	       (length > 3 && !strcmp(word + length - 3, ".ko"));
}

static void explain_builtin(const char *name)
{
	warnx("%s: is built into this kernel, so it cannot be swapped", name);
	warnx("  kcov records its function entries as it is; its basic blocks need a kernel");
	warnx("  that has it as a module");
}

static void explain_missing(const struct request *request, const char *name)
{
	struct kmod_module *module = modules_named(&request->modules, name);

	if (module_is_builtin(module)) {
		explain_builtin(name);
	} else if (module_exists(module)) {
		warnx("%s: not instrumented yet, %s has no such file", name,
		      request->directory);
		warnx("  kcovctl instrument %s makes it", name);
	} else {
		warnx("%s: no such module, neither in %s nor in /lib/modules/%s",
		      name, request->directory, request->modules.release);
		warnx("  find /lib/modules/%s -name '*.ko*' names those that there are",
		      request->modules.release);
	}
	kmod_module_unref(module);
}

static bool find_file(const struct request *request, const char *word,
		      char *path, size_t room)
{
	char *name;
	bool found;

	if (is_path(word)) {
		snprintf(path, room, "%s", word);
		return true;
	}
	name = names_spell(word);
	found = cache_find(request->directory, name, path, room);
	if (!found)
		explain_missing(request, name);
	free(name);
	return found;
}

/* --- is it fit ------------------------------------------------------------ */

static bool is_kcov_loaded(void)
{
	if (module_is_loaded("kcov"))
		return true;
	warnx("kcov.ko is not loaded, which instrumented modules call");
	warnx("  modprobe kcov, or insmod kcov.ko");
	return false;
}

static bool is_for_release(const struct request *request, const char *path,
			   const char *name, const char *magic)
{
	const char *release = request->modules.release;
	const size_t length = strcspn(magic, " ");

	if (length == strlen(release) && !strncmp(magic, release, length))
		return true;
	warnx("%s: is built for the kernel %.*s, and this is %s", path,
	      (int)length, magic, release);
	warnx("  kcovctl instrument %s makes one for this kernel", name);
	return false;
}

/* The stock one tells what else the kernel's build decides. */
static bool is_like_stock(const struct part *part, const char *path,
			  const char *magic)
{
	char *stock = module_info(part->stock, "vermagic");
	const bool same = !stock || !strcmp(stock, magic);

	if (!same) {
		warnx("%s: is built for a kernel with other options ('%s', and this one is '%s')",
		      path, magic, stock);
		warnx("  kcovctl instrument %s makes one for this kernel",
		      part->name);
	}
	free(stock);
	return same;
}

static bool is_of_this_kernel(const struct request *request,
			      const struct part *part, const char *path)
{
	char *magic = module_info(part->file, "vermagic");
	bool fits;

	if (!magic) {
		warnx("%s: is no kernel module, as it has no vermagic", path);
		warnx("  kcovctl instrument %s makes one", part->name);
		return false;
	}
	fits = is_for_release(request, path, part->name, magic) &&
	       is_like_stock(part, path, magic);
	free(magic);
	return fits;
}

static bool is_instrumented(const struct part *part, const char *path)
{
	if (module_calls_kcov(part->file))
		return true;
	warnx("%s: is not instrumented, as it calls nothing of kcov.ko", path);
	warnx("  kcovctl instrument %s makes one that is", part->name);
	return false;
}

/* --- what to do with it --------------------------------------------------- */

/* Another instrumented one comes back as that, if its file is as it was. */
static void set_sources(struct part *part)
{
	part->asked = true;
	part->to = PART_FILE;
	part->from = part->before ? PART_BEFORE : part->had_stock ? PART_STOCK : PART_NOTHING;
}

/* A file of that name would be a second one beside what is built in. */
static bool is_a_module(const struct part *part)
{
	if (!module_is_builtin(part->stock))
		return true;
	explain_builtin(part->name);
	return false;
}

/* What the file itself says, if it says so: its name may be another. */
static char *name_in(const struct kmod_module *file)
{
	char *name = module_info(file, "name");

	return name ? name : strdup(kmod_module_get_name(file));
}

static bool add_file(struct request *request, const char *path)
{
	struct kmod_module *file = modules_in_file(&request->modules, path);
	struct part *part;
	char *name;

	if (!file)
		return false;
	name = name_in(file);
	if (plan_find(&request->plan, name)) {
		warnx("%s: named twice: name it once", name);
		kmod_module_unref(file);
		free(name);
		return false;
	}
	part = plan_add(&request->plan, name, file);
	free(name);
	set_sources(part);
	return is_a_module(part) && is_of_this_kernel(request, part, path) &&
	       is_instrumented(part, path) && plan_can_put_back(&request->plan, part);
}

static bool add_words(struct request *request, char **words)
{
	char path[2 * MODULE_PATH];
	bool fit = true;

	for (; *words; words++)
		fit &= find_file(request, *words, path, sizeof(path)) &&
		       add_file(request, path);
	return fit;
}

static void drop(struct plan *plan, size_t i)
{
	struct plan one = { .part = malloc(sizeof(*plan->part)), .count = 1 };

	*one.part = plan->part[i];
	plan_release(&one);
	plan->count--;
	memmove(&plan->part[i], &plan->part[i + 1],
		(plan->count - i) * sizeof(*plan->part));
}

/* What is loaded already stays. */
static void drop_loaded(struct plan *plan)
{
	for (size_t i = 0; i < plan->count;) {
		const struct part *part = &plan->part[i];

		if (module_is_file(part->name, kmod_module_get_path(part->file))) {
			printf("%s: the instrumented module is loaded already\n",
			       part->name);
			drop(plan, i);
		} else {
			i++;
		}
	}
}

/* An instrumented one whose file was built again, with nothing loaded before it. */
static void say_lost(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct part *part = &plan->part[i];

		if (!part->loaded || part->from != PART_NOTHING)
			continue;
		warnx("%s: the loaded one could not be put back, as its file is gone or changed:",
		      part->name);
		warnx("  if the new one fails, none is loaded");
	}
}

/* --- all of it ------------------------------------------------------------ */

/* What came in and could not be taken out again is for kcovctl unload, too. */
static void remember(const struct plan *plan, bool done)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct part *part = &plan->part[i];
		char path[MODULE_PATH];

		if (part->asked && (done || part->stuck) &&
		    realpath(kmod_module_get_path(part->file), path))
			state_write(part->name, part->had_stock, path);
	}
}

static bool load(struct request *request, char **words)
{
	bool fit, done;

	if (!swap_is_allowed(&verb_load))
		return false;
	state_lock();
	fit = is_kcov_loaded();
	if (!add_words(request, words) || !fit)
		return false;
	drop_loaded(&request->plan);
	if (!plan_complete(&request->plan))
		return false;
	say_lost(&request->plan);
	done = swap_run(&request->plan);
	remember(&request->plan, done);
	return done;
}

static enum kcovctl_exit load_words(const char *directory, bool with_users,
				    char **words)
{
	struct request request = { .plan.verb = &verb_load };
	bool done;

	if (!modules_open(&request.modules))
		return KCOVCTL_FAILED;
	request.plan.modules = &request.modules;
	request.plan.with_users = with_users;
	if (directory)
		snprintf(request.directory, sizeof(request.directory), "%s", directory);
	done = (directory ||
		cache_directory(request.modules.release, request.directory,
				sizeof(request.directory))) &&
	       load(&request, words);
	plan_release(&request.plan);
	modules_close(&request.modules);
	return done ? KCOVCTL_OK : KCOVCTL_FAILED;
}

static enum kcovctl_exit run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "dir", required_argument, NULL, 'd' },
		{ "users", no_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	const char *directory = NULL;
	bool with_users = false;
	int c;

	while ((c = getopt_long(argc, argv, "d:h", options, NULL)) != -1) {
		switch (c) {
		case 'd':
			directory = optarg;
			break;
		case 'u':
			with_users = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return KCOVCTL_OK;
		default:
			return error_usage(&verb_load, "bad option");
		}
	}
	if (optind == argc)
		return error_usage(&verb_load, "no MODULE is named");
	return load_words(directory, with_users, argv + optind);
}

const struct kcovctl_verb verb_load = {
	.name = "load",
	.summary = "swap instrumented modules in for the stock ones",
	.usage = usage,
	.run = run,
};
