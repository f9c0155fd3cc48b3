// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl doctor: it finds nothing where all is well, and each thing that is wrong,
 * and leaves all as it was.
 *
 * A call that is answered wrongly is made by a seccomp filter, which the doctor's
 * process inherits.
 */
#include "kcov_test.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kcov_instances.h"

#define DEBUGFS		"/sys/kernel/debug"
#define SECURITYFS	"/sys/kernel/security"
#define RESTRICT	"/proc/sys/kernel/kptr_restrict"
#define FTRACE		"/proc/sys/kernel/ftrace_enabled"
#define ENTRIES		"/sys/module/kcov/parameters/function_entries"
#define VERDICT		"a fuzzer gets coverage here"
#define DOCTOR		"kcovctl doctor 2>&1"
#define RESULT_COLUMN	23

#define UNIQUE_ENABLE	_IOW('c', 103, unsigned long)

static char said[8192];

/* The line that begins so, NULL: there is none. It is cut off behind its end. */
static char *line_of(const char *name)
{
	static char line[512];
	const size_t length = strlen(name);

	for (const char *at = said; at && *at; at = strchr(at, '\n'), at += !!at) {
		if (strncmp(at, name, length) ||
		    length + strspn(at + length, " ") != RESULT_COLUMN)
			continue;
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
		return line;
	}
	return NULL;
}

/* Whether that check's line has this word in its second column. */
static bool is_result(const char *name, const char *word)
{
	const char *line = line_of(name);
	const char *found = line ? line + strlen(name) : "";

	found += strspn(found, " ");
	if (!strncmp(found, word, strlen(word)) &&
	    strchr(" ", found[strlen(word)]))
		return true;
	print_error("%s is not %s:\n%s", name, word, said);
	return false;
}

static bool says(int status, const char *words)
{
	const int answer = kcov_run(DOCTOR, said, sizeof(said));

	if (answer == status && strstr(said, words))
		return true;
	print_error("%d, not %d, or not '%s':\n%s", answer, status, words, said);
	return false;
}

/* The same while this file of the kernel has another value than usual. */
static bool says_while(const char *path, const char *value, const char *usual, const char *words)
{
	bool told;

	if (kcov_write_file(path, value))
		return false;
	told = says(1, words);
	return !kcov_write_file(path, usual) && told;
}

static bool has_own_kcov(void)
{
	return access("/sys/module/kcov/refcnt", F_OK);
}

/* --- where all is well ---------------------------------------------------------------------- */

static void where_all_is_well_it_says_so(void **state)
{
	(void)state;
	assert_true(says(0, VERDICT));
	assert_null(strstr(said, "BAD"));
	assert_true(is_result("kernel", "ok"));
	assert_true(is_result("configuration", "ok"));
	assert_true(is_result("debugfs", "ok"));
	assert_true(is_result("device", "ok"));
	assert_true(is_result("first PC", "ok"));
	assert_true(is_result("syzkaller: coverage", "ok"));
	assert_true(is_result("syzkaller: extra", "ok"));
}

static void each_ioctl_is_named_with_its_number(void **state)
{
	(void)state;
	assert_true(says(0, VERDICT));
	assert_non_null(strstr(line_of("KCOV_INIT_TRACE") ?: "", "ok   0x80086301"));
	assert_non_null(strstr(line_of("KCOV_ENABLE") ?: "", "ok   0x6364"));
	assert_non_null(strstr(line_of("KCOV_DISABLE") ?: "", "ok   0x6365"));
	assert_non_null(strstr(line_of("KCOV_REMOTE_ENABLE") ?: "", "ok   0x40186366"));
	assert_non_null(strstr(line_of("number 103") ?: "", "ok   0x6367: ENOTTY"));
	assert_non_null(strstr(line_of("KCOV_RESET_TRACE") ?: "", "ok   0x6368"));
	assert_non_null(strstr(line_of("KCOV_TREE_ENABLE") ?: "", "ok   0x63c8"));
}

static void a_kernels_own_kcov_is_the_one_to_use(void **state)
{
	(void)state;
	assert_true(says(0, VERDICT));
	assert_int_equal(!!strstr(said, "CONFIG_KCOV=y"), has_own_kcov());
	assert_int_equal(!!strstr(line_of("module") ?: "", "not needed"), has_own_kcov());
}

