// SPDX-License-Identifier: GPL-2.0-only
/*
 * ext4 with callbacks.
 */
#include "filesystem.h"

static const char *const calls[] = {
	"ext4_mkdir", "ext4_create", "ext4_buffered_write_iter", "ext4_sync_file", "ext4_rename",
	"ext4_unlink", "ext4_rmdir", "ext4_truncate", "ext4_lookup", NULL
};

static const struct filesystem ext4 = {
	.module = "ext4",
	.make = "mke2fs -q -F -t ext4",
	.check = "e2fsck -f -n",
	.bytes = 32 << 20,
	.fill = "ext4_fill_super",
	.calls = calls,
	.others = "ext4_link",
	.compares = "ext4_fill_super",
	.place = 1024 + 56,
	.magic_bytes = 2,
	.magic = 0xef53,
};

int main(void)
{
	return test_filesystem(&ext4);
}
