// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may open what, and what nobody is shown.
 *
 * Lockdown, which stays until the next boot, has a group of its own.
 */
#include "kcov_test.h"

#include <ctype.h>
#include <dirent.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kcov_log.h"

#define RESTRICT	"/proc/sys/kernel/kptr_restrict"
#define PARAMETERS	"/sys/module/kcov/parameters"

/* --- who may open it ---------------------------------------------------------------- */

static bool is_roots(const char *path)
{
	struct stat about;

	return !stat(path, &about) && about.st_uid == 0 && (about.st_mode & 077) == 0;
}

static void files_are_for_root(void **state)
{
	DIR *directory = opendir(KCOV_MOD);
	int files = 0, others = 0;
	struct dirent *entry;
	char path[300];

	(void)state;
	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		snprintf(path, sizeof(path), KCOV_MOD "/%s", entry->d_name);
		if (entry->d_type != DT_REG)
			continue;
		files++;
		others += !is_roots(path);
	}
	closedir(directory);
	assert_true(files >= 4);
	assert_int_equal(others, 0);
	assert_true(is_roots(KCOV_DEVICE));
}

static int give_up(unsigned int capability)
{
	struct __user_cap_header_struct who = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct what[2];

	if (syscall(SYS_capget, &who, what))
		return errno;
	what[capability / 32].effective &= ~(1U << capability % 32);
	return syscall(SYS_capset, &who, what) ? errno : 0;
}

static int open_here(void)
{
	const int fd = kcov_open();

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int open_without_syslog(void *unused)
{
	(void)unused;
	if (give_up(CAP_SYSLOG))
		return -1;
	return open_here();
}

static int open_without_another(void *unused)
{
	(void)unused;
	if (give_up(CAP_NET_RAW))
		return -1;
	return open_here();
}

/* Debian's 0 leaves it to perf_event_paranoid what it means. */
static int hide_addresses(void **state)
{
	(void)state;
	return kcov_write_file(RESTRICT, "1") ? -1 : 0;
}

static int show_addresses(void **state)
{
	(void)state;
	return kcov_write_file(RESTRICT, "0") ? -1 : 0;
}

static void open_needs_the_capability_that_shows_addresses(void **state)
{
	(void)state;
	assert_int_equal(kcov_in_child(open_without_another, NULL), 0);
	assert_int_equal(kcov_in_child(open_without_syslog, NULL), EPERM);
}

static void nobody_opens_it_where_addresses_are_shown_to_nobody(void **state)
{
	int result;

	(void)state;
	assert_int_equal(kcov_write_file(RESTRICT, "2"), 0);
	result = open_here();
	assert_int_equal(kcov_write_file(RESTRICT, "1"), 0);
	assert_int_equal(result, EPERM);
	assert_int_equal(open_here(), 0);
}

static void log_names_the_cure(void **state)
{
	const char *const cure[] = { "kcov: open by test_security", "CAP_SYSLOG",
				     "kernel.kptr_restrict=1", NULL };
	const int log = kcov_log_open();
	bool told;

	(void)state;
	kcov_log_forget(log);
	kcov_in_child(open_without_another, NULL);
	assert_false(kcov_log_says(log, cure));
	kcov_in_child(open_without_syslog, NULL);
	told = kcov_log_says(log, cure);
	close(log);
	assert_true(told);
}

/* Without it in what a program may get, too: else root gets it back. */
static int tool_without_syslog(void *unused)
{
	char said[512];

	(void)unused;
	if (prctl(PR_CAPBSET_DROP, CAP_SYSLOG) ||
	    kcov_run("kcovctl trace 2>&1", said, sizeof(said)) != 1)
		return -1;
	return strstr(said, "CAP_SYSLOG") && !strstr(said, "kptr_restrict") ? 0 : 1;
}

static void tool_names_the_one_cure(void **state)
{
	char said[512];
	int status;

	(void)state;
	assert_int_equal(kcov_in_child(tool_without_syslog, NULL), 0);
	assert_int_equal(kcov_write_file(RESTRICT, "2"), 0);
	status = kcov_run("kcovctl trace 2>&1", said, sizeof(said));
	assert_int_equal(kcov_write_file(RESTRICT, "1"), 0);
	assert_int_equal(status, 1);
	assert_non_null(strstr(said, "kernel.kptr_restrict=1"));
	assert_null(strstr(said, "CAP_SYSLOG"));
}

static int trace_without_syslog(void *test)
{
	return give_up(CAP_SYSLOG) ? -1 : kcov_trace_read(test) > 0 ? 0 : 1;
}

static void descriptor_that_was_handed_over_works(void **state)
{
	assert_int_equal(kcov_in_child(trace_without_syslog, *state), 0);
}

/* --- what is not shown --------------------------------------------------------------- */

/* Sixteen digits of the upper half, as they are printed. */
static bool has_address(const char *text)
{
	for (; (text = strstr(text, "ffff")); text++) {
		size_t digits = 0;

		while (isxdigit((unsigned char)text[digits]))
			digits++;
		if (digits >= 16)
			return true;
	}
	return false;
}

static bool line_has_address(const char *line)
{
	return has_address(line);
}

static bool any_line(const char *line)
{
	(void)line;
	return true;
}

/* The pattern finds what it is to find, in a file that has it. */
static void kernels_own_table_has_addresses(void **state)
{
	(void)state;
	assert_true(kcov_count_lines("/proc/kallsyms", line_has_address) > 10000);
}

static void no_file_shows_an_address(void **state)
{
	static const char *const files[] = { KCOV_INSTANCES, KCOV_LOST, KCOV_FUNCTIONS, KCOV_FOLLOW,
					     PARAMETERS "/functions" };
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		assert_true(kcov_count_lines(files[i], any_line) >= 1);
		assert_int_equal(kcov_count_lines(files[i], line_has_address), 0);
	}
}

