// SPDX-License-Identifier: GPL-2.0-only
/*
 * Under lockdown, as Secure Boot brings it. It cannot be lifted before the
 * next boot, so this group is the last one, and its tests go from level to level.
 */
#include "kcov_test.h"

#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kcov_log.h"

#define DEBUGFS		"/sys/kernel/debug"
#define SECURITYFS	"/sys/kernel/security"
#define LOCKDOWN	SECURITYFS "/lockdown"
#define RESTRICT	"/proc/sys/kernel/kptr_restrict"

/* Opened before: one that is ready, one that is new. */
static struct kcov_test before, new;

static int open_before(void **state)
{
	(void)state;
	if (access(LOCKDOWN, F_OK))
		mount("securityfs", SECURITYFS, "securityfs", 0, NULL);
	if (!kcov_make(&before, KCOV_TEST_SIZE))
		return -1;
	new = (struct kcov_test){ .fd = kcov_open() };
	return new.fd < 0 ? -1 : 0;
}

static int release(void **state)
{
	(void)state;
	kcov_release(&before);
	kcov_release(&new);
	return 0;
}

/* What kcovctl says when it cannot open the device, this among it and that not. */
static bool tool_says(const char *this, const char *that)
{
	char said[512];

	if (kcov_run("kcovctl trace 2>&1", said, sizeof(said)) == 1 &&
	    strstr(said, this) && !strstr(said, that))
		return true;
	print_error("%s", said);
	return false;
}

/* The same where addresses are hidden from everybody, too. */
static bool tool_says_while_hidden(const char *this, const char *that)
{
	bool told;

	assert_int_equal(kcov_write_file(RESTRICT, "2"), 0);
	told = tool_says(this, that);
	assert_int_equal(kcov_write_file(RESTRICT, "0"), 0);
	return told;
}

/* --- not yet: the controls -------------------------------------------------------------- */

static void unsigned_module_loads(void **state)
{
	(void)state;
	assert_int_equal(kcov_load("kcov_deferred"), 0);
	assert_int_equal(kcov_unload("kcov_deferred"), 0);
}

static void tool_names_another_cause(void **state)
{
	(void)state;
	assert_true(tool_says_while_hidden("kernel.kptr_restrict=1", "Secure Boot"));
}

/* --- level integrity, as under Secure Boot -------------------------------------------------- */

static void kernel_locks_itself_down(void **state)
{
	char levels[80];

	(void)state;
	assert_int_equal(kcov_write_file(LOCKDOWN, "integrity"), 0);
	kcov_run("cat " LOCKDOWN, levels, sizeof(levels));
	assert_string_equal(levels, "none [integrity] confidentiality\n");
}

static void open_is_eperm(void **state)
{
	(void)state;
	assert_int_equal(kcov_open(), -1);
	assert_int_equal(errno, EPERM);
}

/* The kernel's own line, and none of ours: the module is not asked. */
static void log_names_lockdown(void **state)
{
	const char *const lockdown[] = { "Lockdown: test_lockdown: debugfs access is restricted",
					 NULL };
	const char *const ours[] = { "kcov: open by", NULL };
	const int log = kcov_log_open(), again = kcov_log_open();
	bool told, twice;

	(void)state;
	kcov_log_forget(log);
	kcov_log_forget(again);
	kcov_open();
	told = kcov_log_says(log, lockdown);
	twice = kcov_log_says(again, ours);
	close(log);
	close(again);
	assert_true(told);
	assert_false(twice);
}

/* Hidden addresses would be no cause, even where they are hidden. */
static void tool_names_lockdown_alone(void **state)
{
	(void)state;
	assert_true(tool_says_while_hidden("locked down (integrity)", "kptr_restrict"));
	assert_true(tool_says("mokutil --disable-validation", "CAP_SYSLOG"));
}

/* The cure is not to load it again, nor to sign it. */
static void doctor_names_lockdown(void **state)
{
	char said[8192];

	(void)state;
	assert_int_equal(kcov_run("kcovctl doctor", said, sizeof(said)), 1);
	assert_non_null(strstr(said, "the first thing to cure is 'lockdown'"));
	assert_non_null(strstr(said, "the kernel is locked down (integrity)"));
	assert_non_null(strstr(said, "cannot be opened (EPERM): see 'lockdown'"));
	assert_null(strstr(said, "modprobe kcov"));
}

static int run_tool_without_the_device(void *unused)
{
	(void)unused;
	if (unshare(CLONE_NEWNS) || mount(KCOV_MOD, DEBUGFS, NULL, MS_BIND, NULL) ||
	    !access(KCOV_DEVICE, F_OK))
		return -1;
	return tool_says("locked down (integrity)", "modprobe") ? 0 : 1;
}

