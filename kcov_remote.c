// SPDX-License-Identifier: GPL-2.0-only
/*
 * KCOV_REMOTE_ENABLE: a task gets the records of sections with its handles.
 *
 * Registers the handles for a descriptor and sets aside what sections need;
 * DISABLE, the owner's exit and nothing else take them back.
 *
 * Context: enable and disable are process context; kcov_remote_exit() runs
 * with preemption disabled.
 * Locking: desc->lock, inside it the lock of the table of handles.
 * Lifetime: a struct kcov_remote is the descriptor's while it is enabled, and
 * lives on until the last section with one of its handles is over. Being the
 * descriptor's is what makes its sections count.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <uapi/linux/kcov.h>

#include "kcov_internal.h"

#define HANDLES_MAX 0x100

/* One list after the other, so that nobody meets a list that fails half-way. */
static DEFINE_MUTEX(register_lock);

static void free_remote(struct work_struct *work)
{
	struct kcov_remote *remote = container_of(work, struct kcov_remote,
						  free_work);
	struct kcov_desc *desc = remote->desc;

	if (remote->following)
		kcov_follow_put();
	if (remote->hooked)
		kcov_hook_put();
	kcov_area_cleanup(remote);
	/* Who looks for a handle may still be at it, and look at the descriptor. */
	kfree_rcu(remote, rcu);
	kcov_desc_put(desc);
}

static bool is_usb_handle(u64 handle)
{
	return (handle & KCOV_SUBSYSTEM_MASK) == KCOV_SUBSYSTEM_USB &&
	       !(handle & ~(KCOV_SUBSYSTEM_MASK | KCOV_INSTANCE_MASK));
}

static bool is_common_handle(u64 handle)
{
	return handle && !(handle & ~KCOV_INSTANCE_MASK);
}

/* In the order user space has always seen: each is checked, then taken. */
static enum kcov_refusal register_handles(struct kcov_remote *remote,
					  const struct kcov_remote_arg *arg)
{
	enum kcov_refusal refusal = KCOV_OK;
	u32 i;

	for (i = 0; i < arg->num_handles && !refusal; i++)
		refusal = is_usb_handle(arg->handles[i]) ?
			kcov_handle_register(remote, arg->handles[i]) :
			KCOV_BAD_HANDLE;
	if (refusal || !arg->common_handle)
		return refusal;
	return is_common_handle(arg->common_handle) ?
		kcov_handle_register(remote, arg->common_handle) :
		KCOV_BAD_COMMON_HANDLE;
}

static enum kcov_refusal refuse_enable(const struct kcov_desc *desc,
				       const struct kcov_remote_arg *arg)
	__must_hold(&desc->lock)
{
	const struct kcov_task *kt;

	lockdep_assert_held(&desc->lock);
	if (desc->state == KCOV_NEW)
		return KCOV_NOT_INIT;
	if (desc->state != KCOV_READY)
		return KCOV_IS_ENABLED;
	kt = kcov_task_here();
	if (kt && kt->remote)
		return KCOV_REMOTE_BUSY;
	/* A driver forgot its end; the entry may be the section's own. */
	if (kt && (kt->sections[KCOV_IN_TASK] || kt->sections[KCOV_IN_SOFTIRQ]))
		return KCOV_THREAD_BUSY;
	if (arg->trace_mode != KCOV_TRACE_PC &&
	    arg->trace_mode != KCOV_TRACE_CMP)
		return KCOV_BAD_MODE;
	return KCOV_OK;
}

static void bind(struct kcov_desc *desc, struct kcov_remote *remote,
		 const struct kcov_remote_arg *arg)
	__must_hold(&desc->lock)
{
	desc->rec.mode = remote->mode;
	desc->rec.capacity = kcov_record_capacity(remote->mode, desc->words);
	/* Pairs with kcov_handle_is_wanted() and kcov_area_take(). */
	WRITE_ONCE(desc->remote, remote);
	kcov_desc_get(desc);
	kcov_bind_own(desc, arg->common_handle);
}

/*
 * Looks again at what may have changed since it was looked at before, and takes
 * over the caller's reference on @remote.
 */
static enum kcov_refusal try_bind(struct kcov_desc *desc,
				  struct kcov_remote *remote,
				  const struct kcov_remote_arg *arg)
{
	enum kcov_refusal refusal;
	unsigned long flags;

	mutex_lock(&register_lock);
	flags = kcov_desc_lock_merged(desc);
	refusal = refuse_enable(desc, arg);
	if (!refusal) {
		/* Sections that begin from here on wait for the lock, and look then. */
		refusal = register_handles(remote, arg);
		if (!refusal) {
			bind(desc, remote, arg);
		} else {
			kcov_handle_unregister(remote);
			kcov_task_forget_handle();
		}
	}
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	mutex_unlock(&register_lock);
	return refusal;
}

