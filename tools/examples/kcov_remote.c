// SPDX-License-Identifier: GPL-2.0-only
/*
 * Remote coverage in one file: kernel code that others run on our behalf.
 *
 *	cc -O2 -o kcov_remote kcov_remote.c
 *	sudo insmod kcov_deferred.ko
 *	echo kthread common | sudo ./kcov_remote /sys/kernel/debug/kcov_deferred/run
 *
 * Enables a common handle, copies standard input to the file named, and prints
 * the PCs of all sections with that handle, one a line. The driver behind the
 * file hands the work to a kthread, and marks the part of it that is ours with
 * kcov_remote_start() and kcov_remote_stop(). What our own system calls reach
 * is not recorded here: that is KCOV_ENABLE, see kcov_pc.c.
 */
#include <fcntl.h>
#include <linux/kcov.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Our buffer, and those a section fills until it ends, in words of 8 bytes. */
#define COVER_WORDS	(64 << 10)
#define COVER_BYTES	(COVER_WORDS * sizeof(unsigned long))
#define SECTION_WORDS	(16 << 10)

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/*
 * One handle: a common one, which is any number of 32 bits but 0 that nobody
 * else has. Our process number will do. Children inherit it. Handles of
 * subsystems, such as kcov_remote_handle(KCOV_SUBSYSTEM_USB, bus), would stand
 * in handles[], and num_handles counts those only.
 */
static void enable(int fd)
{
	struct kcov_remote_arg arg = {
		.trace_mode = KCOV_TRACE_PC,
		.area_size = SECTION_WORDS,
		.num_handles = 0,
		.common_handle = kcov_remote_handle(KCOV_SUBSYSTEM_COMMON, getpid()),
	};

	if (ioctl(fd, KCOV_REMOTE_ENABLE, &arg))
		die("KCOV_REMOTE_ENABLE");
}

/* The driver's write returns when the work is done. Others may not wait. */
static void copy_to(const char *path)
{
	char data[4096];
	ssize_t size;
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		die(path);
	while ((size = read(STDIN_FILENO, data, sizeof(data))) > 0)
		if (write(fd, data, size) != size)
			die(path);
	close(fd);
}

int main(int argc, char **argv)
{
	unsigned long *cover, count, i;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: %s FILE <INPUT\n", argv[0]);
		return EXIT_FAILURE;
	}

	/* As for a task's own coverage: a descriptor, its buffer, a mapping. */
	fd = open("/sys/kernel/debug/kcov", O_RDWR);
	if (fd < 0)
		die("open /sys/kernel/debug/kcov");
	if (ioctl(fd, KCOV_INIT_TRACE, COVER_WORDS))
		die("KCOV_INIT_TRACE");
	cover = mmap(NULL, COVER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (cover == MAP_FAILED)
		die("mmap");

	enable(fd);
	copy_to(argv[1]);

	/*
	 * A section comes into the buffer when it ends: records first, then
	 * the count, so whatever word 0 counts is there.
	 */
	count = __atomic_load_n(&cover[0], __ATOMIC_ACQUIRE);

	/* Gives the handle back. Sections that still run are dropped. */
	if (ioctl(fd, KCOV_DISABLE, 0))
		die("KCOV_DISABLE");

	for (i = 1; i <= count; i++)
		printf("0x%lx\n", cover[i]);
	if (count == COVER_WORDS - 1)
		fputs("the buffer was too small\n", stderr);

	munmap(cover, COVER_BYTES);
	close(fd);
	return 0;
}
