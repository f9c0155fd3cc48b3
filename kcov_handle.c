// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of handles: whom a section is for.
 *
 * Context: any but NMIs; register and unregister have interrupts off.
 * Locking: handles_lock.
 * Lifetime: a handle is in the table while its descriptor is enabled; whoever
 * finds it gets a reference on its struct kcov_remote.
 */
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>

#include "kcov_internal.h"

#define BUCKET_BITS 8

static DEFINE_RAW_SPINLOCK(handles_lock);
static struct hlist_head buckets[1 << BUCKET_BITS];	/* under handles_lock */

static struct hlist_head *bucket_of(u64 handle)
{
	return &buckets[hash_64(handle, BUCKET_BITS)];
}

static struct kcov_remote *find_locked(u64 handle)
	__must_hold(&handles_lock)
{
	struct kcov_handle *registered;

	lockdep_assert_held(&handles_lock);
	hlist_for_each_entry(registered, bucket_of(handle), node) {
		if (registered->handle == handle)
			return registered->remote;
	}
	return NULL;
}

/**
 * kcov_handle_find() - who wants sections with this handle
 * @handle: any number
 *
 * Return: with one reference, for kcov_handle_put_later(); NULL for nobody.
 */
struct kcov_remote *kcov_handle_find(u64 handle)
{
	struct kcov_remote *remote;
	unsigned long flags;

	raw_spin_lock_irqsave(&handles_lock, flags);
	remote = find_locked(handle);
	/* While it is registered the descriptor holds one. */
	if (remote)
		refcount_inc(&remote->refs);
	raw_spin_unlock_irqrestore(&handles_lock, flags);
	return remote;
}

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
	if (!find_locked(handle)) {
		hlist_add_head(&free->node, bucket_of(handle));
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
		hlist_del(&remote->handles[--remote->count].node);
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

/* Frees at once, by what the work is for. May sleep. */
void kcov_handle_put(struct kcov_remote *remote)
{
	if (refcount_dec_and_test(&remote->refs))
		remote->free_work.func(&remote->free_work);
}

/* The same from where nothing may sleep. */
void kcov_handle_put_later(struct kcov_remote *remote)
{
	if (refcount_dec_and_test(&remote->refs))
		kcov_desc_queue(&remote->free_work);
}
