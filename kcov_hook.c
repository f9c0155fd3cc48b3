// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sections of the stock kernel: code that is annotated in the kernel's source,
 * but whose annotations are compiled out.
 *
 * While somebody has a USB handle, the work of hubs and the completion of
 * transfers in softirqs are sections of their bus, also in a usbcore that was
 * rebuilt and has its annotations. Both are found by their
 * names in usbcore, which is not needed: it may come later, go, or not exist.
 *
 * Context: probes run in workers and in softirqs, those of tracepoints with
 * preemption off but on 7.3. The rest is process context.
 * Locking: hook_lock. The module notifier is called without the locks of
 * modules, which hook_lock is outside of.
 * Lifetime: hooks are there while a struct kcov_remote with a USB handle is,
 * and every section of such a handle holds one; so no hook goes while a section
 * waits for its end.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#include <linux/usb.h>
#include <linux/workqueue.h>
#include <trace/events/workqueue.h>

#include "include/kcov.h"
#include "kcov_internal.h"

#define HUB_WORK "hub_event"
#define GIVEBACK "__usb_hcd_giveback_urb"

static DEFINE_MUTEX(hook_lock);
static unsigned int users;		/* under hook_lock */
static struct tracepoint *work_start, *work_end;	/* under hook_lock */
static bool giveback_hooked;		/* under hook_lock */

/* Read by the probe: NULL while there is no usbcore. */
static work_func_t hub_work;

/*
 * The work of a hub lies in a private struct that begins with a pointer to the
 * device of its interface, which points back with its driver data. So walk
 * backwards until that is found.
 */
#define HUB_WORDS_MAX 512

static bool read_pointer(const void *from, void **value)
{
	return !copy_from_kernel_nofault(value, from, sizeof(*value));
}

static bool is_hub(const void *hub)
{
	struct device *interface;
	void *data;

	return read_pointer(hub, (void **)&interface) && interface &&
	       read_pointer(&interface->driver_data, &data) && data == hub;
}

static struct usb_device *device_of(const void *hub)
{
	struct device *interface = *(struct device * const *)hub;

	return interface_to_usbdev(to_usb_interface(interface));
}

/* NULL if the work is not that of a hub as we know them. */
static struct usb_device *hub_of(struct work_struct *work)
{
	/* The distance found last; a hint, so nothing orders it. */
	static unsigned int known;
	unsigned int words = READ_ONCE(known);

	if (words && is_hub((void **)work - words))
		return device_of((void **)work - words);
	for (words = 1; words < HUB_WORDS_MAX; words++) {
		if (is_hub((void **)work - words)) {
			WRITE_ONCE(known, words);
			return device_of((void **)work - words);
		}
	}
	/* One that is being unplugged has lost its driver data. */
	if (READ_ONCE(known))
		return NULL;
	pr_warn_once("the work of USB hubs looks different in this kernel: it is in no section\n");
	return NULL;
}

static void start(const struct usb_bus *bus)
{
	u64 handle = kcov_remote_handle(KCOV_SUBSYSTEM_USB, bus->busnum);

	kcov_remote_start(handle);
	kcov_section_hooked(handle);
}

static void probe_work_start(void *data, struct work_struct *work)
{
	work_func_t hub_event = READ_ONCE(hub_work);
	struct usb_device *device;

	if (!hub_event || work->func != hub_event)
		return;
	device = hub_of(work);
	if (device)
		start(device->bus);
}

/* The work may be gone: what it was is told by its function. */
static void probe_work_end(void *data, struct work_struct *work,
			   work_func_t function)
{
	work_func_t hub_event = READ_ONCE(hub_work);

	if (hub_event && function == hub_event)
		kcov_remote_stop();
}

static int giveback_start(struct kretprobe_instance *instance,
			  struct pt_regs *regs)
{
	const struct urb *urb = (const struct urb *)regs_get_kernel_argument(regs, 0);

	if (kcov_context() == KCOV_CONTEXT_SOFTIRQ)
		start(urb->dev->bus);
	return 0;
}

static int giveback_end(struct kretprobe_instance *instance,
			struct pt_regs *regs)
{
	kcov_remote_stop_softirq();
	return 0;
}

/* No post_handler: ftrace does not survive two probes if one has it. */
static struct kretprobe giveback = {
	.handler = giveback_end,
	.entry_handler = giveback_start,
	.maxactive = 64,
};

/* More at the same time than there are instances, or inside another probe. */
static unsigned long missed(void)
{
	return READ_ONCE(giveback.nmissed) + READ_ONCE(giveback.kp.nmissed);
}

static void unhook_giveback(void)
	__must_hold(&hook_lock)
{
	if (!giveback_hooked)
		return;
	unregister_kretprobe(&giveback);
	kcov_loss_add(KCOV_LOST_COMPLETION, missed());
	giveback.nmissed = 0;
	giveback.kp.nmissed = 0;
	/* No address: ftrace has shut itself down, and the probe is still there. */
	giveback_hooked = !giveback.kp.addr;
}