/* Of a stock kernel only modules with callbacks compare, and none is loaded. */
static void no_comparisons_is_no_obstacle(void **state)
{
	(void)state;
	assert_true(says(0, VERDICT));
	assert_true(is_result("syzkaller: comparisons", "note"));
	assert_non_null(strstr(said, "modules with callbacks, which do compare: none"));
}

static void modules_with_callbacks_are_named(void **state)
{
	(void)state;
	assert_int_equal(kcov_load("kcov_sample"), 0);
	kcov_run(DOCTOR, said, sizeof(said));
	assert_int_equal(kcov_unload("kcov_sample"), 0);
	assert_non_null(strstr(said, "modules with callbacks, which do compare: kcov_sample"));
}

static void json_has_the_same(void **state)
{
	(void)state;
	assert_int_equal(kcov_run("kcovctl doctor --json", said, sizeof(said)), 0);
	assert_non_null(strstr(said, "\"coverage\":true"));
	assert_non_null(strstr(said, "\"check\":\"first PC\""));
	assert_non_null(strstr(said, "\"found\":\"0x6364\""));
	assert_null(strstr(said, "\"result\":\"bad\""));
}

/* --- that it leaves all as it was ------------------------------------------------------------- */

static void it_leaves_nothing_behind(void **state)
{
	(void)state;
	assert_true(says(0, VERDICT));
	assert_true(kcov_wait_for(kcov_has_no_rows, NULL));
	assert_true(kcov_wait_for(kcov_is_unused, "kcov"));
}

static void who_records_beside_it_goes_on(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable(t->fd), 0);
	assert_true(says(0, VERDICT));
	kcov_set_count(t, 0);
	kcov_read_nothing(NULL);
	assert_true(kcov_count(t) > 0);
	assert_int_equal(kcov_disable(t->fd), 0);
}

/* --- what is wrong ---------------------------------------------------------------------------- */

static void without_the_module_it_says_so(void **state)
{
	bool told;

	(void)state;
	assert_true(kcov_wait_for(kcov_is_unused, "kcov"));
	assert_int_equal(kcov_unload("kcov"), 0);
	told = says(1, "the first thing to cure is 'module'") && strstr(said, "modprobe kcov");
	assert_int_equal(kcov_load("kcov"), 0);
	assert_true(told);
	assert_true(is_result("module", "BAD"));
	assert_true(is_result("device", "-"));
	assert_true(is_result("first PC", "-"));
	assert_true(is_result("syzkaller: coverage", "-"));
}

static void hidden_addresses_are_seen(void **state)
{
	(void)state;
	assert_true(says_while(RESTRICT, "2", "0", "sysctl kernel.kptr_restrict=1"));
	assert_true(is_result("kernel.kptr_restrict", "BAD"));
	assert_non_null(strstr(line_of("device"), "see 'kernel.kptr_restrict'"));
}

static void who_is_not_root_is_told(void **state)
{
	(void)state;
	assert_int_equal(kcov_run("su -s /bin/sh nobody -c 'kcovctl doctor' 2>&1", said,
				  sizeof(said)), 1);
	assert_non_null(strstr(said, "run as root"));
	assert_true(is_result("device", has_own_kcov() ? "BAD" : "-"));
}

/* Before the module has armed: later nobody can switch it off. */
static void ftrace_switched_off_is_seen(void **state)
{
	(void)state;
	assert_true(kcov_wait_for(kcov_is_unused, "kcov"));
	assert_int_equal(kcov_unload("kcov"), 0);
	assert_int_equal(kcov_load("kcov"), 0);
	assert_true(says_while(FTRACE, "0", "1", "sysctl kernel.ftrace_enabled=1"));
	assert_true(is_result("kernel.ftrace_enabled", "BAD"));
	assert_true(is_result("KCOV_INIT_TRACE", "BAD"));
	assert_non_null(strstr(line_of("KCOV_INIT_TRACE"), "EBUSY"));
	assert_non_null(strstr(line_of("KCOV_ENABLE"), "needs 'KCOV_INIT_TRACE'"));
}

static int run_without_debugfs(void *unused)
{
	(void)unused;
	if (unshare(CLONE_NEWNS) || umount2(DEBUGFS, MNT_DETACH))
		return -1;
	return says(1, "mount -t debugfs") && is_result("debugfs", "BAD") &&
	       is_result("device", "-") ? 0 : 1;
}

