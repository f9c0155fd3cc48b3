// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver with a bug to find: a parser of packets, and behind several comparisons
 * a check that is missing.
 *
 * debugfs kcov_crash/input: a packet, written at once. debugfs kcov_crash/crashes: how often
 * the bug was met.
 *
 * It is not let do its harm: where the driver would write behind its table, the writer gets
 * SIGSEGV, which is what a fuzzer takes for a crash, and the machine goes on. With the
 * parameter "oops" it is a true one, a write to address 0.
 *
 * Context: the writer's. Locking: none that could be held when the writer dies; what two
 * writers do to the table at once is their affair.
 * Lifetime: an open file pins the module. The file is made without debugfs's proxy, which
 * counts who is inside: a writer that died there would be waited for at exit, for ever.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define MAGIC	0x4b43504bU	/* "KPCK" */
#define SLOTS	128U
#define PACKET_MAX 64U

enum opcode {
	OP_NONE,
	OP_CLEAR,
	OP_COPY,
	OP_FILL,
};

enum {
	FLAG_REPEAT = 0x02,
};

struct packet {
	__le32 magic;
	u8 length;		/* of the whole packet */
	u8 opcode;
	u8 flags;
	u8 check;		/* makes the sum of opcode, flags and itself a multiple of 4 */
	u8 unit;		/* even ones are read-only */
	u8 slot;		/* where to begin */
	u8 count;		/* how many slots */
	u8 value;
} __packed;

static bool oops;
module_param(oops, bool, 0600);
MODULE_PARM_DESC(oops, "the bug is an oops instead of SIGSEGV for the writer");

static u8 table[SLOTS];
static u8 *nowhere;
static atomic_t crashes = ATOMIC_INIT(0);
static struct dentry *directory;

static noinline void crash(void)
{
	atomic_inc(&crashes);
	if (READ_ONCE(oops))
		WRITE_ONCE(*READ_ONCE(nowhere), 1);
	force_sig(SIGSEGV);
}

/* That the first slot is in the table does not yet mean that the last one is. */
static noinline int fill_slots(const struct packet *packet)
{
	if (packet->slot + packet->count > SLOTS) {
		crash();
		return -EFAULT;
	}
	memset(table + packet->slot, packet->value, packet->count);
	return 0;
}

static noinline int clear_slot(const struct packet *packet)
{
	if (packet->slot >= SLOTS)
		return -ERANGE;
	table[packet->slot] = 0;
	return 0;
}

static noinline int copy_slot(const struct packet *packet)
{
	if (packet->slot >= SLOTS || !packet->slot)
		return -ERANGE;
	table[packet->slot] = table[packet->slot - 1];
	return 0;
}

static noinline bool is_check_right(const struct packet *packet)
{
	return (packet->opcode + packet->flags + packet->check) % 4 == 0;
}

/* Nothing is filled with 0, which OP_CLEAR is for, nor the lower half. */
static noinline int repeat(const struct packet *packet)
{
	if (!is_check_right(packet))
		return -EBADMSG;
	if (!packet->value)
		return -EINVAL;
	if (!(packet->unit & 1))
		return -EROFS;
	if (packet->slot >= SLOTS)
		return -ERANGE;
	if (packet->slot < SLOTS / 2)
		return -EACCES;
	return fill_slots(packet);
}

static noinline int fill(const struct packet *packet)
{
	if (packet->flags & FLAG_REPEAT)
		return repeat(packet);
	return clear_slot(packet);
}

static noinline int dispatch(const struct packet *packet)
{
	switch (packet->opcode) {
	case OP_NONE:
		return 0;
	case OP_CLEAR:
		return clear_slot(packet);
	case OP_COPY:
		return copy_slot(packet);
	case OP_FILL:
		return fill(packet);
	default:
		return -EOPNOTSUPP;
	}
}

static noinline int parse(const struct packet *packet, size_t size)
{
	if (size < sizeof(*packet))
		return -EMSGSIZE;
	if (le32_to_cpu(packet->magic) != MAGIC)
		return -EPROTO;
	if (packet->length > size)
		return -EMSGSIZE;
	return dispatch(packet);
}

static ssize_t input_write(struct file *file, const char __user *data,
			   size_t size, loff_t *pos)
{
	union {
		struct packet packet;
		u8 bytes[PACKET_MAX];
	} input = { .bytes = "" };
	const size_t taken = min_t(size_t, size, sizeof(input));
	int err;

	if (copy_from_user(&input, data, taken))
		return -EFAULT;
	err = parse(&input.packet, taken);
	return err ? err : size;
}

static const struct file_operations input_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = input_write,
};

static int __init crash_init(void)
{
	directory = debugfs_create_dir("kcov_crash", NULL);
	if (IS_ERR(directory)) {
		pr_err("cannot create kcov_crash/ in debugfs (%ld): is debugfs switched off?\n",
		       PTR_ERR(directory));
		return PTR_ERR(directory);
	}
	debugfs_create_file_unsafe("input", 0200, directory, NULL, &input_fops);
	debugfs_create_atomic_t("crashes", 0400, directory, &crashes);
	return 0;
}

static void __exit crash_exit(void)
{
	debugfs_remove(directory);
}

module_init(crash_init);
module_exit(crash_exit);
MODULE_DESCRIPTION("sample driver with a bug for fuzzers");
MODULE_LICENSE("GPL");
