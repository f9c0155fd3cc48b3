// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors that the threads of a process fight for.
 *
 * Nobody knows their state but of those that he has enabled himself: that he keeps them, that
 * nobody else gets them meanwhile, and that nobody else can disable them.
 */
#include "stress.h"

#include "kcov_remote.h"

void stress_shared_init(struct stress_actor *a)
{
	const unsigned int i = stress_draw(a, STRESS_SHARED);

	stress_expect(a, MAY(0) | MAY(EBUSY), kcov_init(a->common->fds[i], KCOV_TEST_SIZE));
}

static uint64_t may_own(const struct stress_actor *a)
{
	if (stress_is_busy(a))
		return MAY(EINVAL) | MAY(EBUSY);
	return MAY(0) | MAY(EINVAL);
}

static uint64_t may_own_remote(const struct stress_actor *a)
{
	if (a->task.remote || a->task.in_section)
		return MAY(EINVAL) | MAY(EBUSY);
	if (a->model->registered[STRESS_HANDLE_B])
		return MAY(EINVAL) | MAY(EEXIST);
	return MAY(0) | MAY(EINVAL);
}

static void own(struct stress_actor *a, unsigned int i, bool is_remote)
{
	const pid_t owner = __atomic_exchange_n(&a->common->owners[i], a->task.tid,
						__ATOMIC_SEQ_CST);

	if (owner)
		stress_fail(a, "shared descriptor %u is enabled by %d and %d", i, owner,
			    a->task.tid);
	a->shared = i;
	a->shared_is_remote = is_remote;
	if (is_remote) {
		a->task.remote = STRESS_LOST;
		a->model->registered[STRESS_HANDLE_B] = a->task.tid;
	} else {
		a->task.local = STRESS_LOST;
	}
}

/* At most one of them at a time: who has one asks for more of the same kind. */
void stress_shared_enable(struct stress_actor *a)
{
	const bool drawn = stress_draw(a, 3) == 0;
	const bool is_remote = a->shared < 0 ? drawn : a->shared_is_remote;
	const unsigned int i = stress_draw(a, STRESS_SHARED);
	const unsigned int mode = stress_draw(a, 2);
	int got;

	if (is_remote) {
		got = kcov_enable_usb(a->common->fds[i], stress_handle(a, STRESS_HANDLE_B));
		stress_expect(a, may_own_remote(a), got);
	} else {
		got = kcov_ioctl(a->common->fds[i], KCOV_ENABLE, mode);
		stress_expect(a, may_own(a), got);
	}
	if (!got)
		own(a, i, is_remote);
}

static void give_up(struct stress_actor *a)
{
	__atomic_store_n(&a->common->owners[a->shared], 0, __ATOMIC_SEQ_CST);
	a->shared = -1;
}

void stress_shared_disable(struct stress_actor *a)
{
	const int i = stress_draw(a, STRESS_SHARED);
	const bool is_mine = a->shared == i;

	if (is_mine)
		give_up(a);
	stress_expect(a, is_mine ? MAY(0) : MAY(EINVAL), kcov_disable(a->common->fds[i]));
	a->task.in_section = false;
	a->task.refused = 0;
	if (!is_mine)
		return;
	if (a->shared_is_remote) {
		a->task.remote = NULL;
		a->model->registered[STRESS_HANDLE_B] = 0;
	} else {
		a->task.local = NULL;
	}
}

/* Before the thread ends, and another one can have it. */
void stress_shared_end(struct stress_actor *a)
{
	if (a->shared >= 0)
		give_up(a);
}
