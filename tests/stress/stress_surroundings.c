// SPDX-License-Identifier: GPL-2.0-only
/*
 * What else happens to the kernel meanwhile: the set of functions changes, CPUs go and come, the
 * preemption model changes, an instrumented module comes and goes, and somebody tries to unload
 * ours all the time.
 *
 * Three processes, so that what takes long does not keep the others waiting. Each is the only one
 * that does what it does, and so knows the answers.
 */
#include "stress.h"

#include "kcov_instances.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PREEMPT		"/sys/kernel/debug/sched/preempt"
#define INPUT		"/sys/kernel/debug/kcov_sample/input"
#define RULES_MAX	64

/* What changes the text of the kernel stops all CPUs: some time is for the others. */
static void pause_for(struct stress_actor *a, unsigned int milliseconds)
{
	usleep(1000 * stress_draw(a, milliseconds));
}

static const struct {
	const char *text;
	unsigned int rules;	/* that it adds */
	bool is_anew;		/* after it has thrown away what there was */
	int error;
} changes[] = {
	{ "default", 0, true, 0 },
	{ "none", 0, true, 0 },
	{ "none +ksys_*", 1, true, 0 },
	{ "=do_*", 1, true, 0 },
	{ "=ext4_* +xfs_nothing*\tvfs_*", 0, true, EINVAL },
	{ "none none", 0, true, 0 },
	{ "-ksys_*", 1, false, 0 },
	{ "+schedule", 1, false, 0 },
	{ "=vfs_* +tcp_*", 2, true, 0 },
	{ "+ksys_* -vfs_*,+do_*\n", 3, false, 0 },
	{ "+no_function_has_this_name", 1, false, ENOENT },
	{ "-kcov_nobody:*", 1, false, ENOENT },
	{ "vfs_read", 1, false, EINVAL },
	{ "+", 1, false, EINVAL },
};

static void change_functions(struct stress_actor *a)
{
	const unsigned int i = stress_draw(a, ARRAY_SIZE(changes));
	const unsigned int rules = (changes[i].is_anew ? 0 : a->rules) + changes[i].rules;
	const int error = rules > RULES_MAX ? E2BIG : changes[i].error;

	a->what = changes[i].text;
	stress_expect(a, MAY(error), kcov_write_file(KCOV_FUNCTIONS, changes[i].text));
	if (!error)
		a->rules = rules;
}

static void change_follow(struct stress_actor *a)
{
	static const char *const texts[] = { "0", "1", "1", "2", "-1" };
	const unsigned int i = stress_draw(a, ARRAY_SIZE(texts));

	a->what = texts[i];
	stress_expect(a, i < 3 ? MAY(0) : MAY(EINVAL), kcov_write_file(KCOV_FOLLOW, texts[i]));
}

static void change_parameter(struct stress_actor *a)
{
	static const char *const names[] = {
		"remote_areas", "softirq_areas", "disarm_delay", "tree_sets", "follow_depth",
	};
	static const char *const values[] = { "1", "4", "10", "8", "x", "-1" };
	const unsigned int i = stress_draw(a, ARRAY_SIZE(values));
	char path[64];

	a->what = names[stress_draw(a, ARRAY_SIZE(names))];
	snprintf(path, sizeof(path), "/sys/module/kcov/parameters/%s", a->what);
	stress_expect(a, i < 4 ? MAY(0) : MAY(EINVAL), kcov_write_file(path, values[i]));
}

/* The first line of each is all that is read of what can be long. */
static void read_functions(struct stress_actor *a)
{
	if (kcov_read_number(KCOV_FUNCTIONS, "# ") == ULONG_MAX)
		stress_fail(a, "the head of the functions is not \"# N functions\"");
}

int stress_run_functions(unsigned int number)
{
	struct stress_actor a;

	stress_start_actor(&a, number);
	a.rules = 2;
	while (stress_goes_on()) {
		stress_begin(&a, STRESS_FUNCTIONS);
		change_functions(&a);
		read_functions(&a);
		stress_begin(&a, STRESS_FOLLOW);
		change_follow(&a);
		stress_begin(&a, STRESS_PARAMETER);
		change_parameter(&a);
		pause_for(&a, 4000);
	}
	return 0;
}

/* What the running kernel was built with. */
static bool has_config(const char *wanted)
{
	struct utsname kernel;
	char path[128], line[512];
	bool found = false;
	FILE *file;

	uname(&kernel);
	snprintf(path, sizeof(path), "/boot/config-%s", kernel.release);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		found = !strcmp(line, wanted);
	}
	if (file)
		fclose(file);
	return found;
}

/* A machine with one CPU keeps it. */
bool stress_has_hotplug(void)
{
	return has_config("CONFIG_HOTPLUG_CPU=y") && sysconf(_SC_NPROCESSORS_CONF) > 1;
}

