// SPDX-License-Identifier: GPL-2.0-only
/*
 * A caller that is a 32-bit program, for tests/test_compat.c. Compiled with
 * -m32 and without a C library, so that it needs nothing but the compiler.
 *
 *   caller ioctl FD REQUEST ARGUMENT   one ioctl
 *   caller map FD BYTES                one mmap and munmap
 *   caller call                        a call that leaves its mark in a trace
 *   caller record FD                   enables, then makes that call
 *   caller sections FD HANDLE          enables sections with a common handle, and
 *                                      hands one on to kcov_deferred's kthread
 *   caller trace REQUEST WORDS         open, init, mmap, enable, one call, disable
 *
 * Numbers are hexadecimal. Ends with the errno of the call, 0 for success;
 * trace ends with the number of the step that went wrong.
 */
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/ioctl.h>
#include <linux/kcov.h>
#include <linux/mman.h>
#include <linux/types.h>

#define DEVICE		"/sys/kernel/debug/kcov"
#define DEFERRED	"/sys/kernel/debug/kcov_deferred/run"

#define PROT_BOTH	(0x1 | 0x2)

static long call(long number, long first, long second, long third)
{
	long result = number;

	asm volatile("int $0x80"
		     : "+a"(result)
		     : "b"(first), "c"(second), "d"(third)
		     : "memory");
	return result;
}

static long do_ioctl(long fd, unsigned long request, unsigned long argument)
{
	return call(__NR_ioctl, fd, request, argument);
}

/* The old call takes its six arguments in memory. */
static void *map(long fd, unsigned long bytes)
{
	const unsigned long arguments[] = { 0, bytes, PROT_BOTH, MAP_SHARED, fd, 0 };

	return (void *)call(__NR_mmap, (long)arguments, 0, 0);
}

static int is_error(const void *address)
{
	return (unsigned long)address > -4096UL;
}

static unsigned long number(const char *text)
{
	unsigned long value = 0;

	for (; *text; text++)
		value = 16 * value + (*text <= '9' ? *text - '0' : *text - 'a' + 10);
	return value;
}

static long map_and_unmap(long fd, unsigned long bytes)
{
	void *address = map(fd, bytes);

	if (is_error(address))
		return (long)address;
	return call(__NR_munmap, (long)address, bytes, 0);
}

static long make_mark(void)
{
	call(__NR_sethostname, 0, -1, 0);
	return 0;
}

static long record(long fd)
{
	const long result = do_ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC);

	make_mark();
	return result;
}

static long own_sections(long fd, unsigned long handle)
{
	static const char line[] = "kthread common";
	struct kcov_remote_arg arg = {
		.trace_mode = KCOV_TRACE_PC,
		.area_size = 1024,
		.common_handle = handle,
	};
	const long result = do_ioctl(fd, KCOV_REMOTE_ENABLE, (unsigned long)&arg);
	long file;

	if (result)
		return result;
	file = call(__NR_open, (long)DEFERRED, O_WRONLY, 0);
	return call(__NR_write, file, (long)line, sizeof(line) - 1) < 0 ? file : 0;
}

static int are_kernel_addresses(const __u64 *words, __u64 count)
{
	for (__u64 i = 1; i <= count; i++)
		if (words[i] >> 31 != 0x1ffffffffULL)
			return 0;
	return 1;
}

static long trace(unsigned long request, unsigned long words)
{
	const long fd = call(__NR_open, (long)DEVICE, O_RDWR, 0);
	__u64 *buffer;
	__u64 count;

	if (fd < 0)
		return 1;
	if (do_ioctl(fd, request, words))
		return 2;
	buffer = map(fd, words * sizeof(__u64));
	if (is_error(buffer))
		return 3;
	if (do_ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
		return 4;
	buffer[0] = 0;
	call(__NR_read, -1, 0, 0);
	count = buffer[0];
	if (do_ioctl(fd, KCOV_DISABLE, 0))
		return 5;
	if (count == 0 || count >= words)
		return 6;
	return are_kernel_addresses(buffer, count) ? 0 : 7;
}

/* No two verbs begin with the same letter. */
static long run(long words, char **word)
{
	const char verb = words > 1 ? word[1][0] : '\0';

	if (verb == 'i' && words == 5)
		return -do_ioctl(number(word[2]), number(word[3]), number(word[4]));
	if (verb == 'm' && words == 4)
		return -map_and_unmap(number(word[2]), number(word[3]));
	if (verb == 'c' && words == 2)
		return -make_mark();
	if (verb == 'r' && words == 3)
		return -record(number(word[2]));
	if (verb == 's' && words == 4)
		return -own_sections(number(word[2]), number(word[3]));
	if (verb == 't' && words == 4)
		return trace(number(word[2]), number(word[3]));
	return 255;
}

/* Called with the stack as the kernel made it: argc, then argv. */
__attribute__((used)) void start(long *stack)
{
	call(__NR_exit_group, run(stack[0], (char **)&stack[1]), 0, 0);
	__builtin_unreachable();
}

asm(".globl _start\n"
	"_start:\n"
	"	mov %esp, %eax\n"
	"	and $-16, %esp\n"
	"	sub $12, %esp\n"
	"	push %eax\n"
	"	call start\n");
