// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a section's records into the buffer of the descriptor they are
 * for.
 *
 * The few records that most sections have are copied and published with the lock
 * held. With more it takes too long for that:
 *
 * Sections of one descriptor may end on several CPUs at once. The first becomes
 * the one who merges, the others leave theirs in a list that it works off:
 * desc->merging. It copies behind the records that count, without
 * the lock, then takes the lock, looks whether the sections of this enabling
 * still count and whether user space has left the count alone meanwhile, and
 * publishes. After DISABLE has had the lock nothing is published any more; a
 * copy may still be under way, so the next enabling waits for its end.
 *
 * Context: any that a section can end in; records nothing meanwhile.
 * Locking: desc->lock; a copy that is not a small one is made under no lock.
 * Lifetime: whoever merges holds the descriptor, every section its
 * struct kcov_remote.
 */
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/spinlock.h>

#include "kcov_internal.h"

/* A user's count that is changed in each copy's time is given up. */
#define MERGE_TRIES 3

/* What is copied with the lock held, and interrupts off, at most. */
#define WORDS_AT_ONCE 64

/* A section that is not recorded, for its descriptor and in kcov_mod/lost. */
void kcov_merge_lost(struct kcov_remote *remote, enum kcov_loss loss)
{
	struct kcov_desc *desc = remote->desc;
	unsigned long flags;

	kcov_loss_count(loss);
	raw_spin_lock_irqsave(&desc->lock, flags);
	desc->lost++;
	raw_spin_unlock_irqrestore(&desc->lock, flags);
}

/* The remote and the count a copy is made for; they may change meanwhile. */
static bool look(struct kcov_desc *desc, struct kcov_section *section,
		 u64 *count)
{
	unsigned long flags;
	bool counts;

	raw_spin_lock_irqsave(&desc->lock, flags);
	counts = desc->remote == section->remote;
	*count = counts ? READ_ONCE(desc->rec.area[0]) : 0;
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return counts;
}

/*
 * False if it has to be looked at again: user space has changed the count since,
 * or the sections of this enabling do not count any more.
 */
static bool publish(struct kcov_desc *desc, struct kcov_section *section,
		    u64 count, u64 copied)
{
	u64 all = kcov_record_count(&section->rec);
	bool done = false;
	unsigned long flags;

	raw_spin_lock_irqsave(&desc->lock, flags);
	if (desc->remote == section->remote) {
		done = READ_ONCE(desc->rec.area[0]) == count;
		if (done) {
			if (copied)
				kcov_record_publish(&desc->rec, count + copied);
			kcov_record_drop(&desc->rec, section->rec.dropped +
						     all - copied);
		}
	}
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return done;
}

static void merge(struct kcov_desc *desc, struct kcov_section *section)
{
	u64 count, base, copied;
	int tries;

	for (tries = 0; tries < MERGE_TRIES; tries++) {
		if (!look(desc, section, &count)) {
			kcov_merge_lost(section->remote, KCOV_LOST_OUTLIVED);
			return;
		}
		base = min(count, desc->rec.capacity);
		copied = kcov_record_copy(&desc->rec, base, &section->rec);
		if (publish(desc, section, count, copied))
			return;
	}
	kcov_merge_lost(section->remote, KCOV_LOST_UNMERGED);
}

static struct kcov_section *next_finished(struct kcov_desc *desc)
{
	struct kcov_section *section;
	unsigned long flags;

	raw_spin_lock_irqsave(&desc->lock, flags);
	section = list_first_entry_or_null(&desc->finished,
					   struct kcov_section, node);
	if (section)
		list_del(&section->node);
	else
		desc->merging = false;
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return section;
}

/* True if the caller has to merge: it, and whatever others finish meanwhile. */
static bool add_finished(struct kcov_desc *desc, struct kcov_section *section)
{
	unsigned long flags;
	bool must_merge;

	raw_spin_lock_irqsave(&desc->lock, flags);
	list_add_tail(&section->node, &desc->finished);
	must_merge = !desc->merging;
	desc->merging = true;
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return must_merge;
}

/**
 * kcov_merge_finish() - append a section's records to the owner's buffer
 * @section: is over, and nobody can find it; released here, or by whoever is
 *           merging already
 */
void kcov_merge_finish(struct kcov_section *section)
{
	struct kcov_desc *desc = section->remote->desc;

	/* The section's own goes with its release. */
	kcov_desc_get(desc);
	if (add_finished(desc, section)) {
		while ((section = next_finished(desc))) {
			merge(desc, section);
			kcov_area_release(section);
		}
	}
	kcov_desc_put_later(desc);
}

/* False if not all fits, or if user space changes the count meanwhile. */
static bool append_locked(struct kcov_recorder *to,
			  const struct kcov_recorder *from, u64 records)
{
	const u64 *area = to->area;
	u64 count = READ_ONCE(area[0]), sum;

	if (check_add_overflow(count, records, &sum) || sum > to->capacity)
		return false;
	kcov_record_copy_few(to, count, from, records);
	if (READ_ONCE(area[0]) != count)
		return false;
	kcov_record_publish(to, sum);
	return true;
}

static bool merge_locked(struct kcov_desc *desc, struct kcov_section *section)
	__must_hold(&desc->lock)
{
	const struct kcov_recorder *rec = &section->rec;
	u64 records = kcov_record_count(rec);

	lockdep_assert_held(&desc->lock);
	if (desc->merging || desc->remote != section->remote ||
	    records * kcov_record_words(rec->mode) > WORDS_AT_ONCE)
		return false;
	if (records && !append_locked(&desc->rec, rec, records))
		return false;
	kcov_record_drop(&desc->rec, rec->dropped);
	return true;
}

/**
 * kcov_merge_at_once() - do what kcov_merge_finish() does if it is little
 * @section: is over, and nobody can find it; interrupts are off
 *
 * Return: false if nothing was done.
 */
bool kcov_merge_at_once(struct kcov_section *section)
{
	struct kcov_desc *desc = section->remote->desc;

	lockdep_assert_irqs_disabled();
	raw_spin_lock(&desc->lock);
	if (!merge_locked(desc, section)) {
		raw_spin_unlock(&desc->lock);
		return false;
	}
	/* Not the last reference: the descriptor has one, or it did not count. */
	kcov_area_release_locked(section);
	raw_spin_unlock(&desc->lock);
	return true;
}
