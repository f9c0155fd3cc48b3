// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that fail, one after the other, where the kernel can let them.
 *
 * /proc/thread-self/fail-nth makes the n-th allocation of the calling thread
 * fail, be it the module's own or one that the kernel makes for it. The call
 * then answers ENOMEM, or does without; called again, it works. Who asks a
 * second time, elsewhere, when there is nothing at first, meets only what fails
 * from the n-th on: that is what the attributes of failslab and fail_page_alloc
 * are for, which hold again once the n-th has failed.
 *
 * The kernel warns of its own allocations that fail, so what is no error does not
 * show on the console until all is over. A splat that is none is looked for here.
 */
#include "kcov_faults.h"
#include "kcov_log.h"
#include "kcov_test.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAILSLAB	"/sys/kernel/debug/failslab/"
#define FAIL_PAGES	"/sys/kernel/debug/fail_page_alloc/"
#define PRINTK		"/proc/sys/kernel/printk"

/* More than any call makes. */
#define ALLOCATIONS_MAX	1000000U

static int fail_nth = -1, make_it_fail = -1, kernel_log = -1;

/* Made and undone without an allocation. */
static bool put(int fd, unsigned int number)
{
	char text[16];
	const int length = snprintf(text, sizeof(text), "%u", number);

	return pwrite(fd, text, length, 0) == length;
}

/* The next n-th allocation of this thread fails. */
bool kcov_faults_make_once(unsigned int n)
{
	return put(fail_nth, n);
}

/* How many allocations are left until the fault. */
static unsigned int take_left(void)
{
	char text[16] = "";
	const ssize_t length = pread(fail_nth, text, sizeof(text) - 1, 0);

	put(fail_nth, 0);
	return length > 0 ? strtoul(text, NULL, 10) : ALLOCATIONS_MAX;
}

/* Whether the fault came to pass. */
bool kcov_faults_were_made(void)
{
	return !take_left();
}

static bool set(const char *directory, const char *file, const char *value)
{
	char path[100];

	snprintf(path, sizeof(path), "%s%s", directory, file);
	return !kcov_write_file(path, value);
}

/* At no time without the filter: everybody's would fail. */
static bool set_failing(const char *directory, bool fails)
{
	if (fails)
		return set(directory, "task-filter", "Y") && set(directory, "times", "-1") &&
		       set(directory, "probability", "100");
	return set(directory, "probability", "0") && set(directory, "times", "1") &&
	       set(directory, "task-filter", "N");
}

static bool set_all_failing(bool fail)
{
	return set_failing(FAILSLAB, fail) && set_failing(FAIL_PAGES, fail);
}

/* What is said as a warning, and would end the run if it were seen on the console. */
static bool is_splat(const char *line)
{
	static const char *const words[] = {
		"WARNING: ", "suspicious RCU", "ODEBUG", "leak detector disabled"
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(line, words[i]))
			return true;
	return false;
}

static unsigned int count_splats(void)
{
	char line[KCOV_LOG_LINE];
	unsigned int splats = 0;

	while (kcov_log_next(kernel_log, line) >= 0) {
		if (!is_splat(line))
			continue;
		print_error("%s", line);
		splats++;
	}
	return splats;
}

static void complain(struct kcov_faults *outcome, const struct kcov_faults_call *call,
		     unsigned int n, const char *what)
{
	print_error("%s, fault at allocation %u: %s\n", call->name, n, what);
	outcome->wrong++;
}

/* False when the call has fewer allocations than n. */
static bool fail_from(const struct kcov_faults_call *call, unsigned int n, bool all_behind,
		      struct kcov_faults *outcome)
{
	if (!call->begin()) {
		complain(outcome, call, n, "what it needs is not there, before the fault");
		return false;
	}
	put(make_it_fail, all_behind);
	kcov_faults_make_once(n);

	const int err = call->act();

	put(make_it_fail, 0);

	const bool failed = kcov_faults_were_made();

	outcome->done += failed && !err;
	outcome->refused += failed && err == ENOMEM;
	if (err && (!failed || err != ENOMEM))
		complain(outcome, call, n, strerror(err));
	if (err && call->act())
		complain(outcome, call, n, "called again it does not work");
	if (!call->end())
		complain(outcome, call, n, "what it left is not right");
	if (count_splats())
		complain(outcome, call, n, "the kernel complains");
	return failed;
}

