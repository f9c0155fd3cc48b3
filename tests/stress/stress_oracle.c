// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a call may answer, from the model of the descriptor and of the task, and what it changes in
 * them. Knows the rules of the interface, and makes no call.
 */
#include "stress.h"

#include <limits.h>

/* Whether the call under way is by the task that has enabled the descriptor. */
bool stress_is_mine(const struct stress_actor *a)
{
	const struct stress_desc *desc = stress_desc(a);

	return (desc->state == STRESS_LOCAL || desc->state == STRESS_REMOTE) &&
	       desc->owner == a->task.tid;
}

/* Whether the task surely records something. */
bool stress_is_busy(const struct stress_actor *a)
{
	const struct stress_task *task = &a->task;

	return task->local || task->in_section || (task->tree && task->tree_is_sure);
}

/* A child may be in its parent's tree, or there was no set for it. */
static bool may_be_busy(const struct stress_actor *a)
{
	return stress_is_busy(a) || a->task.tree;
}

/* What is answered where the task must be idle, and otherwise all is well. */
static uint64_t if_idle(const struct stress_actor *a, uint64_t otherwise)
{
	if (stress_is_busy(a))
		return MAY(EBUSY);
	return may_be_busy(a) ? otherwise | MAY(EBUSY) : otherwise;
}

/* A descriptor that is not open answers nothing but EBADF. */
uint64_t stress_may_enable(const struct stress_actor *a, unsigned long mode)
{
	if (stress_desc(a)->state != STRESS_READY)
		return MAY(EINVAL);
	return if_idle(a, mode == KCOV_TRACE_PC || mode == KCOV_TRACE_CMP ? MAY(0) : MAY(EINVAL));
}

uint64_t stress_may_enable_tree(const struct stress_actor *a, unsigned long argument)
{
	if (argument || stress_desc(a)->state != STRESS_READY)
		return MAY(EINVAL);
	return if_idle(a, MAY(0));
}

/* A tree is anybody's to end. */
uint64_t stress_may_disable(const struct stress_actor *a, unsigned long argument)
{
	if (argument)
		return MAY(EINVAL);
	if (stress_desc(a)->state == STRESS_TREE || stress_is_mine(a))
		return MAY(0);
	return MAY(EINVAL);
}

uint64_t stress_may_reset(const struct stress_actor *a, unsigned long argument)
{
	return !argument && stress_is_mine(a) ? MAY(0) : MAY(EINVAL);
}

uint64_t stress_may_init(const struct stress_actor *a, unsigned long words)
{
	if (words < 2 || words > INT_MAX / sizeof(uint64_t))
		return MAY(EINVAL);
	return stress_desc(a)->state == STRESS_NEW ? MAY(0) : MAY(EBUSY);
}

/* In whole pages, as the kernel rounds a length up. */
uint64_t stress_may_map(const struct stress_actor *a, size_t bytes, size_t offset)
{
	const size_t length = (bytes + KCOV_PAGE - 1) / KCOV_PAGE * KCOV_PAGE;
	const size_t words = stress_desc(a)->words;

	return words && !offset && length == words * sizeof(uint64_t) ? MAY(0) : MAY(EINVAL);
}

/* What an answer of 0 or EBUSY says about a child of a tree. */
void stress_learn_busy(struct stress_actor *a, int got)
{
	if (got == 0)
		a->task.tree = 0;
	else if (got == EBUSY)
		a->task.tree_is_sure = a->task.tree;
}

void stress_did_enable(struct stress_actor *a, unsigned int mode)
{
	struct stress_desc *desc = stress_desc(a);

	desc->state = STRESS_LOCAL;
	desc->mode = mode;
	desc->owner = a->task.tid;
	a->task.local = desc;
}

static void forget_handles(struct stress_model *model, pid_t tid)
{
	for (int i = 0; i < STRESS_HANDLES; i++)
		if (model->registered[i] == tid)
			model->registered[i] = 0;
}

static void take_back(struct stress_actor *a, struct stress_desc *desc)
{
	if (a->task.local == desc)
		a->task.local = NULL;
	if (a->task.remote == desc) {
		a->task.remote = NULL;
		forget_handles(a->model, a->task.tid);
	}
	desc->state = STRESS_READY;
	desc->owner = 0;
}

/* Whoever asks leaves its section, and the tree, even if the answer is EINVAL. */
void stress_did_disable(struct stress_actor *a)
{
	struct stress_desc *desc = stress_desc(a);

	a->task.in_section = false;
	a->task.refused = 0;
	if (a->task.tree == desc->serial)
		a->task.tree = 0;
	if (desc->state == STRESS_TREE || stress_is_mine(a))
		take_back(a, desc);
}

/* File and mapping are gone. What is bound to it stays so, and cannot be reached. */
void stress_did_release(struct stress_actor *a)
{
	struct stress_desc *desc = stress_desc(a);

	if (a->task.local == desc)
		a->task.local = STRESS_LOST;
	if (a->task.remote == desc)
		a->task.remote = STRESS_LOST;
	if (a->task.tree == desc->serial && !a->task.in_section)
		a->task.tree = 0;
	*desc = (struct stress_desc){ 0 };
}

/* A task has ended, and somebody has learned of it: all it had is free. */
void stress_did_end(struct stress_model *model, pid_t tid)
{
	forget_handles(model, tid);
	for (int i = 0; i < STRESS_SLOTS; i++) {
		struct stress_desc *desc = &model->descs[i];

		if (desc->owner != tid)
			continue;
		desc->state = STRESS_READY;
		desc->owner = 0;
	}
}
