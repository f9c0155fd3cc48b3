// SPDX-License-Identifier: GPL-2.0-only
/*
 * btrfs with callbacks.
 */
#include "filesystem.h"

static const char *const calls[] = {
	"btrfs_mkdir", "btrfs_create", "btrfs_buffered_write", "btrfs_sync_file", "btrfs_rename2",
	"btrfs_unlink", "btrfs_rmdir", NULL
};

static const struct filesystem btrfs = {
	.module = "btrfs",
	.make = "mkfs.btrfs -q -f",
	.check = "btrfs check --readonly",
	.bytes = 128 << 20,
	.fill = "open_ctree",
	.calls = calls,
	.others = "btrfs_link",
	.compares = "btrfs_scan_one_device",
	.place = (64 << 10) + 64,
	.magic_bytes = 8,
	.magic = 0x4d5f53665248425f,	/* _BHRfS_M */
};

int main(void)
{
	return test_filesystem(&btrfs);
}
