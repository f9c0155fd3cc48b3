// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel's module of this name exports, so that its users take it; and
 * parameters by which a test sees which one it has, lets it fail, or uses it.
 */
#include <linux/crc-itu-t.h>
#include <linux/module.h>

#define POLYNOMIAL	0x1021

/* Of those that the tests load nobody reads it. */
const u16 crc_itu_t_table[256];
EXPORT_SYMBOL(crc_itu_t_table);

static int mark;
module_param(mark, int, 0444);

static int refuse;
module_param(refuse, int, 0444);

static bool held;

static int set_held(const char *value, const struct kernel_param *param)
{
	const bool was = held;
	const int err = param_set_bool(value, param);

	if (!err && held && !was)
		__module_get(THIS_MODULE);
	if (!err && !held && was)
		module_put(THIS_MODULE);
	return err;
}

static const struct kernel_param_ops held_ops = { .set = set_held, .get = param_get_bool };
module_param_cb(held, &held_ops, &held, 0644);

static u16 add_byte(u16 crc, u8 byte)
{
	crc ^= byte << 8;
	for (int bit = 0; bit < 8; bit++)
		crc = crc << 1 ^ (crc & 0x8000 ? POLYNOMIAL : 0);
	return crc;
}

u16 crc_itu_t(u16 crc, const u8 *buffer, size_t len)
{
	while (len--)
		crc = add_byte(crc, *buffer++);
	return crc;
}
EXPORT_SYMBOL(crc_itu_t);

static int __init swap_init(void)
{
	return refuse ? -ENODEV : 0;
}
module_init(swap_init);

static void __exit swap_exit(void)
{
}
module_exit(swap_exit);

MODULE_DESCRIPTION("CRC ITU-T for kcovctl load");
MODULE_LICENSE("GPL");
