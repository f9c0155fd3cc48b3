// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work that keeps all CPUs busy while a test traces.
 */
#include "kcov_stress.h"
#include "kcov_test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGES		16
#define LOADS		ARRAY_SIZE(loads)

static int ping[2], pong[2];

static void make_calls(void)
{
	syscall(SYS_getppid);
	syscall(SYS_read, -1, NULL, 0);
}

static void make_children(void)
{
	const pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void make_faults(void)
{
	char *pages = mmap(NULL, PAGES * KCOV_PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		_exit(1);
	memset(pages, 1, PAGES * KCOV_PAGE);
	munmap(pages, PAGES * KCOV_PAGE);
}

static void wait_for_timer(void)
{
	const struct timespec short_time = { .tv_nsec = 50000 };

	nanosleep(&short_time, NULL);
}

static void send_ping(void)
{
	char byte = 0;

	if (write(ping[1], &byte, 1) != 1 || read(pong[0], &byte, 1) != 1)
		_exit(1);
}

static void answer_ping(void)
{
	char byte = 0;

	if (read(ping[0], &byte, 1) != 1 || write(pong[1], &byte, 1) != 1)
		_exit(1);
}

static void (*const loads[])(void) = {
	make_calls, make_children, make_faults, wait_for_timer, send_ping, answer_ping,
};

static pid_t *pids;
static size_t running;

static pid_t start_load(void (*load)(void), int cpu)
{
	const pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	kcov_pin(cpu);
	for (;;)
		load();
}

bool kcov_stress_start(void)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	running = (cpus < 2 ? 2 : cpus) * LOADS;
	pids = calloc(running, sizeof(*pids));
	if (!pids || pipe(ping) || pipe(pong))
		return false;
	for (size_t i = 0; i < running; i++)
		pids[i] = start_load(loads[i % LOADS], i / LOADS);
	return true;
}

static bool has_run(pid_t pid)
{
	unsigned long time = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fscanf(file, "%lu", &time) != 1)
		time = 0;
	fclose(file);
	return time > 0;
}

/* All of them are there, and each has had a CPU: to be waited for. */
bool kcov_stress_runs(void *unused)
{
	(void)unused;
	for (size_t i = 0; i < running; i++)
		if (pids[i] <= 0 || !has_run(pids[i]))
			return false;
	return true;
}

void kcov_stress_stop(void)
{
	for (size_t i = 0; i < running; i++) {
		if (pids[i] <= 0)
			continue;
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	free(pids);
	for (int end = 0; end < 2; end++) {
		close(ping[end]);
		close(pong[end]);
	}
}
