// SPDX-License-Identifier: GPL-2.0-only
/*
 * For tests: lets a module wait when it comes, with its functions there for all to
 * see, until the parameter "module" names it no longer.
 *
 * Then it fails to load. Who stands behind in the chain hears neither that it came nor
 * that it goes. With "behind" it waits where others have heard of it, and is let go on.
 *
 * Context: whoever loads a module. Locking: none, the parameter is read as it is.
 * Lifetime: the notifier chain waits for those who run.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/string.h>

static char name[MODULE_NAME_LEN];
module_param_string(module, name, sizeof(name), 0600);
MODULE_PARM_DESC(module, "the module that waits while it is named here");

static bool waiting;
module_param(waiting, bool, 0400);
MODULE_PARM_DESC(waiting, "it waits");

static bool behind;
module_param(behind, bool, 0400);
MODULE_PARM_DESC(behind, "others hear of it first, and it is not refused");

static bool is_named(const struct module *mod)
{
	return sysfs_streq(name, mod->name);
}

static int refuse_named(struct notifier_block *block, unsigned long state, void *data)
{
	if (state != MODULE_STATE_COMING || !is_named(data))
		return NOTIFY_OK;
	WRITE_ONCE(waiting, true);
	while (is_named(data))
		msleep(20);
	return behind ? NOTIFY_OK : notifier_from_errno(-EBUSY);
}

static struct notifier_block block = {
	.notifier_call = refuse_named,
};

static int __init refuse_init(void)
{
	block.priority = behind ? -1 : 1;
	return register_module_notifier(&block);
}

static void __exit refuse_exit(void)
{
	unregister_module_notifier(&block);
}

module_init(refuse_init);
module_exit(refuse_exit);

MODULE_DESCRIPTION("Lets a module wait and fail to load, for tests");
MODULE_LICENSE("GPL");
