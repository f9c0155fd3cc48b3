// SPDX-License-Identifier: GPL-2.0-only
/*
 * The benchmark, in the guest: measures all there is, in order, and prints a row each.
 *
 *	measure all		with one CPU
 *	measure cpus		by several CPUs at once
 *	measure time		how long it takes, where the TSC counts that
 *
 * To be started before kcov.ko is loaded, which it then loads by itself. A row: "@", its name,
 * whether it is guarded, unit, value, what it is; between tabs. Nothing is printed before
 * the end, as a serial port takes interrupts. "done" is the last line; status 1, and a line
 * that says why, if something could not be measured.
 */
#include "measure.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Words for what some system calls leave. */
#define LARGE	(1024 * KCOV_PAGE_WORDS)

static bool ours;

bool is_ours(void)
{
	return ours;
}

/* All others have no function entries. */
void cover_functions(bool on)
{
	const char *path = "/sys/module/kcov/parameters/function_entries";
	int err;

	if (!ours)
		return;
	err = kcov_write_file(path, on ? "Y" : "N");
	if (err)
		die("%s: %s", path, strerror(err));
}

static void load(const char *module)
{
	const int err = kcov_load(module);

	if (err)
		die("insmod %s: %s", module, strerror(err));
}

static void measure_nobody(void)
{
	measure_callbacks_idle();
	measure_sections_unused();
	measure_tasks_idle();
	measure_calls(NULL, "idle", "nobody traces");
}

static void measure_short_other(void)
{
	measure_callbacks_other();
	measure_calls(NULL, "other", "another task traces");
}

static void measure_all_other(void)
{
	measure_callbacks_other();
	measure_tasks_other();
	measure_calls(NULL, "other", "another task traces");
}

static void beside_other(void (*measure)(void))
{
	struct kcov_test t;
	struct other other;

	make(&t, KCOV_PAGE_WORDS);
	other_begin(&other, &t, 0);
	measure();
	other_end(&other);
	kcov_release(&t);
}

static void measure_traced_calls(void)
{
	struct kcov_test t;

	make(&t, LARGE);
	enable(&t, KCOV_TRACE_PC);
	measure_calls(&t, "traced", "recording");
	disable(&t);
	kcov_release(&t);
}

static void measure_all(void)
{
	struct kcov_test keeper;

	if (ours) {
		measure_calls(NULL, "bare", "without kcov.ko");
		load("kcov");
	}
	load("kcov_bench");
	measure_nobody();
	measure_arming(&keeper);
	beside_other(measure_all_other);
	measure_callbacks();
	measure_sections();
	measure_tasks();
	measure_traced_calls();
	measure_user_space();
	measure_memory();
	if (kcov_unload("kcov_bench"))
		die("rmmod kcov_bench: %s", strerror(errno));
	kcov_release(&keeper);
	if (ours)
		measure_disarming();
}

static void measure_several(void)
{
	if (ours)
		load("kcov");
	load("kcov_bench");
	measure_cpus();
}

/* What takes a time that can be told from noise. */
static void measure_times(void)
{
	if (!kcov_pin(0))
		die("CPU 0: %s", strerror(errno));
	measure_time();
	if (ours)
		load("kcov");
	load("kcov_bench");
	measure_callbacks_idle();
	measure_calls(NULL, "idle", "nobody traces");
	beside_other(measure_short_other);
	measure_callbacks();
	measure_enabling();
	measure_traced_calls();
}

static const struct {
	const char *name;
	void (*measure)(void);
} parts[] = {
	{ "all", measure_all },
	{ "cpus", measure_several },
	{ "time", measure_times },
};

int main(int argc, char **argv)
{
	static char output[1 << 16];

	setvbuf(stdout, output, _IOFBF, sizeof(output));
	ours = access(KCOV_DEVICE, F_OK) != 0;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (argc == 2 && !strcmp(argv[1], parts[i].name)) {
			parts[i].measure();
			puts("done");
			return 0;
		}
	die("usage: measure all|cpus|time");
}