/* Opened while the module is there, read when it has gone. */
static FILE *outlive_cpuid(void)
{
	FILE *file = NULL;

	if (kcov_load_stock("arch/x86/kernel/cpuid.ko"))
		return NULL;
	if (!kcov_write_file(KCOV_FUNCTIONS, "=cpuid:*"))
		file = fopen(KCOV_FUNCTIONS, "re");
	kcov_unload("cpuid");
	return kcov_is_loaded("cpuid") ? NULL : file;
}

/* The reader has a copy of the addresses, and the module takes their names along. */
static void names_that_went_with_their_module_are_no_addresses(void **state)
{
	FILE *file = outlive_cpuid();
	int gone = 0, addresses = 0;
	char line[256];

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		gone += !!strstr(line, "(gone)");
		addresses += has_address(line);
	}
	fclose(file);
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "default"), 0);
	assert_true(gone > 0);
	assert_int_equal(addresses, 0);
}

static void log_shows_no_address(void **state)
{
	const int log = kcov_log_open();
	char line[KCOV_LOG_LINE];
	int lines = 0, addresses = 0;

	(void)state;
	while (kcov_log_next(log, line) >= 0) {
		const char *ours = strstr(line, ";kcov: ");

		lines += !!ours;
		addresses += ours && has_address(ours);
	}
	close(log);
	assert_true(lines > 0);
	assert_int_equal(addresses, 0);
}

#define HIDDEN(name) cmocka_unit_test_setup_teardown(name, hide_addresses, show_addresses)

int main(void)
{
	const struct CMUnitTest security[] = {
		cmocka_unit_test(files_are_for_root),
		HIDDEN(open_needs_the_capability_that_shows_addresses),
		HIDDEN(nobody_opens_it_where_addresses_are_shown_to_nobody),
		HIDDEN(log_names_the_cure),
		HIDDEN(tool_names_the_one_cure),
		KCOV_TEST(descriptor_that_was_handed_over_works),
		cmocka_unit_test(kernels_own_table_has_addresses),
		KCOV_TEST(no_file_shows_an_address),
		cmocka_unit_test(names_that_went_with_their_module_are_no_addresses),
		cmocka_unit_test(log_shows_no_address),
	};

	return cmocka_run_group_tests(security, NULL, NULL) != 0;
}
