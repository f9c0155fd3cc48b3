// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is paid once: memory, arming and disarming; and what user space itself does
 * for each trace.
 */
#include "measure.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define RECORDS		1000
#define FILES		1000
#define UNLOAD_TRIES	1000

/* Instructions of a microsecond: tests/vm/boot makes it so. */
#define PER_US		1000.0

/* As a client does it; what is read must not be optimised away. */
static unsigned long sample_read_out(const void *data, unsigned long count)
{
	static unsigned long copy[RECORDS];
	const struct kcov_test *t = data;
	const unsigned long start = ticks();

	for (unsigned long i = 0; i < count; i++) {
		__atomic_store_n(&t->buffer[0], 0, __ATOMIC_RELAXED);
		for (size_t record = 0; record < RECORDS; record++)
			copy[record] = __atomic_load_n(&t->buffer[1 + record], __ATOMIC_RELAXED);
		__asm__ volatile("" : : "r" (copy) : "memory");
	}
	return ticks() - start;
}

void measure_user_space(void)
{
	struct kcov_test t;

	make(&t, 2 * KCOV_PAGE_WORDS);
	row("user.read", ROW_SHOWN, "instructions", per_event(sample_read_out, &t, 10),
	    "user space: reset, and read-out of 1,000 PCs");
	kcov_release(&t);
}

/*
 * Bytes that the kernel has allocated in small pieces. The pages of a buffer, which both
 * kernels have as many of as was asked for, are not among them.
 */
static unsigned long allocated(void)
{
	const unsigned long slab = kcov_read_number("/proc/meminfo", "Slab:");

	if (slab == -1UL)
		die("/proc/meminfo does not tell of slabs");
	return 1024 * slab;
}

static void open_all(const char *path, int fds[FILES])
{
	for (size_t i = 0; i < FILES; i++) {
		fds[i] = open(path, O_RDWR | O_CLOEXEC);
		if (fds[i] < 0)
			die("%s: %s", path, strerror(errno));
	}
}

static void init_all(const int fds[FILES])
{
	for (size_t i = 0; i < FILES; i++) {
		const int err = kcov_init(fds[i], KCOV_PAGE_WORDS);

		if (err)
			die("KCOV_INIT_TRACE: %s", strerror(err));
	}
}

static void close_all(const int fds[FILES])
{
	for (size_t i = 0; i < FILES; i++)
		close(fds[i]);
}

/* What any open file takes is subtracted. */
void measure_memory(void)
{
	const struct rlimit limit = { 3 * FILES, 3 * FILES };
	static int plain[FILES], fds[FILES];
	unsigned long at[4];

	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("setrlimit: %s", strerror(errno));
	at[0] = allocated();
	open_all(MEASURE_FILES "idle_ioctl", plain);
	at[1] = allocated();
	open_all(KCOV_DEVICE, fds);
	at[2] = allocated();
	init_all(fds);
	at[3] = allocated();
	close_all(fds);
	close_all(plain);
	row("memory.open", ROW_SHOWN, "bytes",
	    ((double)at[2] - 2.0 * (double)at[1] + (double)at[0]) / FILES,
	    "memory of an open descriptor");
	row("memory.init", ROW_SHOWN, "bytes",
	    ((double)at[3] - 2.0 * (double)at[1] + (double)at[0]) / FILES,
	    "memory of an initialised one, without its buffer");
}

static unsigned long time_init(int fd)
{
	const unsigned long start = ticks();
	const int err = kcov_init(fd, KCOV_PAGE_WORDS);

	if (err)
		die("KCOV_INIT_TRACE: %s", strerror(err));
	return ticks() - start;
}

/**
 * measure_arming() - the first INIT_TRACE, against the second
 * @keeper: stays initialised, so that nothing is disarmed until it is released
 */
void measure_arming(struct kcov_test *keeper)
{
	const int fd = kcov_open();
	unsigned long first, second;

	*keeper = (struct kcov_test){ .fd = kcov_open() };
	if (fd < 0 || keeper->fd < 0)
		die("%s: %s", KCOV_DEVICE, strerror(errno));
	first = time_init(keeper->fd);
	second = time_init(fd);
	close(fd);
	if (is_ours())
		row("arm", ROW_SHOWN, "us", ((double)first - (double)second) / PER_US,
		    "time to arm, at the first KCOV_INIT_TRACE");
}

/* The last close may take a moment to let go of the module. */
static unsigned long time_unload(void)
{
	int err = EAGAIN;

	for (int try = 0; try < UNLOAD_TRIES && err == EAGAIN; try++) {
		const unsigned long start = ticks();

		err = kcov_unload("kcov");
		if (!err)
			return ticks() - start;
		usleep(1000);
	}
	die("rmmod kcov: %s", strerror(err));
}

/* An unload that disarms, against one that has nothing to disarm. */
void measure_disarming(void)
{
	const unsigned long armed = time_unload();
	const int err = kcov_load("kcov");

	if (err)
		die("insmod kcov: %s", strerror(err));
	row("disarm", ROW_SHOWN, "us", ((double)armed - (double)time_unload()) / PER_US,
	    "time to disarm");
}
