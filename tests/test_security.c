// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may open what, what nobody is shown, and what a process leaves that is killed.
 *
 * Lockdown, which stays until the next boot, has a group of its own.
 */
#include "kcov_remote.h"

#include <ctype.h>
#include <dirent.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kcov_instances.h"
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

/* --- killed anywhere ------------------------------------------------------------------ */

static bool run_sections(int fd)
{
	struct kcov_remote both = kcov_usb(KCOV_USB_A);

	both.common_handle = KCOV_COMMON_A;
	return !kcov_remote_enable(fd, &both) &&
	       !kcov_deferred("worker %#llx 2", (unsigned long long)KCOV_USB_A) &&
	       !kcov_sections("start %#llx", (unsigned long long)KCOV_USB_A) &&
	       !kcov_sections("stop") && !kcov_disable(fd);
}

static bool run_tree(int fd)
{
	pid_t pid;

	if (kcov_ioctl(fd, KCOV_TREE_ENABLE, 0))
		return false;
	pid = fork();
	if (!pid)
		_exit(0);
	return waitpid(pid, NULL, 0) == pid && !kcov_disable(fd);
}

/* All that binds a task; what it leaves enabled is left to the exit. */
static void use_all(void)
{
	struct kcov_test own, other;

	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	if (!kcov_make(&own, KCOV_TEST_SIZE) || !kcov_make(&other, KCOV_TEST_SIZE))
		_exit(1);
	if (kcov_trace_read(&own) <= 0 || !run_sections(own.fd) || !run_tree(own.fd))
		_exit(2);
	kcov_unmap(other.buffer, other.size);
	if (kcov_enable(own.fd) || kcov_enable_common(other.fd, KCOV_COMMON_B))
		_exit(3);
	close(own.fd);
	syscall(SYS_getppid);
	_exit(0);
}

/* Goes from one end of a system call to the next; false if the child is no more. */
static bool go_on(pid_t pid, int *status)
{
	return !ptrace(PTRACE_SYSCALL, pid, NULL, NULL) && waitpid(pid, status, 0) == pid &&
	       WIFSTOPPED(*status);
}

/* Killed when it has entered or left that many calls; true if there are so many. */
static bool kill_after(unsigned int stops, int *status)
{
	const pid_t pid = fork();
	bool alive = true;

	if (!pid)
		use_all();
	waitpid(pid, status, 0);
	while (stops-- && alive)
		alive = go_on(pid, status);
	if (!alive)
		return false;
	kill(pid, SIGKILL);
	waitpid(pid, status, 0);
	return true;
}

/* The next one gets the same handles, and EEXIST if the one before has left them. */
static void process_killed_at_any_call_leaves_nothing(void **state)
{
	unsigned int stops = 0;
	int status = 0;

	(void)state;
	while (kill_after(stops, &status)) {
		assert_true(WIFSIGNALED(status));
		assert_true(kcov_wait_for(kcov_has_no_rows, NULL));
		stops++;
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(stops > 60);
	assert_true(kcov_wait_for(kcov_has_no_rows, NULL));
	printf("# killed at %u places\n", stops);
}

static int load_drivers(void **state)
{
	return kcov_make_areas_small() ? kcov_load_drivers(state) : -1;
}

static int unload_drivers(void **state)
{
	return kcov_make_areas_usual() ? kcov_unload_drivers(state) : -1;
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
		cmocka_unit_test_setup_teardown(process_killed_at_any_call_leaves_nothing,
						load_drivers, unload_drivers),
	};

	return cmocka_run_group_tests(security, NULL, NULL) != 0;
}
