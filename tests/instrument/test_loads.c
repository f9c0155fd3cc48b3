// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each module that was built with callbacks loads, and unloads: a test for each file that the
 * runner has put into the guest.
 */
#include "kcov_instrumented.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define MODULES_MAX	64

/* Its first act is to look for the processor's own virtualisation, which emulation has not. */
#define NEEDS_VMX	"kvm-intel"

/* Once loaded it stays, the stock one, too: test_sctp. */
#define STAYS		"sctp"

static bool has_vmx(const char *line)
{
	return !strncmp(line, "flags", 5) && strstr(line, " vmx ");
}

static int expected(const char *module)
{
	const bool lacks = !strcmp(module, NEEDS_VMX) &&
			   kcov_count_lines("/proc/cpuinfo", has_vmx) == 0;

	return lacks ? EOPNOTSUPP : 0;
}

/* The stock one's file; false if the distribution has left it out. */
static bool stock_file(const char *module, char *path, size_t room)
{
	char command[256];
	struct utsname kernel;

	uname(&kernel);
	snprintf(command, sizeof(command), "find /lib/modules/%s/kernel -name %s.ko",
		 kernel.release, module);
	if (kcov_run(command, path, room))
		return false;
	path[strcspn(path, "\n")] = '\0';
	return path[0];
}

static void it_loads_and_unloads(void **state)
{
	const char *module = *state;
	const int answer = expected(module);

	if (answer)
		printf("%s_loads_and_unloads answers %s, as the stock one\n", module,
		       strerrorname_np(answer));
	assert_int_equal(kcov_swap_out(module), 0);
	assert_int_equal(kcov_insert(module), answer);
	assert_int_equal(kcov_is_swapped(module), answer == 0);
	assert_int_equal(kcov_swap_out(module), 0);
	assert_false(kcov_is_swapped(module));
}

/* Where the one with callbacks was, the stock one answers what that has answered. */
static void stock_one_answers_the_same(void **state)
{
	const char *module = *state;
	char path[512];

	if (!stock_file(module, path, sizeof(path)))
		fail_msg("there is no %s", module);
	assert_int_equal(kcov_load_file(path, ""), expected(module));
	assert_int_equal(kcov_swap_out(module), 0);
}

/* The control: a module whose symbols are not there. */
static void without_kcov_it_does_not_load(void **state)
{
	(void)state;
	assert_int_equal(kcov_swap_out("isofs"), 0);
	assert_int_equal(kcov_unload("kcov"), 0);
	assert_int_equal(kcov_insert("isofs"), ENOENT);
	assert_int_equal(kcov_load("kcov"), 0);
	assert_int_equal(kcov_insert("isofs"), 0);
	assert_int_equal(kcov_unload("kcov"), EWOULDBLOCK);
	assert_int_equal(kcov_swap_out("isofs"), 0);
}

static struct CMUnitTest tests[2 * MODULES_MAX + 1];
static size_t count;

static void add(const char *module, const char *what, CMUnitTestFunction test)
{
	char *name;

	if (asprintf(&name, "%s_%s", module, what) < 0)
		abort();
	tests[count++] = (struct CMUnitTest){ .name = name, .test_func = test,
					      .initial_state = strdup(module) };
}

static int by_name(const struct dirent **left, const struct dirent **right)
{
	return strcmp((*left)->d_name, (*right)->d_name);
}

static int is_module(const struct dirent *entry)
{
	const size_t length = strlen(entry->d_name);

	return length > 3 && !strcmp(entry->d_name + length - 3, ".ko");
}

static void find_tests(void)
{
	struct dirent **files = NULL;
	const int found = scandir(KCOV_INSTRUMENTED, &files, is_module, by_name);
	char path[512];

	for (int i = 0; i < found && i < MODULES_MAX; i++) {
		char *module = files[i]->d_name;

		module[strlen(module) - 3] = '\0';
		if (!strcmp(module, STAYS))
			continue;
		add(module, "loads_and_unloads", it_loads_and_unloads);
		if (stock_file(module, path, sizeof(path)))
			add(module, "answers_as_the_stock_one", stock_one_answers_the_same);
		free(files[i]);
	}
	free(files);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(without_kcov_it_does_not_load);
}

int main(void)
{
	find_tests();
	return kcov_test_run("loads", tests, count, NULL, NULL) != 0;
}
