// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reproducer of the bug in tests/sample/kcov_crash.c, as fuzzers write them: one file,
 * no argument, system calls by number, nothing checked.
 *
 *	make repro SRC=crash.c MODULES='kcov_crash.ko oops=1'
 *
 * With HARMLESS defined the packet is one that the driver takes.
 */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef HARMLESS
#define COUNT "\x01"
#else
#define COUNT "\x7f"	/* the table ends before */
#endif

int main(void)
{
	char *const data = (char *)0x20000000;
	long fd;

	syscall(__NR_mmap, data, 0x1000UL, PROT_READ | PROT_WRITE,
		MAP_ANONYMOUS | MAP_PRIVATE | MAP_FIXED, -1, 0UL);
	memcpy(data, "/sys/kernel/debug/kcov_crash/input", 35);
	fd = syscall(__NR_openat, AT_FDCWD, data, O_WRONLY, 0);
	/* magic, length, opcode, flags, check, unit, slot, count, value */
	memcpy(data + 64, "KPCK\x0c\x03\x02\x03\x01\x7f" COUNT "\x01", 12);
	syscall(__NR_write, fd, data + 64, 12UL);
	return 0;
}
