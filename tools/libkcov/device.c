// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kcov device: open, initialise, map; enable and disable.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <kcov_ioctl.h>
#include <libkcov.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cures.h"
#include "error.h"

#define DEFAULT_WORDS	(64UL << 10)
#define DEFAULT_AREA	(16U << 10)

/* What is too much stays so, for the kernel to refuse. */
static size_t round_to_pages(size_t words)
{
	const size_t page_words = (size_t)sysconf(_SC_PAGESIZE) / sizeof(uint64_t);

	if (words > SIZE_MAX - page_words)
		return words;
	return (words + page_words - 1) / page_words * page_words;
}

static int init_and_map(struct kcov *kcov)
{
	void *cover;

	if (ioctl(kcov->fd, KCOV_INIT_TRACE, kcov->words))
		return libkcov_fail(LIBKCOV_INIT);
	cover = mmap(NULL, kcov->words * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED,
		     kcov->fd, 0);
	if (cover == MAP_FAILED)
		return libkcov_fail(LIBKCOV_MAP);
	kcov->cover = cover;
	return 0;
}

static int open_and_map(struct kcov *kcov)
{
	kcov->fd = open(LIBKCOV_DEVICE, O_RDWR | O_CLOEXEC);
	if (kcov->fd < 0)
		return libkcov_fail(LIBKCOV_OPEN);
	return init_and_map(kcov);
}

/* Keeps errno, which may be that of what failed before. */
static void release(struct kcov *kcov)
{
	const int err = errno;

	if (kcov->cover)
		munmap(kcov->cover, kcov->words * sizeof(uint64_t));
	if (kcov->fd >= 0)
		close(kcov->fd);
	free(kcov);
	errno = err;
}

struct kcov *kcov_open(size_t words)
{
	struct kcov *kcov = calloc(1, sizeof(*kcov));

	if (!kcov) {
		libkcov_fail(LIBKCOV_MEMORY);
		return NULL;
	}
	kcov->words = round_to_pages(words ? words : DEFAULT_WORDS);
	if (!open_and_map(kcov))
		return kcov;
	release(kcov);
	return NULL;
}

/*
 * The mapping would keep the file, but not for long: what records would go on doing
 * so until its thread ends, and that could not record with another one. A child that
 * closes what it has from its parent must not end what the parent records.
 */
void kcov_close(struct kcov *kcov)
{
	const int err = errno;

	if (!kcov)
		return;
	if (kcov->owner == gettid())
		ioctl(kcov->fd, KCOV_DISABLE, 0);
	release(kcov);
	errno = err;
}

static int now_owned(struct kcov *kcov)
{
	kcov->owner = gettid();
	return 0;
}

int kcov_enable(struct kcov *kcov, unsigned int mode)
{
	if (ioctl(kcov->fd, KCOV_ENABLE, (unsigned long)mode))
		return libkcov_fail(LIBKCOV_ENABLE);
	return now_owned(kcov);
}

int kcov_enable_tree(struct kcov *kcov)
{
	if (ioctl(kcov->fd, KCOV_TREE_ENABLE, 0))
		return libkcov_fail(LIBKCOV_TREE);
	return now_owned(kcov);
}

static void fill(struct kcov_remote_arg *arg, const struct kcov_remote *remote)
{
	arg->trace_mode = remote->mode;
	arg->area_size = remote->area_words ? (uint32_t)remote->area_words : DEFAULT_AREA;
	arg->num_handles = (uint32_t)remote->handle_count;
	arg->common_handle = remote->common;
	for (size_t i = 0; i < remote->handle_count; i++)
		arg->handles[i] = remote->handles[i];
}

int kcov_enable_remote(struct kcov *kcov, const struct kcov_remote *remote)
{
	union {
		struct kcov_remote_arg arg;
		char bytes[sizeof(struct kcov_remote_arg) +
			   KCOV_REMOTE_MAX_HANDLES * sizeof(uint64_t)];
	} room = { .bytes = "" };

	if (remote->handle_count > KCOV_REMOTE_MAX_HANDLES || remote->area_words > UINT32_MAX)
		return libkcov_refuse(LIBKCOV_REMOTE, EINVAL);
	fill(&room.arg, remote);
	if (ioctl(kcov->fd, KCOV_REMOTE_ENABLE, &room.arg))
		return libkcov_fail(LIBKCOV_REMOTE);
	return now_owned(kcov);
}

uint64_t kcov_common(uint32_t id)
{
	return kcov_remote_handle(KCOV_SUBSYSTEM_COMMON, id);
}

uint64_t kcov_usb(uint32_t bus)
{
	return kcov_remote_handle(KCOV_SUBSYSTEM_USB, bus);
}

int kcov_disable(struct kcov *kcov)
{
	if (ioctl(kcov->fd, KCOV_DISABLE, 0))
		return libkcov_fail(LIBKCOV_DISABLE);
	kcov->owner = 0;
	return 0;
}
