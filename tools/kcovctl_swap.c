// SPDX-License-Identifier: GPL-2.0-only
/*
 * The swap itself: a plan is carried out, or all is put back.
 *
 * Out go the last ones first, as they use the others; in comes the first
 * one first.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kcovctl_depends.h"
#include "kcovctl_klog.h"
#include "kcovctl_refusal.h"
#include "kcovctl_swap.h"

#define DISABLED_PATH "/proc/sys/kernel/modules_disabled"

struct swap {
	struct plan *plan;
	struct dependencies dependencies;
	int log;
	size_t out;	/* parts from here on are out */
	size_t in;	/* parts before this one are in */
};

static bool are_disabled(void)
{
	FILE *file = fopen(DISABLED_PATH, "re");
	bool disabled;

	if (!file)
		return false;
	disabled = fgetc(file) == '1';
	fclose(file);
	return disabled;
}

bool swap_is_allowed(const struct kcovctl_verb *verb)
{
	if (geteuid()) {
		warnx("only root may load and unload modules: sudo kcovctl %s ...",
		      verb->name);
		return false;
	}
	if (are_disabled()) {
		warnx("the kernel takes no module any more: sysctl kernel.modules_disabled is 1");
		warnx("  boot again, and do not set it");
		return false;
	}
	return true;
}

/* False, as all that fails. */
static bool refused(const struct swap *swap, const struct part *part,
		    const char *what, const char *path, int err)
{
	warnx("%s: %s%s%s: %s", part->name, what, path ? " " : "",
	      path ? path : "", error_text(err));
	klog_print(swap->log, part->name);
	return false;
}

/* --- one step ------------------------------------------------------------- */

/* 0 or an errno. The options are those of /etc/modprobe.d, as for the stock one. */
static int bring(const struct part *part, enum part_source source)
{
	struct kmod_module *file = source == PART_FILE ? part->file : part->before;
	int result = 0;

	if (source == PART_FILE || source == PART_BEFORE)
		result = kmod_module_insert_module(file, 0, kmod_module_get_options(part->stock));
	else if (source == PART_STOCK)
		result = kmod_module_probe_insert_module(part->stock, 0, NULL,
							 NULL, NULL, NULL);
	return result < 0 ? -result : 0;
}

/* 0 or an errno. */
static int take_out(const struct part *part)
{
	const int result = kmod_module_remove_module(part->stock, 0);

	return result < 0 ? -result : 0;
}

/*
 * A kernel that has a module of this name looks at everything that it would
 * look at before it links one, the signature among it, and then says EEXIST:
 * nobody has to go without the module to learn that.
 */
static bool would_be_taken(const struct swap *swap, const struct part *part)
{
	int err;

	if (!part->loaded || part->to != PART_FILE)
		return true;
	err = bring(part, PART_FILE);
	if (!err || err == EEXIST)
		return true;
	refused(swap, part, "the kernel would refuse",
		kmod_module_get_path(part->file), err);
	refusal_explain(part, err);
	return false;
}

static bool all_would_be_taken(const struct swap *swap)
{
	bool all = true;

	for (size_t i = 0; i < swap->plan->count; i++)
		all &= would_be_taken(swap, &swap->plan->part[i]);
	return all;
}

/* --- there and back ------------------------------------------------------- */

static bool take_all_out(struct swap *swap)
{
	while (swap->out > 0) {
		const struct part *part = &swap->plan->part[swap->out - 1];
		const int err = part->loaded ? take_out(part) : 0;

		if (err) {
			refused(swap, part, "cannot be taken out", NULL, err);
			warnx("  somebody uses it since it was looked at: try once more");
			return false;
		}
		swap->out--;
	}
	return true;
}

static bool bring_all_in(struct swap *swap)
{
	for (swap->in = 0; swap->in < swap->plan->count; swap->in++) {
		const struct part *part = &swap->plan->part[swap->in];
		int err;

		if (!dependencies_bring(&swap->dependencies, swap->plan, swap->in))
			return false;
		err = bring(part, part->to);
		if (!err)
			continue;
		if (part->to == PART_FILE) {
			refused(swap, part, "the kernel refuses",
				kmod_module_get_path(part->file), err);
			refusal_explain(part, err);
		} else {
			refused(swap, part, "cannot be loaded again", NULL, err);
		}
		return false;
	}
	return true;
}

static const char *name_of(enum part_source source)
{
	return source == PART_STOCK ? "stock" : "instrumented";
}

static void remove_new(struct part *part)
{
	const int err = part->to == PART_NOTHING ? 0 : take_out(part);

	if (!err)
		return;
	part->stuck = true;
	warnx("%s: the %s one is in and cannot be taken out again: %s", part->name,
	      name_of(part->to), error_text(err));
	if (part->to == PART_FILE)
		warnx("  when nobody uses it: kcovctl unload %s", part->name);
}

/* What loaded again by itself is back, too; that is the stock one. */
static void bring_back(const struct part *part)
{
	int err;

	if (part->stuck || part->from == PART_NOTHING)
		return;
	err = bring(part, part->from);
	if (!err || err == EEXIST) {
		warnx("%s: the %s one is back", part->name,
		      name_of(err ? PART_STOCK : part->from));
		return;
	}
	warnx("%s: cannot be put back: %s", part->name, error_text(err));
	if (part->from == PART_BEFORE)
		warnx("  kcovctl load %s", kmod_module_get_path(part->before));
	else
		warnx("  modprobe %s", part->name);
}

/* Among what came in stands what it needed: the last one goes first. */
static void undo(struct swap *swap)
{
	dependencies_take_out(&swap->dependencies, swap->plan, swap->in);
	while (swap->in > 0) {
		remove_new(&swap->plan->part[--swap->in]);
		dependencies_take_out(&swap->dependencies, swap->plan, swap->in);
	}
	for (; swap->out < swap->plan->count; swap->out++)
		bring_back(&swap->plan->part[swap->out]);
}

static void report(const struct part *part)
{
	const char *path = part->to == PART_FILE ? kmod_module_get_path(part->file) : NULL;

	printf("%s: ", part->name);
	if (!part->asked)
		printf("out and in again, as it uses what was swapped");
	else if (!part->loaded)
		printf("%s module in", name_of(part->to));
	else
		printf("%s module out", part->instrumented ? "instrumented" : "stock");
	if (part->asked && part->loaded && part->to != PART_NOTHING)
		printf(", %s one in", name_of(part->to));
	if (part->asked && path)
		printf(" (%s)", path);
	putchar('\n');
}

/* Who types ^C, or loses the connection by it, wants no module to be missing. */
static void hold_signals(sigset_t *before)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGQUIT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGTSTP);
	sigaddset(&signals, SIGPIPE);
	sigprocmask(SIG_BLOCK, &signals, before);
}

static bool swap_all(struct swap *swap)
{
	if (take_all_out(swap) && bring_all_in(swap))
		return true;
	undo(swap);
	return false;
}

bool swap_run(struct plan *plan)
{
	struct swap swap = { .plan = plan, .log = klog_open(), .out = plan->count };
	sigset_t before;
	bool done;

	hold_signals(&before);
	done = all_would_be_taken(&swap) && swap_all(&swap);
	close(swap.log);
	dependencies_report(&swap.dependencies, plan);
	dependencies_free(&swap.dependencies);
	for (size_t i = 0; done && i < plan->count; i++)
		report(&plan->part[i]);
	error_flush();
	sigprocmask(SIG_SETMASK, &before, NULL);
	return done;
}
