// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of handles: whom a section is for.
 *
 * Context: any but NMIs; all but the puts have interrupts off.
 * Locking: handles_lock to change it; who looks has interrupts off, which RCU
 * waits for, and takes no lock.
 * Lifetime: a handle is in the table while its descriptor is enabled. Whoever
 * finds it looks under the descriptor's lock whether that is still so.
 */
#include <linux/lockdep.h>
#include <linux/rculist.h>
#include <linux/spinlock.h>

#include "kcov_internal.h"

static DEFINE_RAW_SPINLOCK(handles_lock);
struct hlist_head kcov_handles[1 << KCOV_HANDLE_BITS];

/**
 * kcov_handle_register() - sections with this handle are for @remote
 * @remote: has room for one more
 * @handle: a valid one
 */
enum kcov_refusal kcov_handle_register(struct kcov_remote *remote, u64 handle)
{
	struct kcov_handle *free = &remote->handles[remote->count];
	enum kcov_refusal refusal = KCOV_HANDLE_TAKEN;

	lockdep_assert_irqs_disabled();
	free->handle = handle;
	free->remote = remote;
	raw_spin_lock(&handles_lock);
	if (!kcov_handle_find(handle)) {
		hlist_add_head_rcu(&free->node, kcov_handle_bucket(handle));
		remote->count++;
		refusal = KCOV_OK;
	}
	raw_spin_unlock(&handles_lock);
	return refusal;
}

/* All handles of @remote: nobody finds it any more. */
void kcov_handle_unregister(struct kcov_remote *remote)
{
	lockdep_assert_irqs_disabled();
	raw_spin_lock(&handles_lock);
	while (remote->count)
		hlist_del_rcu(&remote->handles[--remote->count].node);
	raw_spin_unlock(&handles_lock);
}

/*
 * Whether somebody still waits for sections of @remote, of which the caller has
 * one: that keeps the descriptor. Just a look; a merge looks again, locked.
 */
bool kcov_handle_is_wanted(const struct kcov_remote *remote)
{
	return READ_ONCE(remote->desc->remote) == remote;
}

static bool put(struct kcov_remote *remote)
{
	struct kcov_desc *desc = remote->desc;
	unsigned long flags;
	bool was_last;

	/* If it is not, nothing of both may be touched behind the lock. */
	raw_spin_lock_irqsave(&desc->lock, flags);
	was_last = !--remote->refs;
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return was_last;
}

/* Frees at once, by what the work is for. May sleep. */
void kcov_handle_put(struct kcov_remote *remote)
{
	if (put(remote))
		remote->free_work.func(&remote->free_work);
}

/* The same from where nothing may sleep. */
void kcov_handle_put_later(struct kcov_remote *remote)
{
	if (put(remote))
		kcov_desc_queue(&remote->free_work);
}
