// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcov in one file: the kernel code that one read() of a bad descriptor runs.
 *
 * A plain program against the interface, to read and to copy from:
 *
 *	cc -O2 -o kcov_pc kcov_pc.c && sudo ./kcov_pc
 *
 * It prints one PC a line. A PC is a return address inside the code that was
 * reached, with the random base of the kernel already taken off, so that it
 * fits the addresses in vmlinux; `kcovctl symbolize` turns it into a name.
 */
#include <fcntl.h>
#include <linux/kcov.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* The buffer in words of 8 bytes. Only whole pages can be mapped. */
#define COVER_WORDS	(64 << 10)
#define COVER_BYTES	(COVER_WORDS * sizeof(unsigned long))

static void die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

int main(void)
{
	unsigned long *cover, count, i;
	int fd;

	/* Each open file is a descriptor of its own, with its own buffer. */
	fd = open("/sys/kernel/debug/kcov", O_RDWR);
	if (fd < 0)
		die("open /sys/kernel/debug/kcov");

	/* The kernel makes the buffer: once, and of this size for good. */
	if (ioctl(fd, KCOV_INIT_TRACE, COVER_WORDS))
		die("KCOV_INIT_TRACE");

	/* Offset and length must be exactly those of the whole buffer. */
	cover = mmap(NULL, COVER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
		     fd, 0);
	if (cover == MAP_FAILED)
		die("mmap");

	/* From here on what this thread does in the kernel is recorded. */
	if (ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
		die("KCOV_ENABLE");

	/*
	 * Word 0 counts the PCs behind it. Store 0 right before the call that
	 * matters, to forget the tail of the ioctl above. The kernel writes
	 * here too: atomics keep the compiler from moving these accesses.
	 */
	__atomic_store_n(&cover[0], 0, __ATOMIC_SEQ_CST);

	/* The traced call. It fails with EBADF, as it is meant to. */
	if (read(-1, NULL, 0) != -1)
		fputs("read(-1) did not fail?\n", stderr);

	/* Read the count before any other call can add to it. */
	count = __atomic_load_n(&cover[0], __ATOMIC_SEQ_CST);

	/* Stop recording; descriptor and buffer can be enabled again. */
	if (ioctl(fd, KCOV_DISABLE, 0))
		die("KCOV_DISABLE");

	/* The count never passes the last word; what came later was dropped. */
	for (i = 1; i <= count; i++)
		printf("0x%lx\n", cover[i]);
	if (count == COVER_WORDS - 1)
		fputs("the buffer was too small\n", stderr);

	if (munmap(cover, COVER_BYTES))
		die("munmap");
	if (close(fd))
		die("close");
	return 0;
}
