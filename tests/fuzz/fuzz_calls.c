// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on descriptors, and the errno that each is documented to have.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct fuzz_slot *slot_of(struct fuzz_process *p, const struct fuzz_op *op)
{
	return &p->slots[op->slot % FUZZ_SLOTS];
}

static void call(struct fuzz_process *p, const struct fuzz_op *op, unsigned long request,
		 unsigned long argument, uint64_t errors)
{
	const int fd = slot_of(p, op)->fd;

	if (fd >= 0)
		fuzz_expect(p, MAY(0) | errors, kcov_ioctl(fd, request, argument));
}

void fuzz_open(struct fuzz_process *p, const struct fuzz_op *op)
{
	struct fuzz_slot *slot = slot_of(p, op);

	if (slot->fd >= 0)
		return;
	slot->fd = kcov_open();
	fuzz_expect(p, MAY(0), slot->fd < 0 ? errno : 0);
}

void fuzz_close(struct fuzz_process *p, const struct fuzz_op *op)
{
	struct fuzz_slot *slot = slot_of(p, op);

	if (slot->fd < 0)
		return;
	fuzz_expect(p, MAY(0), close(slot->fd) ? errno : 0);
	slot->fd = -1;
}

static const unsigned long sizes[] = {
	512, 1024, 4096, 513, 2, 3, 4, 511, 0, 1, INT_MAX / 8 + 1UL, INT_MAX, LONG_MAX, ULONG_MAX,
	1UL << 32, 1UL << 61,
};

void fuzz_init(struct fuzz_process *p, const struct fuzz_op *op)
{
	call(p, op, KCOV_INIT_TRACE, sizes[AT(sizes, op->x)],
	     MAY(EINVAL) | MAY(EBUSY) | MAY(ENOMEM));
}

static const unsigned long numbers[] = {
	0, 0, 1, 0, 1, 2, 3, 4096, INT_MAX, 1UL << 32, (1UL << 32) + 1, LONG_MAX, ULONG_MAX,
};

void fuzz_enable(struct fuzz_process *p, const struct fuzz_op *op)
{
	call(p, op, KCOV_ENABLE, numbers[AT(numbers, op->x)], MAY(EINVAL) | MAY(EBUSY));
}

void fuzz_disable(struct fuzz_process *p, const struct fuzz_op *op)
{
	call(p, op, KCOV_DISABLE, numbers[AT(numbers, op->x)], MAY(EINVAL));
}

void fuzz_reset(struct fuzz_process *p, const struct fuzz_op *op)
{
	call(p, op, KCOV_RESET_TRACE, numbers[AT(numbers, op->x)], MAY(EINVAL));
}

void fuzz_tree(struct fuzz_process *p, const struct fuzz_op *op)
{
	call(p, op, KCOV_TREE_ENABLE, numbers[AT(numbers, op->x)],
	     MAY(EINVAL) | MAY(EBUSY) | MAY(ENOMEM));
}

static const uint64_t handles[] = {
	KCOV_SUBSYSTEM_USB | 1, KCOV_SUBSYSTEM_USB | 2, KCOV_SUBSYSTEM_USB, 1, 0,
	KCOV_SUBSYSTEM_USB | 1ULL << 32, 2ULL << 56, ULLONG_MAX,
};

static const uint64_t commons[] = { 0, 0, 0, 1, 2, KCOV_SUBSYSTEM_USB | 1, 1ULL << 32, ULLONG_MAX };

/* As struct kcov_remote_arg; the thread that scribbles may change it at any time. */
static void build(uint64_t *argument, const struct fuzz_op *op)
{
	static const uint32_t counts[] = { 0, 1, 2, 3, 4, 0x100, 0x101, UINT_MAX };
	static const uint32_t areas[] = { 4096, 64, 2, 1, 0, 512 };
	const uint64_t area = areas[AT(areas, op->y >> 3)];

	argument[0] = area << 32 | (op->x >> 6 == 3 ? 2 : op->x >> 6 & 1);
	argument[1] = counts[op->y & 3 ? op->y & 3 : op->y & 7];
	argument[2] = commons[AT(commons, op->x >> 3)];
	for (unsigned int i = 3; i < 8; i++)
		argument[i] = handles[AT(handles, op->x + i * (op->y >> 5))];
}

void fuzz_remote(struct fuzz_process *p, const struct fuzz_op *op)
{
	static const unsigned long odd[] = { 0, 1, ULONG_MAX, 1UL << 47, 0xffffffff81000000UL };
	unsigned long address = (unsigned long)p->argument;

	pthread_mutex_lock(&p->lock);
	build(p->argument, op);
	pthread_mutex_unlock(&p->lock);
	if ((op->y & 0xf8) == 0xf8)
		address = odd[AT(odd, op->x)];
	call(p, op, KCOV_REMOTE_ENABLE, address,
	     MAY(EINVAL) | MAY(EFAULT) | MAY(ENOMEM) | MAY(EBUSY) | MAY(EEXIST));
}