static int run_without_securityfs(void *unused)
{
	(void)unused;
	if (unshare(CLONE_NEWNS) || (umount2(SECURITYFS, MNT_DETACH) && errno != EINVAL))
		return -1;
	return says(0, "mount -t securityfs") && is_result("lockdown", "note") ? 0 : 1;
}

static int run_with_securityfs(void *unused)
{
	(void)unused;
	if (unshare(CLONE_NEWNS) || mount("none", SECURITYFS, "securityfs", 0, NULL))
		return -1;
	return says(0, VERDICT) && is_result("lockdown", "ok") ? 0 : 1;
}

#define MOVES "^CONFIG_(KCOV|CRASH_CORE|VMCORE_INFO|RANDOMIZE_BASE)="

static bool run_well(const char *command)
{
	return !kcov_run(command, said, sizeof(said));
}

/* As if the kernel's configuration had this line, and nothing of where it tells its place. */
static int run_with_option(void *line)
{
	char append[128];

	snprintf(append, sizeof(append), "echo '%s' >>/tmp/some", (const char *)line);
	if (unshare(CLONE_NEWNS) ||
	    !run_well("zcat /proc/config.gz >/tmp/all || cat /boot/config-* >/tmp/all") ||
	    !run_well("grep -v -E '" MOVES "' /tmp/all >/tmp/some") || !run_well(append) ||
	    !run_well("mount -o bind /tmp/some $(ls /proc/config.gz /boot/config-* | head -n 1)"))
		return -1;
	kcov_run(DOCTOR, said, sizeof(said));
	return !line_of("configuration") ? -1 :
	       strstr(said, "how far the kernel was moved (KASLR)") ? 1 : 0;
}

static void only_what_moves_needs_to_say_how_far(void **state)
{
	(void)state;
	assert_int_equal(kcov_in_child(run_with_option, "CONFIG_RANDOMIZE_BASE=y"), 1);
	assert_int_equal(kcov_in_child(run_with_option, "# CONFIG_RANDOMIZE_BASE is not set"), 0);
}

/* It may be on: that it is not seen does not mean that there is none. */
static void lockdown_that_is_not_shown_is_not_ok(void **state)
{
	(void)state;
	assert_int_equal(kcov_in_child(run_without_securityfs, NULL), 0);
	assert_int_equal(kcov_in_child(run_with_securityfs, NULL), 0);
}

static void debugfs_not_mounted_is_seen(void **state)
{
	(void)state;
	assert_int_equal(kcov_in_child(run_without_debugfs, NULL), 0);
}

static void function_entries_switched_off_are_seen(void **state)
{
	(void)state;
	assert_true(says_while(ENTRIES, "N", "Y", "kcovctl functions --on"));
	assert_true(is_result("first PC", "BAD"));
}

static void rules_that_leave_mmap_out_are_seen(void **state)
{
	(void)state;
	assert_true(says_while(KCOV_FUNCTIONS, "=ksys_read", "default",
			       "kcovctl functions default"));
	assert_true(is_result("first PC", "BAD"));
}

/* --- a number that is answered wrongly -------------------------------------------------- */

struct fault {
	const char *name;
	unsigned int number;
	int err;
};

/* From here on this task and its children get that answer. */
static bool answer_wrongly(unsigned int number, int err)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | err),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { ARRAY_SIZE(filter), filter };

	return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	       !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int run_with_fault(void *data)
{
	const struct fault *fault = data;

	if (!answer_wrongly(fault->number, fault->err))
		return -1;
	return says(1, "the first thing to cure is") && is_result(fault->name, "BAD") &&
	       strstr(said, "is in dmesg") ? 0 : 1;
}

