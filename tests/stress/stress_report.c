// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the stress has done, and the first thing that went wrong.
 *
 * Whoever finds a failure keeps it in memory of all processes and leaves; the others stop.
 */
#include "stress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ERRNO_MAX 64

static const char *const names[] = {
	[STRESS_OPEN] = "open",
	[STRESS_CLOSE] = "close",
	[STRESS_INIT] = "KCOV_INIT_TRACE",
	[STRESS_MAP] = "mmap",
	[STRESS_UNMAP] = "munmap",
	[STRESS_ENABLE] = "KCOV_ENABLE",
	[STRESS_REMOTE_ENABLE] = "KCOV_REMOTE_ENABLE",
	[STRESS_TREE_ENABLE] = "KCOV_TREE_ENABLE",
	[STRESS_DISABLE] = "KCOV_DISABLE",
	[STRESS_RESET] = "KCOV_RESET_TRACE",
	[STRESS_ODD_IOCTL] = "unknown ioctl",
	[STRESS_ODD_FILE] = "read, write, lseek",
	[STRESS_TRACE] = "trace",
	[STRESS_OVERFLOW] = "trace that is too long",
	[STRESS_SECTION] = "section",
	[STRESS_SECTION_START] = "start of a section",
	[STRESS_SECTION_STOP] = "stop of a section",
	[STRESS_SHARED_INIT] = "KCOV_INIT_TRACE of a shared one",
	[STRESS_SHARED_ENABLE] = "enable of a shared one",
	[STRESS_SHARED_DISABLE] = "KCOV_DISABLE of a shared one",
	[STRESS_FORK] = "fork",
	[STRESS_VFORK] = "vfork",
	[STRESS_VFORK_COMMON] = "vfork, with a common handle",
	[STRESS_VFORK_TREE] = "vfork, with a tree",
	[STRESS_EXEC] = "exec",
	[STRESS_EXEC_COMMON] = "exec, with a common handle",
	[STRESS_EXEC_TREE] = "exec, with a tree",
	[STRESS_VFORK_BELOW_COMMON] = "vfork, parent's common handle",
	[STRESS_VFORK_BELOW_TREE] = "vfork, parent's tree",
	[STRESS_EXEC_BELOW_COMMON] = "exec, parent's common handle",
	[STRESS_EXEC_BELOW_TREE] = "exec, parent's tree",
	[STRESS_KILL] = "kill of a child",
	[STRESS_MOVE] = "move to a CPU",
	[STRESS_END] = "end of a task",
	[STRESS_FUNCTIONS] = "change of functions",
	[STRESS_FOLLOW] = "change of follow",
	[STRESS_PARAMETER] = "change of a parameter",
	[STRESS_INSTANCES] = "read of the table",
	[STRESS_CPU] = "CPU off and on",
	[STRESS_PREEMPT] = "preemption model",
	[STRESS_LOAD] = "insmod kcov_sample",
	[STRESS_UNLOAD] = "rmmod kcov_sample",
	[STRESS_INSMOD] = "insmod kcov",
	[STRESS_RMMOD] = "rmmod kcov",
	[STRESS_RMMOD_LAST] = "rmmod kcov beside its last users",
};

_Static_assert(ARRAY_SIZE(names) == STRESS_CALLS, "a name for each call");

const char *stress_call_name(enum stress_call call)
{
	return names[call];
}

static const char *name_of(int error)
{
	const char *name = strerrorname_np(error);

	return name ? name : "an unknown errno";
}

/* "0 or EBUSY" */
void stress_describe(char *text, size_t room, uint64_t set)
{
	size_t length = 0;

	*text = '\0';
	for (int error = 0; error < ERRNO_MAX; error++)
		if (set & MAY(error) && length < room)
			length += snprintf(text + length, room - length, "%s%s",
					   length ? " or " : "", name_of(error));
}

/* The first failure counts. */
void stress_blame(const char *format, ...)
{
	va_list values;

	__atomic_store_n(&stress_world->stop, true, __ATOMIC_RELAXED);
	if (__atomic_exchange_n(&stress_world->has_failed, true, __ATOMIC_RELAXED))
		return;
	va_start(values, format);
	vsnprintf(stress_world->failure, sizeof(stress_world->failure), format, values);
	va_end(values);
}

void stress_fail(const struct stress_actor *a, const char *format, ...)
{
	const struct stress_desc *desc = stress_desc(a);
	char text[256], where[128];
	va_list values;

	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	snprintf(where, sizeof(where), "seed %#lx, epoch %u, actor %u%s, life %u, step %lu",
		 stress_world->seed, stress_world->epoch, a->number, a->is_child ? "'s child" : "",
		 a->seen->life, a->seen->step);
	stress_blame("%s: %s%s%s: %s (slot %u: state %d, %zu words, mode %u)", where,
		     names[a->call], a->what ? ", " : "", a->what ? a->what : "", text, a->slot,
		     desc->state, desc->words, desc->mode);
	_exit(1);
}

void stress_count(enum stress_call call, int got)
{
	__atomic_fetch_add(&stress_world->made[call], 1, __ATOMIC_RELAXED);
	if (got)
		__atomic_fetch_add(&stress_world->refused[call], 1, __ATOMIC_RELAXED);
}

/* Counts the call, and fails if @got is not in @may. */
void stress_expect(const struct stress_actor *a, uint64_t may, int got)
{
	char set[128];

	stress_count(a->call, got);
	if (got >= 0 && got < ERRNO_MAX && may & MAY(got))
		return;
	stress_describe(set, sizeof(set), may);
	stress_fail(a, "expected %s, got %s", set, name_of(got));
}

void stress_print_counts(void)
{
	for (int call = 0; call < STRESS_CALLS; call++)
		printf("# %-32s %8lu, refused %8lu\n", names[call], stress_world->made[call],
		       stress_world->refused[call]);
	printf("# %lu records looked at; %lu lives of processes, %lu of them ended by SIGKILL\n",
	       stress_world->records, stress_world->lives, stress_world->kills);
}