/* As it is where the module could not be loaded. */
static void tool_without_the_device_names_lockdown(void **state)
{
	(void)state;
	assert_int_equal(kcov_in_child(run_tool_without_the_device, NULL), 0);
}

/* The kernel leaves those open that nobody can write to. */
static void files_that_only_tell_can_be_read(void **state)
{
	(void)state;
	assert_int_equal(kcov_read_file(KCOV_INSTANCES), 0);
	assert_int_equal(kcov_read_file(KCOV_LOST), 0);
	assert_int_equal(kcov_read_file(KCOV_FUNCTIONS), EPERM);
	assert_int_equal(kcov_read_file(KCOV_FOLLOW), EPERM);
}

static void files_that_change_something_are_closed(void **state)
{
	(void)state;
	assert_int_equal(kcov_write_file(KCOV_FUNCTIONS, "default"), EPERM);
	assert_int_equal(kcov_write_file(KCOV_FOLLOW, "0"), EPERM);
	assert_int_equal(kcov_write_file(KCOV_INSTANCES, "0"), EPERM);
}

/* It is the signature that is missing: one of Debian's own modules has it. */
static void unsigned_module_is_eperm(void **state)
{
	(void)state;
	assert_int_equal(kcov_load("kcov_deferred"), EPERM);
	assert_int_equal(kcov_load_stock("arch/x86/kernel/cpuid.ko"), 0);
	assert_int_equal(kcov_unload("cpuid"), 0);
}

/* kcovctl load tells why, and the stock module is not even taken out. */
static void tool_swaps_no_module(void **state)
{
	char said[1024];
	struct stat before_load, after;

	(void)state;
	assert_int_equal(kcov_run("modprobe crc_itu_t", said, sizeof(said)), 0);
	assert_int_equal(stat("/sys/module/crc_itu_t", &before_load), 0);
	assert_int_equal(kcov_run("kcovctl load -d /swap crc_itu_t 2>&1", said, sizeof(said)), 1);
	assert_non_null(strstr(said, "locked down (integrity)"));
	assert_non_null(strstr(said, "mokutil --disable-validation"));
	assert_int_equal(stat("/sys/module/crc_itu_t", &after), 0);
	assert_int_equal(after.st_ino, before_load.st_ino);
	assert_int_equal(kcov_unload("crc_itu_t"), 0);
}

static void descriptor_opened_before_works_on(void **state)
{
	(void)state;
	assert_true(kcov_trace_read(&before) > 0);
}

static void descriptor_opened_before_can_be_initialised(void **state)
{
	(void)state;
	assert_int_equal(kcov_init(new.fd, KCOV_TEST_SIZE), 0);
	new.size = KCOV_TEST_SIZE;
	new.buffer = kcov_map(new.fd, new.size);
	assert_non_null(new.buffer);
	assert_true(kcov_trace_read(&new) > 0);
}

/* --- level confidentiality ---------------------------------------------------------------- */

static void tool_names_the_higher_level(void **state)
{
	(void)state;
	assert_int_equal(kcov_write_file(LOCKDOWN, "confidentiality"), 0);
	assert_int_equal(kcov_write_file(LOCKDOWN, "integrity"), EPERM);
	assert_true(tool_says("locked down (confidentiality)", "integrity"));
}

static void higher_level_closes_no_more(void **state)
{
	open_is_eperm(state);
	files_that_only_tell_can_be_read(state);
	files_that_change_something_are_closed(state);
	descriptor_opened_before_works_on(state);
}

int main(void)
{
	const struct CMUnitTest lockdown[] = {
		cmocka_unit_test(unsigned_module_loads),
		cmocka_unit_test(tool_names_another_cause),

		cmocka_unit_test(kernel_locks_itself_down),
		cmocka_unit_test(open_is_eperm),
		cmocka_unit_test(log_names_lockdown),
		cmocka_unit_test(tool_names_lockdown_alone),
		cmocka_unit_test(doctor_names_lockdown),
		cmocka_unit_test(tool_without_the_device_names_lockdown),
		cmocka_unit_test(files_that_only_tell_can_be_read),
		cmocka_unit_test(files_that_change_something_are_closed),
		cmocka_unit_test(unsigned_module_is_eperm),
		cmocka_unit_test(tool_swaps_no_module),
		cmocka_unit_test(descriptor_opened_before_works_on),

		cmocka_unit_test(tool_names_the_higher_level),
		cmocka_unit_test(higher_level_closes_no_more),
		cmocka_unit_test(descriptor_opened_before_can_be_initialised),
	};
	const int failed = cmocka_run_group_tests(lockdown, open_before, release);

	return failed != 0;
}
