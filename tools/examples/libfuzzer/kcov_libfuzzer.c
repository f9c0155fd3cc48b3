// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer on the kernel: writes each input to a file, counts the steps from place to
 * place in the kernel as its own branches, and tells what the kernel compared the input
 * with. To copy from: put your own calls in the place of write().
 *
 *	apt-get install clang libclang-rt-dev libkcov-dev
 *	clang -O2 -c kcov_libfuzzer.c $(pkg-config --cflags libkcov)
 *	clang -fsanitize=fuzzer -o kcov_libfuzzer kcov_libfuzzer.o $(pkg-config --libs libkcov)
 *	sudo modprobe kcov; sudo insmod build/$(uname -r)/sample/kcov_crash.ko
 *	mkdir corpus && sudo KCOV_FILE=FILE ./kcov_libfuzzer -max_len=16 -len_control=0 corpus
 *
 * It is compiled without -fsanitize=fuzzer, so that its own branches do not count.
 * FILE is /sys/kernel/debug/kcov_crash/input if none is given: the driver
 * tests/sample/kcov_crash.c, which `make sample` builds in kcov's source, has a bug that is found
 * within some ten thousand inputs, the magic number in front of it without a seed: from the
 * comparison. An input that was found is run again by `./kcov_libfuzzer crash-...`.
 *
 * With KCOV_OFF in the environment nothing is recorded, with KCOV_CMP_OFF no comparisons: to see
 * what each is good for.
 */
#include <err.h>
#include <fcntl.h>
#include <libkcov.h>
#include <stdlib.h>
#include <unistd.h>

#define INPUT "/sys/kernel/debug/kcov_crash/input"

/* How many comparisons are handed on: what libFuzzer remembers of them is less. */
#define COMPARISONS 256

/* The linker puts them where libFuzzer looks for counters besides those of the compiler. */
__attribute__((section("__libfuzzer_extra_counters")))
static uint8_t counters[1 << 14];

/* What the compiler would call at each comparison of a program. */
void __sanitizer_cov_trace_cmp1(uint8_t a, uint8_t b);
void __sanitizer_cov_trace_cmp2(uint16_t a, uint16_t b);
void __sanitizer_cov_trace_cmp4(uint32_t a, uint32_t b);
void __sanitizer_cov_trace_cmp8(uint64_t a, uint64_t b);
void __sanitizer_cov_trace_const_cmp1(uint8_t constant, uint8_t b);
void __sanitizer_cov_trace_const_cmp2(uint16_t constant, uint16_t b);
void __sanitizer_cov_trace_const_cmp4(uint32_t constant, uint32_t b);
void __sanitizer_cov_trace_const_cmp8(uint64_t constant, uint64_t b);

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int fd;
static struct kcov *places, *comparisons;	/* NULL: nothing is recorded */

static struct kcov *open_kcov(void)
{
	struct kcov *kcov = kcov_open(0);

	if (!kcov)
		errx(1, "%s", kcov_error());
	return kcov;
}

static void hand_on(const struct kcov_cmp *cmp)
{
	const bool is_const = kcov_cmp_is_const(cmp);

	switch (kcov_cmp_size(cmp)) {
	case 1:
		(is_const ? __sanitizer_cov_trace_const_cmp1 :
			    __sanitizer_cov_trace_cmp1)(cmp->arg1, cmp->arg2);
		break;
	case 2:
		(is_const ? __sanitizer_cov_trace_const_cmp2 :
			    __sanitizer_cov_trace_cmp2)(cmp->arg1, cmp->arg2);
		break;
	case 4:
		(is_const ? __sanitizer_cov_trace_const_cmp4 :
			    __sanitizer_cov_trace_cmp4)(cmp->arg1, cmp->arg2);
		break;
	case 8:
		(is_const ? __sanitizer_cov_trace_const_cmp8 :
			    __sanitizer_cov_trace_cmp8)(cmp->arg1, cmp->arg2);
	}
}

/* A thread records with one descriptor at a time. */
static void begin(struct kcov *kcov, unsigned int mode)
{
	if (kcov_enable(kcov, mode))
		errx(1, "%s", kcov_error());
	kcov_reset(kcov);
}

static void end(struct kcov *kcov)
{
	if (kcov_disable(kcov))
		errx(1, "%s", kcov_error());
}

/* What stands between begin() and the count is recorded: the call, and nothing else. */
static void run(const uint8_t *data, size_t size)
{
	if (write(fd, data, size) < 0)
		; /* an error is an answer as good as any */
}

static void run_for_places(const uint8_t *data, size_t size)
{
	begin(places, KCOV_TRACE_PC);
	run(data, size);
	kcov_edges(places, counters, sizeof(counters));
	end(places);
}

static void run_for_comparisons(const uint8_t *data, size_t size)
{
	static struct kcov_cmp cmps[COMPARISONS];
	size_t count;

	begin(comparisons, KCOV_TRACE_CMP);
	run(data, size);
	count = kcov_cmps(comparisons, cmps, COMPARISONS);
	end(comparisons);
	for (size_t i = 0; i < count; i++)
		hand_on(&cmps[i]);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *path = getenv("KCOV_FILE") ? getenv("KCOV_FILE") : INPUT;

	(void)argc;
	(void)argv;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", path);
	if (!getenv("KCOV_OFF"))
		places = open_kcov();
	if (!getenv("KCOV_OFF") && !getenv("KCOV_CMP_OFF"))
		comparisons = open_kcov();
	kcov_settle();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!places) {
		run(data, size);
		counters[0] = 1;	/* it does not begin without any coverage */
		return 0;
	}
	run_for_places(data, size);
	if (comparisons)
		run_for_comparisons(data, size);
	return 0;
}