static enum kcov_refusal look_before(struct kcov_desc *desc,
				     const struct kcov_remote_arg *arg)
{
	enum kcov_refusal refusal;
	unsigned long flags;

	raw_spin_lock_irqsave(&desc->lock, flags);
	refusal = refuse_enable(desc, arg);
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return refusal;
}

static struct kcov_remote *make_remote(struct kcov_desc *desc,
				       const struct kcov_remote_arg *arg)
{
	struct kcov_remote *remote;

	/* One more for the common handle. */
	remote = kzalloc(struct_size(remote, handles, arg->num_handles + 1),
			 GFP_KERNEL_ACCOUNT);
	if (!remote)
		return NULL;
	remote->refs = 1;
	INIT_WORK(&remote->free_work, free_remote);
	remote->mode = arg->trace_mode;
	remote->desc = desc;
	kcov_desc_get(desc);
	return remote;
}

/* What children of the owner, and what it hands over, will need. */
static int watch_children(struct kcov_remote *remote)
{
	int err = kcov_inherit_start();

	if (!err)
		err = kcov_follow_get();
	remote->following = !err;
	return err;
}

static int hook_usb(struct kcov_remote *remote)
{
	int err = kcov_hook_get();

	remote->hooked = !err;
	return err;
}

static enum kcov_refusal set_aside(struct kcov_remote *remote,
				   const struct kcov_remote_arg *arg)
{
	int err = kcov_area_setup(remote, arg->area_size);

	if (!err && arg->common_handle)
		err = watch_children(remote);
	/* All of a list are USB's, or it will be refused. */
	if (!err && arg->num_handles)
		err = hook_usb(remote);
	return kcov_refusal_of(err);
}

static enum kcov_refusal enable(struct kcov_desc *desc,
				const struct kcov_remote_arg *arg)
{
	enum kcov_refusal refusal = look_before(desc, arg);
	struct kcov_remote *remote;

	if (refusal)
		return refusal;
	remote = make_remote(desc, arg);
	if (!remote)
		return KCOV_NO_MEMORY;
	refusal = set_aside(remote, arg);
	if (!refusal)
		refusal = try_bind(desc, remote, arg);
	if (refusal)
		kcov_handle_put(remote);
	return refusal;
}

/* What user space wrote may change while it is read. */
static enum kcov_refusal copy_argument(struct kcov_remote_arg **copy,
				       const struct kcov_remote_arg __user *arg)
{
	u32 count;

	if (get_user(count, &arg->num_handles))
		return KCOV_BAD_ADDRESS;
	if (count > HANDLES_MAX)
		return KCOV_MANY_HANDLES;
	*copy = memdup_user(arg, struct_size(arg, handles, count));
	if (IS_ERR(*copy))
		return PTR_ERR(*copy) == -ENOMEM ? KCOV_NO_MEMORY :
						   KCOV_BAD_ADDRESS;
	if ((*copy)->num_handles == count)
		return KCOV_OK;
	kfree(*copy);
	return KCOV_TORN_HANDLES;
}

/**
 * kcov_remote_enable() - current gets the records of sections
 * @desc: the descriptor they are merged into
 * @argument: struct kcov_remote_arg in user space
 */
enum kcov_refusal kcov_remote_enable(struct kcov_desc *desc,
				     const void __user *argument)
{
	struct kcov_remote_arg *arg;
	enum kcov_refusal refusal = copy_argument(&arg, argument);

	if (refusal)
		return refusal;
	refusal = enable(desc, arg);
	kfree(arg);
	return refusal;
}

/* Only current can make this true or false for itself. */
bool kcov_remote_is_owner(struct kcov_desc *desc)
{
	unsigned long flags;
	bool owner;

	raw_spin_lock_irqsave(&desc->lock, flags);
	owner = desc->state == KCOV_REMOTE && desc->owner == current;
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return owner;
}

/* From here on no section begins for @desc, and none that ends counts. */
static struct kcov_remote *unbind(struct kcov_desc *desc)
{
	struct kcov_remote *remote;
	unsigned long flags;

	raw_spin_lock_irqsave(&desc->lock, flags);
	remote = desc->remote;
	kcov_handle_unregister(remote);
	WRITE_ONCE(desc->remote, NULL);
	kcov_bind_disown(desc);
	raw_spin_unlock_irqrestore(&desc->lock, flags);
	return remote;
}

/**
 * kcov_remote_disable() - current, the owner, wants no more of @desc
 * @desc: the descriptor
 */
enum kcov_refusal kcov_remote_disable(struct kcov_desc *desc)
{
	kcov_handle_put(unbind(desc));
	kcov_desc_put(desc);
	return KCOV_OK;
}

/* The owner starts to exit; see kcov_bind_exit(). */
void kcov_remote_exit(void)
{
	struct kcov_task *kt = kcov_task_here();
	struct kcov_desc *desc = kt ? kt->remote : NULL;

	if (!desc)
		return;
	kcov_handle_put_later(unbind(desc));
	kcov_desc_put_later(desc);
}
