// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl trace: one system call and the kernel code it ran.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <linux/kcov.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kcovctl_call.h"
#include "kcovctl_device.h"

static const char usage[] =
	"usage: kcovctl trace [-s WORDS] [SYSCALL [ARG...]]\n"
	"\n"
	"Run one system call and print the kernel PCs it reached, one a line,\n"
	"in the order they were recorded. The result goes to standard error.\n"
	"Without SYSCALL: read(-1, NULL, 0).\n"
	"\n"
	"An ARG that is a number (decimal, 0x..., 0..., negative) is passed as\n"
	"it is, any other as a pointer to its text. Where a call takes a file\n"
	"descriptor first, ARG may be a path from '/' on: it is opened before\n"
	"recording. The text to write then needs no length, what is read no\n"
	"buffer. Other arguments left out are 0.\n"
	"\n"
	"  -s, --size WORDS  size of the buffer in 8-byte words (65536)\n"
	"  -h, --help        this text\n"
	"\n"
	"Examples:\n"
	"  kcovctl trace | kcovctl symbolize\n"
	"  kcovctl trace openat -100 /etc/passwd 0\n"
	"  kcovctl trace read /dev/zero\n"
	"  kcovctl trace write /sys/kernel/debug/mydriver/input abc\n";

/* The kernel takes buffers of up to INT_MAX bytes, and whole pages can be mapped. */
#define PAGE_BYTES 4096UL
#define SIZE_LIMIT (INT_MAX / PAGE_BYTES * (PAGE_BYTES / sizeof(unsigned long)))

struct outcome {
	long result;
	int err;
	size_t count;
	bool disabled;
};

/*
 * So that no page fault and no symbol lookup of ours happens while
 * recording: resolve syscall(), then have every page of this program present.
 * That the lock may be refused is no loss worth a word.
 */
static void settle(void)
{
	syscall(SYS_getpid);
	if (!mlockall(MCL_CURRENT))
		munlockall();
}

/*
 * Between the store and the load of word 0 stands the traced call and
 * nothing else: what runs there would be in the trace.
 */
static bool record(struct device *dev, const struct call *call,
		   struct outcome *outcome)
{
	const unsigned long *arg = call->arg;
	unsigned long *cover = dev->cover;

	if (!device_enable(dev, KCOV_TRACE_PC))
		return false;
	__atomic_store_n(&cover[0], 0, __ATOMIC_SEQ_CST);
	outcome->result = syscall(call->number, arg[0], arg[1], arg[2],
				  arg[3], arg[4], arg[5]);
	outcome->count = __atomic_load_n(&cover[0], __ATOMIC_SEQ_CST);
	outcome->err = errno;
	if (call->number == SYS_fork && !outcome->result)
		_exit(0);
	outcome->disabled = device_disable(dev);
	return true;
}

/* The count lies in memory anyone who maps it can write: believe no excess. */
static void print_pcs(const struct device *dev, struct outcome *outcome)
{
	if (outcome->count > dev->words - 1)
		outcome->count = dev->words - 1;
	for (size_t i = 1; i <= outcome->count; i++)
		printf("0x%lx\n", dev->cover[i]);
}

static void print_outcome(const struct device *dev, const struct call *call,
			  const struct outcome *outcome)
{
	call_print(call, stderr);
	if (outcome->result == -1)
		fprintf(stderr, " = -1 %s", error_text(outcome->err));
	else if (outcome->result < 0 || outcome->result > INT_MAX)
		fprintf(stderr, " = %#lx", outcome->result);
	else
		fprintf(stderr, " = %ld", outcome->result);
	fprintf(stderr, "; %zu PCs\n", outcome->count);
	if (outcome->count == dev->words - 1)
		warnx("the buffer is full, the rest was dropped: --size takes more than %zu words",
		      dev->words);
	if (!outcome->count)
		warnx("nothing was recorded: the call ran no covered code, or see dmesg");
}

static enum kcovctl_exit trace_call(const struct call *call, size_t words)
{
	struct outcome outcome;
	struct device dev;
	bool done;

	if (!device_open(&dev, words))
		return KCOVCTL_FAILED;
	settle();
	done = record(&dev, call, &outcome);
	if (done) {
		print_pcs(&dev, &outcome);
		error_flush();
		print_outcome(&dev, call, &outcome);
	}
	device_close(&dev);
	return done && outcome.disabled ? KCOVCTL_OK : KCOVCTL_FAILED;
}

static bool parse_size(const char *word, size_t *words)
{
	char *end;

	errno = 0;
	*words = strtoul(word, &end, 0);
	return !errno && end != word && !*end && *word != '-' && *words >= 2 &&
	       *words <= SIZE_LIMIT;
}

static enum kcovctl_exit run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "size", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	size_t words = DEVICE_DEFAULT_WORDS;
	enum kcovctl_exit code;
	struct call call;
	int c;

	while ((c = getopt_long(argc, argv, "+s:h", options, NULL)) != -1) {
		switch (c) {
		case 's':
			if (!parse_size(optarg, &words))
				return error_usage(&verb_trace,
						   "--size %s: not a number from 2 to %zu",
						   optarg, SIZE_LIMIT);
			break;
		case 'h':
			fputs(usage, stdout);
			return KCOVCTL_OK;
		default:
			return error_usage(&verb_trace, "bad option");
		}
	}
	code = call_parse(&call, &verb_trace, argc - optind, argv + optind);
	return code ? code : trace_call(&call, words);
}

const struct kcovctl_verb verb_trace = {
	.name = "trace",
	.summary = "run one system call, print the kernel PCs it reached",
	.usage = usage,
	.run = run,
};
