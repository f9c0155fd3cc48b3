// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls on descriptors that one actor has for itself.
 *
 * A slot is empty, or has a file, a mapping, or both. Children use what their parent has open, and
 * neither open nor close.
 */
#include "stress.h"

#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

static bool is_open(struct stress_actor *a)
{
	return stress_slot(a)->fd >= 0;
}

void stress_open(struct stress_actor *a)
{
	struct stress_slot *slot = stress_slot(a);

	if (a->is_child || is_open(a) || slot->map)
		return;
	slot->fd = kcov_open();
	stress_expect(a, MAY(0), slot->fd < 0 ? errno : 0);
	*stress_desc(a) = (struct stress_desc){ .serial = ++a->model->serials };
}

void stress_close(struct stress_actor *a)
{
	struct stress_slot *slot = stress_slot(a);

	if (a->is_child || !is_open(a))
		return;
	stress_expect(a, MAY(0), close(slot->fd) ? errno : 0);
	slot->fd = -1;
	if (!slot->map)
		stress_did_release(a);
}

static void init(struct stress_actor *a, unsigned long words)
{
	struct stress_desc *desc = stress_desc(a);
	const int got = kcov_init(stress_slot(a)->fd, words);

	stress_expect(a, stress_may_init(a, words), got);
	if (got)
		return;
	desc->words = words;
	desc->state = STRESS_READY;
}

void stress_init(struct stress_actor *a)
{
	static const unsigned long sizes[] = {
		512, 1024, 4096, 512, 1024, 4096, 513, 2, 3, 1, 0, INT_MAX / 8 + 1UL, ULONG_MAX,
	};
	const unsigned long words = sizes[stress_draw(a, ARRAY_SIZE(sizes))];

	if (is_open(a))
		init(a, words);
}

/* A slot that is empty, or new, gets what can be enabled: lives are short on slow kernels. */
void stress_make_ready(struct stress_actor *a)
{
	stress_begin(a, STRESS_OPEN);
	stress_open(a);
	stress_begin(a, STRESS_INIT);
	if (is_open(a) && stress_desc(a)->state == STRESS_NEW)
		init(a, 2 * KCOV_PAGE_WORDS);
}

static int map(struct stress_actor *a, size_t bytes, int protection, int flags, size_t offset)
{
	void *map = mmap(NULL, bytes, protection, flags, stress_slot(a)->fd, offset);
	const int got = map == MAP_FAILED ? errno : 0;

	stress_expect(a, stress_may_map(a, bytes, offset), got);
	if (!got)
		munmap(map, bytes);
	return got;
}

/* Every other time as it should be done, and kept. */
void stress_map(struct stress_actor *a)
{
	const size_t bytes = stress_desc(a)->words * sizeof(uint64_t);
	const unsigned int how = stress_draw(a, 10);
	struct stress_slot *slot = stress_slot(a);

	if (!is_open(a))
		return;
	if (how == 0)
		map(a, bytes + KCOV_PAGE, PROT_READ, MAP_SHARED, 0);
	else if (how == 1)
		map(a, bytes ? bytes : KCOV_PAGE, PROT_READ, MAP_SHARED, KCOV_PAGE);
	else if (how == 2)
		map(a, bytes ? bytes : KCOV_PAGE, PROT_READ, MAP_PRIVATE, 0);
	else if (!map(a, bytes ? bytes : KCOV_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, 0) &&
		 !slot->map)
		slot->map = kcov_map(slot->fd, bytes / sizeof(uint64_t));
}

void stress_unmap(struct stress_actor *a)
{
	struct stress_slot *slot = stress_slot(a);

	if (!slot->map)
		return;
	stress_expect(a, MAY(0), munmap(slot->map, stress_desc(a)->words * 8) ? errno : 0);
	slot->map = NULL;
	if (slot->fd < 0 && !a->is_child)
		stress_did_release(a);
}

void stress_enable(struct stress_actor *a)
{
	static const unsigned long modes[] = {
		KCOV_TRACE_PC, KCOV_TRACE_PC, KCOV_TRACE_PC, KCOV_TRACE_CMP, KCOV_TRACE_CMP,
		2, 1UL << 32, ULONG_MAX,
	};
	const unsigned long mode = modes[stress_draw(a, ARRAY_SIZE(modes))];
	const uint64_t may = stress_may_enable(a, mode);
	int got;

	if (!is_open(a))
		return;
	got = kcov_ioctl(stress_slot(a)->fd, KCOV_ENABLE, mode);
	stress_expect(a, may, got);
	if (may & MAY(EBUSY))
		stress_learn_busy(a, got);
	if (!got)
		stress_did_enable(a, mode);
}

void stress_enable_tree(struct stress_actor *a)
{
	const unsigned long argument = stress_draw(a, 8) == 0;
	const uint64_t may = stress_may_enable_tree(a, argument);
	struct stress_desc *desc = stress_desc(a);
	int got;

	if (!is_open(a))
		return;
	got = kcov_ioctl(stress_slot(a)->fd, KCOV_TREE_ENABLE, argument);
	stress_expect(a, may, got);
	if (may & MAY(EBUSY))
		stress_learn_busy(a, got);
	if (got)
		return;
	desc->state = STRESS_TREE;
	a->task.tree = desc->serial;
	a->task.tree_is_sure = true;
}

void stress_disable(struct stress_actor *a)
{
	const unsigned long argument = stress_draw(a, 8) == 0;

	if (!is_open(a))
		return;
	stress_expect(a, stress_may_disable(a, argument),
		      kcov_ioctl(stress_slot(a)->fd, KCOV_DISABLE, argument));
	if (!argument)
		stress_did_disable(a);
}

void stress_reset(struct stress_actor *a)
{
	const unsigned long argument = stress_draw(a, 8) == 0;

	if (is_open(a))
		stress_expect(a, stress_may_reset(a, argument),
			      kcov_ioctl(stress_slot(a)->fd, KCOV_RESET_TRACE, argument));
}

/* Wrong in type, number or size. */
void stress_odd_ioctl(struct stress_actor *a)
{
	static const unsigned long requests[] = {
		_IO('c', 1), _IOR('c', 1, int), _IO('c', 102), _IO('c', 103), _IO('c', 201),
		_IOW('c', 100, long), _IO('d', 100), _IO('c', 0),
	};
	const unsigned long request = requests[stress_draw(a, ARRAY_SIZE(requests))];

	if (is_open(a))
		stress_expect(a, MAY(ENOTTY), kcov_ioctl(stress_slot(a)->fd, request, 0));
}

void stress_odd_file(struct stress_actor *a)
{
	const unsigned int how = stress_draw(a, 3);
	const int fd = stress_slot(a)->fd;
	char byte = 0;

	if (!is_open(a))
		return;
	if (how == 0)
		stress_expect(a, MAY(EINVAL), read(fd, &byte, 1) < 0 ? errno : 0);
	else if (how == 1)
		stress_expect(a, MAY(EINVAL), write(fd, &byte, 1) < 0 ? errno : 0);
	else
		stress_expect(a, MAY(ESPIPE), lseek(fd, 0, SEEK_SET) < 0 ? errno : 0);
}
