// SPDX-License-Identifier: GPL-2.0-only
/*
 * AFL++ on the kernel: writes each input to a file, and tells afl-fuzz which way it took
 * through the kernel. To copy from: put your own calls in the place of write().
 *
 *	apt-get install afl++ libkcov-dev
 *	AFL_LLVM_INSTRUMENT=LLVM-NATIVE afl-clang-fast -fno-sanitize-coverage=trace-pc-guard \
 *		-O2 -o kcov_afl kcov_afl.c $(pkg-config --cflags --libs libkcov)
 *	mkdir seeds && printf 'KPCK\14\3\0\5\0\1\0\1' >seeds/fill
 *	sudo modprobe kcov; sudo insmod build/$(uname -r)/sample/kcov_crash.ko
 *	sudo AFL_SKIP_CPUFREQ=1 afl-fuzz -i seeds -o found -- ./kcov_afl FILE
 *
 * FILE is /sys/kernel/debug/kcov_crash/input if none is given: the driver
 * tests/sample/kcov_crash.c, which `make sample` builds in kcov's source, has a bug that is found
 * within some tens of thousands of inputs. An input that was found is run again by
 * `./kcov_afl FILE <found/default/crashes/id:...`.
 *
 * With KCOV_OFF in the environment nothing is recorded: to see what coverage is good for.
 */
#include <err.h>
#include <fcntl.h>
#include <libkcov.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define INPUT "/sys/kernel/debug/kcov_crash/input"

/* How many inputs a process takes before a new one begins with clean tables. */
#define INPUTS 100000

/* afl-fuzz leaves the input in memory, and takes this map for the branches of a program. */
__AFL_FUZZ_INIT();
extern unsigned char *__afl_area_ptr;
extern unsigned int __afl_map_size;

static struct kcov *kcov;

static void show_coverage(void)
{
	if (kcov)
		kcov_edges(kcov, __afl_area_ptr, __afl_map_size);
}

/* Shows which way led here, so that afl-fuzz tells this crash from others. */
static void die(int signal_number)
{
	show_coverage();
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void open_kcov(void)
{
	if (getenv("KCOV_OFF"))
		return;
	kcov = kcov_open(0);
	if (!kcov)
		errx(1, "%s", kcov_error());
}

static void start_recording(void)
{
	if (kcov && kcov_enable(kcov, KCOV_TRACE_PC))
		errx(1, "%s", kcov_error());
	kcov_settle();
}

/* What stands between kcov_reset() and kcov_edges() is recorded, and nothing else shows. */
static void run(int fd, const unsigned char *data, size_t size)
{
	if (kcov)
		kcov_reset(kcov);
	if (write(fd, data, size) < 0)
		; /* an error is an answer as good as any */
	show_coverage();
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : INPUT;
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	const unsigned char *data;

	if (fd < 0)
		err(1, "%s", path);
	open_kcov();
	signal(SIGSEGV, die);
	/*
	 * Here the process waits that those which run inputs are copies of, one at a time. What
	 * takes long has been done, as the first opening of kcov; what is a thread's own comes now.
	 */
	__AFL_INIT();
	start_recording();
	data = __AFL_FUZZ_TESTCASE_BUF;
	while (__AFL_LOOP(INPUTS))
		run(fd, data, __AFL_FUZZ_TESTCASE_LEN);
	return 0;
}
