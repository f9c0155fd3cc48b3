// SPDX-License-Identifier: GPL-2.0-only
/*
 * Under lockdown, as Secure Boot brings it. It cannot be lifted before the
 * next boot, so this group is the last one.
 */
#include "kcov_test.h"

#include <sys/mount.h>
#include <unistd.h>

#define SECURITYFS	"/sys/kernel/security"
#define LOCKDOWN	SECURITYFS "/lockdown"

/* The descriptor of the fixture was opened before. */
static struct kcov_test before;

static int lock_down(void **state)
{
	(void)state;
	if (!kcov_make(&before, KCOV_TEST_SIZE))
		return -1;
	if (access(LOCKDOWN, F_OK))
		mount("securityfs", SECURITYFS, "securityfs", 0, NULL);
	return kcov_write_file(LOCKDOWN, "integrity") ? -1 : 0;
}

static int release(void **state)
{
	(void)state;
	kcov_release(&before);
	return 0;
}

static void open_is_eperm(void **state)
{
	(void)state;
	assert_int_equal(kcov_open(), -1);
	assert_int_equal(errno, EPERM);
}

static void descriptor_opened_before_works_on(void **state)
{
	(void)state;
	assert_true(kcov_trace_read(&before) > 0);
}

int main(void)
{
	const struct CMUnitTest lockdown[] = {
		cmocka_unit_test(open_is_eperm),
		cmocka_unit_test(descriptor_opened_before_works_on),
	};
	const int failed = cmocka_run_group_tests(lockdown, lock_down, release);

	return failed != 0;
}
