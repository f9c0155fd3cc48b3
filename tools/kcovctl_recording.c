// SPDX-License-Identifier: GPL-2.0-only
/*
 * The descriptors of a run: one for the command's tasks, and one, which stays
 * ours, for work that others do for them.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <kcov_ioctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_follow.h"
#include "kcovctl_recording.h"

/* Others may have taken a handle: they are numbers without an owner. */
#define HANDLE_TRIES 16

/* Late work is over when nothing has come for so long. */
#define QUIET_STEPS 5
#define STEP_MS 100

/*
 * Without an effect: a tree's argument must be 0, and who has no trees does not
 * look at it.
 */
static bool has_trees(const struct kcov *kcov)
{
	return !ioctl(kcov->fd, KCOV_TREE_ENABLE, 1UL) || errno != ENOTTY;
}

/*
 * The table of descriptors names the tasks that have them enabled. So ours says
 * which one it is by being enabled for a moment.
 */
static struct instance find_instance(struct kcov *kcov)
{
	struct instance instance = { 0 };

	if (kcov_enable(kcov, KCOV_TRACE_PC))
		return instance;
	instance_of_this_thread(&instance);
	kcov_disable(kcov);
	kcov_reset(kcov);
	instance_again(&instance);
	return instance;
}

static bool open_local(struct recording *recording)
{
	const struct recording_config *config = recording->config;

	recording->local = kcov_open(config->words);
	if (!recording->local)
		return false;
	recording->tree = !config->comparisons && has_trees(recording->local);
	if (!recording->tree && !config->comparisons) {
		warnx("this kernel has its own kcov, which knows no process trees:");
		warnx("  only the command's first thread is recorded, and each visit takes room");
	}
	recording->local_instance = find_instance(recording->local);
	return true;
}

static bool enable_remote(struct recording *recording)
{
	struct kcov_remote remote = {
		.mode = KCOV_TRACE_PC,
		.area_words = recording->config->words,
		.handles = recording->config->handles,
		.handle_count = recording->config->handle_count,
	};
	uint32_t id = (uint32_t)getpid();

	for (int i = 0; i < HANDLE_TRIES; i++, id = id * 69069 + 1) {
		remote.common = kcov_common(id ? id : 1);
		if (!kcov_enable_remote(recording->remote, &remote))
			return true;
		if (errno != EEXIST)
			break;
	}
	return false;
}

/* One long section, of which some run at once, fits behind what is there already. */
static bool open_remote(struct recording *recording)
{
	recording->remote = kcov_open(2 * recording->config->words);
	if (!recording->remote)
		return false;
	recording->remote_instance = find_instance(recording->remote);
	return enable_remote(recording);
}

static bool open_all(struct recording *recording)
{
	recording->taken = kcov_set_new();
	return recording->taken && open_local(recording) &&
	       (!recording->config->remote || open_remote(recording));
}

bool recording_open(struct recording *recording,
		    const struct recording_config *config)
{
	*recording = (struct recording){ .config = config };
	losses_read(&recording->before);
	if (!open_all(recording))
		error_libkcov();
	else if (!config->follow || follow_begin())
		return true;
	recording_close(recording);
	return false;
}

void recording_close(struct recording *recording)
{
	follow_end();
	kcov_close(recording->local);
	kcov_close(recording->remote);
	kcov_set_free(recording->taken);
}

static int enable(const struct recording *recording)
{
	if (recording->tree)
		return kcov_enable_tree(recording->local);
	return kcov_enable(recording->local, recording->config->comparisons ?
			   KCOV_TRACE_CMP : KCOV_TRACE_PC);
}

bool recording_enable(void *data)
{
	if (!enable(data))
		return true;
	error_libkcov();
	return false;
}

/*
 * Sections count each visit of a place, so their buffer is soon full. It begins
 * anew only if nothing has come since we looked; should the kernel be about to
 * publish then, it has the old records before the new ones: we know them.
 */
static void take_remote(struct recording *recording)
{
	uint64_t *count = &recording->remote->cover[0];
	uint64_t seen;

	do {
		seen = kcov_count(recording->remote);
		if (kcov_set_add_trace(recording->taken, recording->remote) < 0)
			recording->failed = true;
	} while (!__atomic_compare_exchange_n(count, &seen, 0, false,
					      __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	recording->visits += seen;
}

void recording_take(void *data)
{
	struct recording *recording = data;

	if (recording->remote &&
	    kcov_count(recording->remote) > recording->remote->words / 4)
		take_remote(recording);
}

static size_t count_remote(struct recording *recording)
{
	recording_take(recording);
	return recording->visits + kcov_count(recording->remote);
}

/*
 * Work that the command has handed over may run when it has ended. Nobody tells
 * when the last of it is done, so this is by its silence. A signal ends it.
 */
static void drain(struct recording *recording, struct child *child)
{
	unsigned int steps = recording->config->drain * 1000 / STEP_MS;
	size_t count = count_remote(recording), now;

	for (int quiet = 0; quiet < QUIET_STEPS && steps; steps--) {
		if (!child_pause(child, STEP_MS))
			return;
		now = count_remote(recording);
		quiet = now == count ? quiet + 1 : 0;
		count = now;
	}
}

static bool stop(struct kcov *kcov)
{
	if (!kcov_disable(kcov))
		return true;
	error_libkcov();
	return false;
}

static bool local_is_full(const struct recording *recording)
{
	return recording->config->comparisons ?
	       kcov_cmp_overflowed(recording->local) :
	       kcov_overflowed(recording->local);
}

static void add_losses(struct instance then, struct recording_losses *losses)
{
	struct instance now = then;

	if (!instance_again(&now))
		return;
	losses->dropped += now.dropped - then.dropped;
	losses->sections += now.sections - then.sections;
}

/* How many a kernel's own kcov drops it does not say. */
static void name_losses(const struct recording *recording,
			struct recording_losses *losses)
{
	losses_count(&losses->all, losses->dropped, "records without room");
	losses_count(&losses->all, losses->full && !losses->dropped,
		     "full buffers");
	losses_count(&losses->all, losses->sections, "remote sections");
	losses->others = losses_since(&recording->before, &losses->all);
}

static void count_losses(const struct recording *recording,
			 struct recording_losses *losses)
{
	losses->full = local_is_full(recording);
	add_losses(recording->local_instance, losses);
	add_losses(recording->remote_instance, losses);
	name_losses(recording, losses);
}

/* What a single thread recorded was over with it. */
bool recording_end(struct recording *recording, struct child *child,
		   struct recording_losses *losses)
{
	bool stopped = !recording->tree || stop(recording->local);

	*losses = (struct recording_losses){ 0 };
	if (recording->remote) {
		drain(recording, child);
		stopped &= stop(recording->remote);
	}
	count_losses(recording, losses);
	losses_count(&losses->all, !stopped, "ends of a recording");
	return (!recording->config->follow || follow_end()) && stopped;
}

bool recording_places(struct recording *recording)
{
	struct kcov_set *set = recording->taken;

	if (kcov_set_add_trace(set, recording->local) >= 0 &&
	    (!recording->remote ||
	     kcov_set_add_trace(set, recording->remote) >= 0) &&
	    !recording->failed)
		return true;
	error_libkcov();
	return false;
}