/* Nothing of ours, and nothing that the kernel takes for itself. */
void fuzz_unknown(struct fuzz_process *p, const struct fuzz_op *op)
{
	const unsigned long request = _IOC(op->x >> 6, 'c', op->x & 63 ? op->x & 63 : 105, op->y);

	if (request != KCOV_INIT_TRACE && slot_of(p, op)->fd >= 0)
		fuzz_expect(p, MAY(ENOTTY), kcov_ioctl(slot_of(p, op)->fd, request, op->y));
}

/* It replaces what the slot had mapped. */
static void keep(struct fuzz_process *p, struct fuzz_slot *slot, void *map, size_t bytes)
{
	pthread_mutex_lock(&p->lock);
	if (slot->map)
		munmap(slot->map, slot->bytes);
	slot->map = map;
	slot->bytes = bytes;
	pthread_mutex_unlock(&p->lock);
}

void fuzz_map(struct fuzz_process *p, const struct fuzz_op *op)
{
	static const int protections[] = {
		PROT_READ | PROT_WRITE, PROT_READ, PROT_WRITE, PROT_NONE,
	};
	static const size_t lengths[] = { 4096, 8192, 32768, 1, 0, 12288, 1UL << 40, ULONG_MAX };
	const int protection = protections[AT(protections, op->y >> 1)];
	const size_t bytes = lengths[AT(lengths, op->x)];
	struct fuzz_slot *slot = slot_of(p, op);
	void *map;

	if (slot->fd < 0)
		return;
	map = mmap(NULL, bytes, protection, op->y & 1 ? MAP_PRIVATE : MAP_SHARED, slot->fd,
		   op->y & 0xf0 ? 0 : (op->y & 8) * 512L);
	fuzz_expect(p, MAY(0) | MAY(EINVAL) | MAY(ENOMEM) | MAY(EOVERFLOW),
		    map == MAP_FAILED ? errno : 0);
	if (map != MAP_FAILED && protection == (PROT_READ | PROT_WRITE))
		keep(p, slot, map, bytes);
	else if (map != MAP_FAILED)
		munmap(map, bytes);
}

void fuzz_unmap(struct fuzz_process *p, const struct fuzz_op *op)
{
	keep(p, slot_of(p, op), NULL, 0);
	fuzz_expect(p, MAY(0), 0);
}

/* Pages that were thrown away do not come back. */
static int throw_away(struct fuzz_process *p, struct fuzz_slot *slot)
{
	int got;

	pthread_mutex_lock(&p->lock);
	got = madvise(slot->map, slot->bytes, MADV_DONTNEED) ? errno : 0;
	munmap(slot->map, slot->bytes);
	slot->map = NULL;
	pthread_mutex_unlock(&p->lock);
	return got;
}

/* One that grows would show what lies behind the buffer. */
static int grow(const struct fuzz_slot *slot)
{
	void *map = mremap(slot->map, slot->bytes, slot->bytes + KCOV_PAGE, MREMAP_MAYMOVE);

	return map == MAP_FAILED ? errno : ENOTSUP;
}

/* What one can do with a mapping and should not harm anybody. */
void fuzz_touch(struct fuzz_process *p, const struct fuzz_op *op)
{
	static const int advices[] = { MADV_FREE, MADV_DONTFORK, MADV_WILLNEED, MADV_COLD };
	struct fuzz_slot *slot = slot_of(p, op);
	const int advice = advices[AT(advices, op->y)];

	if (!slot->map)
		return;
	if (op->x % 4 == 0)
		fuzz_expect(p, MAY(0), throw_away(p, slot));
	else if (op->x % 4 == 1)
		fuzz_expect(p, MAY(EFAULT), grow(slot));
	else if (op->x % 4 == 2)
		fuzz_expect(p, MAY(0) | MAY(EINVAL),
			    madvise(slot->map, slot->bytes, advice) ? errno : 0);
	else
		fuzz_expect(p, MAY(0) | MAY(EINVAL),
			    msync(slot->map, slot->bytes, MS_SYNC) ? errno : 0);
}

void fuzz_odd(struct fuzz_process *p, const struct fuzz_op *op)
{
	const int fd = slot_of(p, op)->fd;
	struct pollfd poll_it = { fd, POLLIN, 0 };
	char bytes[16] = "";

	if (fd < 0)
		return;
	switch (op->x % 5) {
	case 0:
		return fuzz_expect(p, MAY(EINVAL), read(fd, bytes, op->y & 15) < 0 ? errno : 0);
	case 1:
		return fuzz_expect(p, MAY(EINVAL), write(fd, bytes, op->y & 15) < 0 ? errno : 0);
	case 2:
		return fuzz_expect(p, MAY(ESPIPE), lseek(fd, op->y, op->y & 1) < 0 ? errno : 0);
	case 3:
		return fuzz_expect(p, MAY(EINVAL), fsync(fd) ? errno : 0);
	default:
		fuzz_expect(p, MAY(0), poll(&poll_it, 1, 0) < 0 ? errno : 0);
	}
}

void fuzz_trace(struct fuzz_process *p, const struct fuzz_op *op)
{
	for (int i = 0; i <= (op->x & 15); i++) {
		syscall(SYS_getppid);
		syscall(SYS_read, -1, NULL, 0);
	}
	fuzz_expect(p, MAY(0), 0);
}