static int hook_giveback(void)
	__must_hold(&hook_lock)
{
	int err;

	/* A module that is still coming is found by a look-up, too. */
	if (giveback_hooked && !(giveback.kp.flags & KPROBE_FLAG_GONE))
		return 0;
	/* It failed to load then, and went without a word. */
	unhook_giveback();
	giveback.kp.symbol_name = GIVEBACK;
	giveback.kp.addr = NULL;
	giveback.kp.flags = 0;
	err = register_kretprobe(&giveback);
	giveback_hooked = !err;
	return err;
}

/* usbcore is there, or has just come. Return: what hook_giveback() says. */
static int hook_usb(void)
	__must_hold(&hook_lock)
{
	unsigned long address = kcov_symbol_address(HUB_WORK);

	if (!address)
		return 0;
	WRITE_ONCE(hub_work, (work_func_t)address);
	return hook_giveback();
}

static void warn_of_giveback(int err)
{
	pr_warn_ratelimited("completions of USB transfers are in no section: no probe at %s (%d)\n",
			    GIVEBACK, err);
}

static void unhook_usb(void)
	__must_hold(&hook_lock)
{
	WRITE_ONCE(hub_work, NULL);
	unhook_giveback();
}

static bool is_usbcore(const struct module *mod)
{
	return !strcmp(mod->name, "usbcore");
}

static int module_changed(struct notifier_block *nb, unsigned long state,
			  void *data)
{
	int err = 0;

	if (!is_usbcore(data))
		return NOTIFY_DONE;
	mutex_lock(&hook_lock);
	if (users && state == MODULE_STATE_COMING)
		err = hook_usb();
	else if (users && state == MODULE_STATE_GOING)
		unhook_usb();
	mutex_unlock(&hook_lock);
	if (err)
		warn_of_giveback(err);
	return NOTIFY_DONE;
}

static struct notifier_block module_nb = {
	.notifier_call = module_changed,
};

/*
 * Before the probes of kcov_follow.c at both ends: the section of a hub is then
 * there when they look, and is the innermost one when it ends.
 */
#define WORK_PRIO (TRACEPOINT_DEFAULT_PRIO + 1)

static int watch_work(void)
	__must_hold(&hook_lock)
{
	int err;

	if (!work_start || !work_end)
		return -EOPNOTSUPP;
	err = tracepoint_probe_register_prio(work_start, probe_work_start, NULL,
					     WORK_PRIO);
	if (err)
		return err;
	err = tracepoint_probe_register_prio(work_end, probe_work_end, NULL,
					     WORK_PRIO);
	if (err) {
		tracepoint_probe_unregister(work_start, probe_work_start, NULL);
		tracepoint_synchronize_unregister();
	}
	return err;
}

static void unwatch_work(void)
	__must_hold(&hook_lock)
{
	tracepoint_probe_unregister(work_start, probe_work_start, NULL);
	tracepoint_probe_unregister(work_end, probe_work_end, NULL);
	tracepoint_synchronize_unregister();
}

static int hook_all(void)
	__must_hold(&hook_lock)
{
	int err = watch_work();

	if (err)
		return err;
	err = hook_usb();
	if (err == -ENOMEM) {
		unhook_usb();
		unwatch_work();
		return err;
	}
	if (err)
		warn_of_giveback(err);
	return 0;
}

/**
 * kcov_hook_get() - USB work is in sections from now on
 *
 * Balanced by kcov_hook_put(). May sleep.
 *
 * Return: 0, also if there is no USB, or no probe possible there; or an errno.
 */
int kcov_hook_get(void)
{
	int err = 0;

	mutex_lock(&hook_lock);
	if (!users)
		err = hook_all();
	if (!err)
		users++;
	mutex_unlock(&hook_lock);
	return err;
}

void kcov_hook_put(void)
{
	mutex_lock(&hook_lock);
	if (!--users) {
		unhook_usb();
		unwatch_work();
	}
	mutex_unlock(&hook_lock);
}

/* Completions that the probe has missed and that are not in the count of losses yet. */
unsigned long kcov_hook_missed(void)
{
	unsigned long number;

	mutex_lock(&hook_lock);
	number = giveback_hooked ? missed() : 0;
	mutex_unlock(&hook_lock);
	return number;
}

int __init kcov_hook_setup(void)
{
	check_trace_callback_type_workqueue_execute_start(probe_work_start);
	check_trace_callback_type_workqueue_execute_end(probe_work_end);
	work_start = kcov_tracepoint_find("workqueue_execute_start");
	work_end = kcov_tracepoint_find("workqueue_execute_end");
	return register_module_notifier(&module_nb);
}

void kcov_hook_cleanup(void)
{
	unregister_module_notifier(&module_nb);
}