/* Without hotplug there is no file for it. */
static void change_cpu(struct stress_actor *a)
{
	const int cpus = sysconf(_SC_NPROCESSORS_CONF);
	const int cpu = 1 + stress_draw(a, cpus > 1 ? cpus - 1 : 1);
	const uint64_t may = stress_has_hotplug() ? MAY(0) : MAY(ENOENT);
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	stress_expect(a, may, kcov_write_file(path, "0"));
	pause_for(a, 100);
	stress_expect(a, may, kcov_write_file(path, "1"));
}

/* Whether the kernel's preemption model can be chosen while it runs. */
bool stress_has_models(void)
{
	return has_config("CONFIG_PREEMPT_DYNAMIC=y");
}

/* What this kernel takes, the current one in brackets; nothing if it has but one. */
void stress_read_models(char *line, size_t room)
{
	FILE *file = fopen(PREEMPT, "re");

	if (!file || !fgets(line, room, file))
		line[0] = '\0';
	if (file)
		fclose(file);
}

static bool has_model(const char *model)
{
	char line[64], *rest = line;
	bool found = false;

	stress_read_models(line, sizeof(line));
	while (!found && rest)
		found = !strcmp(strsep(&rest, " ()\n"), model);
	return found;
}

/* A kernel with one model has no file for it. */
static void change_preemption(struct stress_actor *a)
{
	static const char *const models[] = { "none", "voluntary", "full", "lazy", "nothing" };
	const char *model = models[stress_draw(a, ARRAY_SIZE(models))];

	a->what = model;
	stress_expect(a, MAY(!stress_has_models() ? ENOENT : has_model(model) ? 0 : EINVAL),
		      kcov_write_file(PREEMPT, model));
}

int stress_run_machine(unsigned int number)
{
	struct stress_actor a;

	stress_start_actor(&a, number);
	while (stress_goes_on()) {
		stress_begin(&a, STRESS_CPU);
		change_cpu(&a);
		stress_begin(&a, STRESS_PREEMPT);
		change_preemption(&a);
		pause_for(&a, 3000);
	}
	return 0;
}

static unsigned long room_for(const struct kcov_row *row)
{
	const unsigned long size = strtoul(row->size, NULL, 10);

	return size < 2 ? 0 : strstr(row->mode, "cmp") ? (size - 1) / 4 : size - 1;
}

static void check_row(struct stress_actor *a, const char *line)
{
	static const char modes[] = " new ready pc cmp remote-pc remote-cmp tree ";
	struct kcov_row row;
	char mode[20];

	if (!kcov_parse_row(line, &row))
		stress_fail(a, "the table has a line of its own: %s", line);
	snprintf(mode, sizeof(mode), " %s ", row.mode);
	if (!strstr(modes, mode))
		stress_fail(a, "there is no mode %s", row.mode);
	if (strtoul(row.count, NULL, 10) > room_for(&row))
		stress_fail(a, "%s records in %s words of mode %s", row.count, row.size, row.mode);
	if (!strcmp(row.mode, "new") != !strcmp(row.size, "0"))
		stress_fail(a, "%s words in mode %s", row.size, row.mode);
}

static void read_table(struct stress_actor *a)
{
	FILE *file = fopen(KCOV_INSTANCES, "re");
	char line[256];

	stress_expect(a, MAY(0), file ? 0 : errno);
	if (!fgets(line, sizeof(line), file))
		stress_fail(a, "the table is empty");
	while (fgets(line, sizeof(line), file))
		check_row(a, line);
	fclose(file);
}

/* All the time, between everything else: somebody has it, so it stays. */
static void try_to_unload(struct stress_actor *a)
{
	stress_begin(a, STRESS_RMMOD);
	stress_expect(a, MAY(EWOULDBLOCK), kcov_unload("kcov"));
}

static void use_sample(struct stress_actor *a)
{
	stress_begin(a, STRESS_LOAD);
	stress_expect(a, MAY(0), kcov_load("kcov_sample"));
	try_to_unload(a);
	stress_begin(a, STRESS_TRACE);
	stress_expect(a, MAY(0), kcov_write_file(INPUT, "a"));
	stress_begin(a, STRESS_UNLOAD);
	stress_expect(a, MAY(0), kcov_unload("kcov_sample"));
}

int stress_run_modules(unsigned int number)
{
	struct stress_actor a;

	stress_start_actor(&a, number);
	while (stress_goes_on()) {
		use_sample(&a);
		try_to_unload(&a);
		stress_begin(&a, STRESS_INSMOD);
		stress_expect(&a, MAY(EEXIST), kcov_load("kcov"));
		stress_begin(&a, STRESS_INSTANCES);
		read_table(&a);
		try_to_unload(&a);
		pause_for(&a, 300);
	}
	return 0;
}
