// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl trace: one system call and the kernel code it ran.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <libkcov.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kcovctl_call.h"

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
#define SIZE_LIMIT (INT_MAX / PAGE_BYTES * (PAGE_BYTES / sizeof(uint64_t)))

struct outcome {
	long result;
	int err;
	size_t count;
	bool disabled;
};

/*
 * Between reset and count stands the traced call and nothing else: what runs
 * there would be in the trace.
 */
static bool record(struct kcov *kcov, const struct call *call,
		   struct outcome *outcome)
{
	const unsigned long *arg = call->arg;

	if (kcov_enable(kcov, KCOV_TRACE_PC)) {
		error_libkcov();
		return false;
	}
	kcov_reset(kcov);
	outcome->result = syscall(call->number, arg[0], arg[1], arg[2],
				  arg[3], arg[4], arg[5]);
	outcome->count = kcov_count(kcov);
	outcome->err = errno;
	if (call->number == SYS_fork && !outcome->result)
		_exit(0);
	outcome->disabled = !kcov_disable(kcov);
	if (!outcome->disabled)
		error_libkcov();
	return true;
}

static void print_pcs(const struct kcov *kcov, const struct outcome *outcome)
{
	for (size_t i = 1; i <= outcome->count; i++)
		printf("0x%" PRIx64 "\n", kcov->cover[i]);
}

static void print_outcome(const struct kcov *kcov, const struct call *call,
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
	if (outcome->count == kcov->words - 1)
		warnx("the buffer is full, the rest was dropped: --size takes more than %zu words",
		      kcov->words);
	if (!outcome->count)
		warnx("nothing was recorded: the call ran no covered code, or see dmesg");
}

static struct kcov *open_device(size_t words)
{
	struct kcov *kcov = kcov_open(words);
	const int err = errno;

	if (kcov)
		return kcov;
	error_libkcov();
	if (err == EINVAL || err == ENOMEM)
		warnx("  --size sets the number of words");
	return NULL;
}

static enum kcovctl_exit trace_call(const struct call *call, size_t words)
{
	struct kcov *kcov = open_device(words);
	struct outcome outcome;
	bool done;

	if (!kcov)
		return KCOVCTL_FAILED;
	kcov_settle();
	done = record(kcov, call, &outcome);
	if (done) {
		print_pcs(kcov, &outcome);
		error_flush();
		print_outcome(kcov, call, &outcome);
	}
	kcov_close(kcov);
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
	size_t words = 64UL << 10;
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