static void each_wrong_answer_is_found(void **state)
{
	static struct fault faults[] = {
		{ "KCOV_INIT_TRACE", (unsigned int)KCOV_INIT_TRACE, EINVAL },
		{ "KCOV_INIT_TRACE", (unsigned int)KCOV_INIT_TRACE, ENOTTY },
		{ "KCOV_ENABLE", KCOV_ENABLE, EINVAL },
		{ "KCOV_ENABLE", KCOV_ENABLE, ENOTTY },
		{ "KCOV_DISABLE", KCOV_DISABLE, EINVAL },
		{ "KCOV_REMOTE_ENABLE", KCOV_REMOTE_ENABLE, EINVAL },
		{ "KCOV_UNIQUE_ENABLE", UNIQUE_ENABLE, EFAULT },
		{ "number 103", _IO('c', 103), EINVAL },
		{ "KCOV_RESET_TRACE", KCOV_RESET_TRACE, EINVAL },
		{ "KCOV_TREE_ENABLE", KCOV_TREE_ENABLE, EINVAL },
		{ "a number of nobody's", _IO('c', 255), EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		assert_int_equal(kcov_in_child(run_with_fault, &faults[i]), 0);
}

static int run_without_memory(void *data)
{
	const struct fault *fault = data;

	if (!answer_wrongly(fault->number, ENOMEM))
		return -1;
	return says(fault->err, "free some memory") &&
	       is_result(fault->name, fault->err ? "BAD" : "note") ? 0 : 1;
}

/* Without a buffer there is no coverage; without sections and trees there is. */
static void little_memory_is_weighed(void **state)
{
	static struct fault faults[] = {
		{ "KCOV_INIT_TRACE", (unsigned int)KCOV_INIT_TRACE, 1 },
		{ "KCOV_ENABLE", KCOV_ENABLE, 1 },
		{ "KCOV_REMOTE_ENABLE", KCOV_REMOTE_ENABLE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		assert_int_equal(kcov_in_child(run_without_memory, &faults[i]), 0);
}

static int run_while_recorded(void *unused)
{
	(void)unused;
	return answer_wrongly(KCOV_ENABLE, EBUSY) && says(1, "is recorded already") &&
	       is_result("KCOV_ENABLE", "BAD") && !strstr(said, "ftrace_enabled=1") ? 0 : 1;
}

/* As below kcovctl run: it is not ftrace then. */
static void who_is_recorded_already_is_told(void **state)
{
	(void)state;
	assert_int_equal(kcov_in_child(run_while_recorded, NULL), 0);
}

/* The control: a filter for a number that nobody calls. */
static int run_with_harmless_fault(void *unused)
{
	(void)unused;
	return answer_wrongly(_IO('c', 99), EINVAL) && says(0, VERDICT) ? 0 : 1;
}

static void a_call_that_it_does_not_make_is_no_fault(void **state)
{
	(void)state;
	assert_int_equal(kcov_in_child(run_with_harmless_fault, NULL), 0);
}

static void arguments_are_refused(void **state)
{
	(void)state;
	assert_int_equal(kcov_run("kcovctl doctor me 2>&1", said, sizeof(said)), 2);
	assert_int_equal(kcov_run("kcovctl doctor --xml 2>&1", said, sizeof(said)), 2);
}

int main(void)
{
	const struct CMUnitTest doctor[] = {
		cmocka_unit_test(where_all_is_well_it_says_so),
		cmocka_unit_test(each_ioctl_is_named_with_its_number),
		cmocka_unit_test(a_kernels_own_kcov_is_the_one_to_use),
		cmocka_unit_test(no_comparisons_is_no_obstacle),
		cmocka_unit_test(modules_with_callbacks_are_named),
		cmocka_unit_test(json_has_the_same),

		cmocka_unit_test(it_leaves_nothing_behind),
		KCOV_TEST(who_records_beside_it_goes_on),

		cmocka_unit_test(hidden_addresses_are_seen),
		cmocka_unit_test(who_is_not_root_is_told),
		cmocka_unit_test(only_what_moves_needs_to_say_how_far),
		cmocka_unit_test(lockdown_that_is_not_shown_is_not_ok),
		cmocka_unit_test(debugfs_not_mounted_is_seen),
		cmocka_unit_test(function_entries_switched_off_are_seen),
		cmocka_unit_test(rules_that_leave_mmap_out_are_seen),
		cmocka_unit_test(without_the_module_it_says_so),
		cmocka_unit_test(ftrace_switched_off_is_seen),

		cmocka_unit_test(each_wrong_answer_is_found),
		cmocka_unit_test(little_memory_is_weighed),
		cmocka_unit_test(who_is_recorded_already_is_told),
		cmocka_unit_test(a_call_that_it_does_not_make_is_no_fault),
		cmocka_unit_test(arguments_are_refused),
	};

	return cmocka_run_group_tests(doctor, NULL, NULL) != 0;
}