static void say(const struct kcov_faults_call *call, const char *how,
		const struct kcov_faults *outcome)
{
	print_message("%s%s: %u faults, %u refused, %u done without\n", call->name, how,
		      outcome->refused + outcome->done, outcome->refused, outcome->done);
}

/* Each allocation of the call, until it has fewer. */
struct kcov_faults kcov_faults_each(const struct kcov_faults_call *call)
{
	struct kcov_faults outcome = { 0 };

	for (unsigned int n = 1; n < ALLOCATIONS_MAX && fail_from(call, n, false, &outcome); n++)
		;
	say(call, "", &outcome);
	return outcome;
}

/* The same, and whatever is asked for instead fails, too. */
struct kcov_faults kcov_faults_each_and_all_behind(const struct kcov_faults_call *call)
{
	struct kcov_faults outcome = { 0 };

	outcome.wrong += !set_all_failing(true);
	for (unsigned int n = 1; n < ALLOCATIONS_MAX && fail_from(call, n, true, &outcome); n++)
		;
	outcome.wrong += !set_all_failing(false);
	say(call, ", and all behind it", &outcome);
	return outcome;
}

static unsigned int count_allocations(const struct kcov_faults_call *call,
				      struct kcov_faults *outcome)
{
	unsigned int left;

	if (!call->begin() || !kcov_faults_make_once(ALLOCATIONS_MAX) || call->act())
		complain(outcome, call, ALLOCATIONS_MAX, "it does not work without a fault");
	left = take_left();
	if (!call->end())
		complain(outcome, call, ALLOCATIONS_MAX, "what it left is not right");
	return ALLOCATIONS_MAX - left;
}

/* What the kernel has done a thousand times before it comes to us is tried by tens. */
struct kcov_faults kcov_faults_each_of_last(const struct kcov_faults_call *call,
					    unsigned int last)
{
	struct kcov_faults outcome = { 0 };
	const unsigned int all = count_allocations(call, &outcome);

	print_message("%s: %u allocations, each tenth and each of the last %u fail\n", call->name,
		      all, last);
	for (unsigned int n = 1; n <= all && !outcome.wrong; n += n + last < all ? 10 : 1)
		fail_from(call, n, false, &outcome);
	say(call, "", &outcome);
	return outcome;
}

static bool is_worker(const char *pid)
{
	char path[300], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = isdigit(*pid) ? fopen(path, "re") : NULL;
	if (!file)
		return false;
	if (!fgets(name, sizeof(name), file))
		name[0] = '\0';
	fclose(file);
	return !strncmp(name, "kworker/", strlen("kworker/"));
}

/* How many there are. One that has gone meanwhile is no matter. */
static unsigned int mark_workers(const char *value)
{
	DIR *proc = opendir("/proc");
	unsigned int workers = 0;
	struct dirent *entry;
	char path[300];

	while (proc && (entry = readdir(proc))) {
		if (!is_worker(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/make-it-fail", entry->d_name);
		workers += !kcov_write_file(path, value);
	}
	if (proc)
		closedir(proc);
	return workers;
}

/* All that workers allocate. */
bool kcov_faults_starve_workers(bool fails)
{
	return mark_workers(fails ? "1" : "0") > 0 && set_all_failing(fails);
}

/* Each allocation may fail, without a trace of calls in the log. */
static bool set_up(const char *directory)
{
	return set(directory, "verbose", "0") && set(directory, "ignore-gfp-wait", "N");
}

bool kcov_faults_open(void)
{
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	make_it_fail = open("/proc/thread-self/make-it-fail", O_RDWR | O_CLOEXEC);
	kernel_log = kcov_log_open();
	if (fail_nth < 0 || make_it_fail < 0 || kernel_log < 0)
		return false;
	kcov_log_forget(kernel_log);
	return set_up(FAILSLAB) && set_up(FAIL_PAGES) &&
	       set(FAIL_PAGES, "ignore-gfp-highmem", "N") && set(FAIL_PAGES, "min-order", "0") &&
	       !kcov_write_file(PRINTK, "4");
}

void kcov_faults_close(void)
{
	kcov_write_file(PRINTK, "7");
	close(kernel_log);
	close(make_it_fail);
	close(fail_nth);
}
