// SPDX-License-Identifier: GPL-2.0-only
/*
 * Uses what another module of these has, as the kernel's module of this name does.
 */
#include <linux/crc-itu-t.h>
#include <linux/module.h>

static const u8 digits[] = { '1', '2', '3', '4', '5', '6', '7', '8', '9' };

static int __init swap_init(void)
{
	return crc_itu_t(0xffff, digits, sizeof(digits)) == 0x29b1 ? 0 : -EINVAL;
}
module_init(swap_init);

static void __exit swap_exit(void)
{
}
module_exit(swap_exit);

MODULE_DESCRIPTION("UDF for kcovctl load");
MODULE_LICENSE("GPL");
