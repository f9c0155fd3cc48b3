// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tests of remote coverage share: the argument of KCOV_REMOTE_ENABLE, drivers that make
 * sections, and a thread that owns sections while the test does something else.
 */
#include "kcov_remote.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PARAMETERS "/sys/module/kcov/parameters/"

static_assert(offsetof(struct kcov_remote, trace_mode) ==
	      offsetof(struct kcov_remote_arg, trace_mode), "");
static_assert(offsetof(struct kcov_remote, area_size) ==
	      offsetof(struct kcov_remote_arg, area_size), "");
static_assert(offsetof(struct kcov_remote, num_handles) ==
	      offsetof(struct kcov_remote_arg, num_handles), "");
static_assert(offsetof(struct kcov_remote, common_handle) ==
	      offsetof(struct kcov_remote_arg, common_handle), "");
static_assert(offsetof(struct kcov_remote, handles) ==
	      offsetof(struct kcov_remote_arg, handles), "");

struct kcov_remote kcov_usb(__u64 handle)
{
	return (struct kcov_remote){ KCOV_TRACE_PC, KCOV_TEST_AREA, .num_handles = 1,
				     .handles = { handle } };
}

struct kcov_remote kcov_common(__u64 handle)
{
	return (struct kcov_remote){ KCOV_TRACE_PC, KCOV_TEST_AREA, .common_handle = handle };
}

int kcov_remote_enable(int fd, const struct kcov_remote *remote)
{
	return kcov_ioctl(fd, KCOV_REMOTE_ENABLE, (unsigned long)remote);
}

int kcov_enable_usb(int fd, __u64 handle)
{
	const struct kcov_remote remote = kcov_usb(handle);

	return kcov_remote_enable(fd, &remote);
}

int kcov_enable_common(int fd, __u64 handle)
{
	const struct kcov_remote remote = kcov_common(handle);

	return kcov_remote_enable(fd, &remote);
}

int kcov_deferred(const char *format, ...)
{
	va_list values;
	char line[64];

	va_start(values, format);
	vsnprintf(line, sizeof(line), format, values);
	va_end(values);
	return kcov_write_file(KCOV_DEFERRED, line);
}

int kcov_sections(const char *format, ...)
{
	va_list values;
	char line[64];

	va_start(values, format);
	vsnprintf(line, sizeof(line), format, values);
	va_end(values);
	return kcov_write_file(KCOV_SECTIONS, line);
}

static const struct {
	const char *path;
	unsigned int small;
} areas[] = {
	{ PARAMETERS "softirq_area_size", 1024 },
	{ PARAMETERS "tree_set_size", 1024 },
	{ PARAMETERS "tree_sets", 8 },
};

static unsigned long usual[ARRAY_SIZE(areas)];

bool kcov_make_areas_small(void)
{
	bool done = true;

	for (size_t i = 0; i < ARRAY_SIZE(areas); i++) {
		usual[i] = kcov_read_number(areas[i].path, "");
		done &= !kcov_write_number(areas[i].path, areas[i].small);
	}
	return done;
}

bool kcov_make_areas_usual(void)
{
	bool done = true;

	for (size_t i = 0; i < ARRAY_SIZE(areas); i++)
		done &= !kcov_write_number(areas[i].path, usual[i]);
	return done;
}

int kcov_load_drivers(void **state)
{
	(void)state;
	return kcov_load("kcov_deferred") || kcov_load("kcov_sections") ? -1 : 0;
}

int kcov_unload_drivers(void **state)
{
	(void)state;
	return kcov_unload("kcov_sections") || kcov_unload("kcov_deferred") ? -1 : 0;
}

/*
 * The kernel's own kcov has no such set, nor tests here that would see what it changes; where
 * no functions are covered there is nothing to choose.
 */
static bool choose(const char *functions)
{
	const int err = kcov_write_file(KCOV_FUNCTIONS, functions);

	return !err || err == ENOENT || err == EOPNOTSUPP;
}

int kcov_load_drivers_exact(void **state)
{
	return choose("-ktime_get") ? kcov_load_drivers(state) : -1;
}

int kcov_unload_drivers_exact(void **state)
{
	return choose("default") ? kcov_unload_drivers(state) : -1;
}

static void *own_sections(void *data)
{
	struct kcov_owner *owner = data;

	owner->result = kcov_remote_enable(owner->fd, &owner->remote);
	sem_post(&owner->begun);
	while (sem_wait(&owner->ended))
		;
	if (owner->disables)
		kcov_disable(owner->fd);
	return NULL;
}

/* Answers what enabling answered. */
int kcov_owner_begin(struct kcov_owner *owner, int fd, struct kcov_remote remote)
{
	*owner = (struct kcov_owner){ .remote = remote, .fd = fd };
	sem_init(&owner->begun, 0, 0);
	sem_init(&owner->ended, 0, 0);
	if (pthread_create(&owner->thread, NULL, own_sections, owner))
		return -1;
	while (sem_wait(&owner->begun))
		;
	return owner->result;
}

void kcov_owner_end(struct kcov_owner *owner)
{
	sem_post(&owner->ended);
	pthread_join(owner->thread, NULL);
	sem_destroy(&owner->begun);
	sem_destroy(&owner->ended);
}
