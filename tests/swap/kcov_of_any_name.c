// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tests write other names into this one, where what counts is who uses the stock
 * module of that name: it has nothing of it.
 */
#include <linux/module.h>

static int __init swap_init(void)
{
	return 0;
}
module_init(swap_init);

static void __exit swap_exit(void)
{
}
module_exit(swap_exit);

MODULE_DESCRIPTION("Any module for kcovctl load");
MODULE_LICENSE("GPL");
