// SPDX-License-Identifier: GPL-2.0-only
/*
 * overlay with callbacks: a lower file is written to, another is removed.
 */
#include "kcov_instrumented.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT	"/tmp/kcov_overlay"
#define PLACE	ROOT "/merged"
#define OPTIONS	"lowerdir=" ROOT "/lower,upperdir=" ROOT "/upper,workdir=" ROOT "/work"

static int mount_it(void *options)
{
	return mount("overlay", PLACE, "overlay", 0, options) ? errno : 0;
}

static int change_files(void *unused)
{
	const int fd = open(PLACE "/changed", O_WRONLY | O_CLOEXEC);
	bool done;

	(void)unused;
	if (fd < 0)
		return errno;
	done = write(fd, "upper", 5) == 5 && !unlink(PLACE "/removed") &&
	       !mkdir(PLACE "/made", 0700);
	close(fd);
	return done ? 0 : errno;
}

static bool file_says(const char *path, const char *text)
{
	char said[64] = "";
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, said, sizeof(said) - 1) < 0)
		said[0] = '\0';
	close(fd);
	return !strcmp(said, text);
}

static void mounting_gives_blocks(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_call call = { mount_it, OPTIONS, -1 };
	const ssize_t count = kcov_record(t, KCOV_TRACE_PC, &call);

	assert_int_equal(call.result, 0);
	assert_true(count > 0 && kcov_blocks(t, count, "ovl_fill_super") > 20);
	assert_int_equal(kcov_entries_within(t, count, "overlay"), 0);
}

/* The control: it does not come as far. */
static void mount_without_a_lower_directory_gives_fewer(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_call good = { mount_it, OPTIONS, -1 };
	struct kcov_call bad = { mount_it, "upperdir=" ROOT "/upper", -1 };
	ssize_t count = kcov_record(t, KCOV_TRACE_PC, &good);
	const size_t blocks = count > 0 ? kcov_blocks(t, count, "ovl_fill_super") : 0;

	assert_int_equal(good.result, 0);
	assert_int_equal(umount(PLACE), 0);
	count = kcov_record(t, KCOV_TRACE_PC, &bad);
	assert_int_equal(bad.result, EINVAL);
	assert_in_range(kcov_blocks(t, count, "ovl_fill_super"), 1, blocks - 10);
}

static void changes_give_blocks(void **state)
{
	const struct kcov_test *t = *state;
	const char *const functions[] = { "ovl_lookup", "ovl_copy_up_flags", "ovl_write_iter",
					  "ovl_do_remove", "ovl_create_object" };
	struct kcov_call call = { change_files, NULL, -1 };
	ssize_t count;

	assert_int_equal(mount_it(OPTIONS), 0);
	count = kcov_record(t, KCOV_TRACE_PC, &call);
	assert_int_equal(call.result, 0);
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (kcov_blocks(t, count, functions[i]) < 3)
			fail_msg("%s: %zu blocks", functions[i],
				 kcov_blocks(t, count, functions[i]));
}

static void stock_module_gives_entries_and_reads_the_same(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_call call = { mount_it, OPTIONS, -1 };
	ssize_t count;

	assert_int_equal(mount_it(OPTIONS), 0);
	assert_int_equal(change_files(NULL), 0);
	assert_int_equal(umount(PLACE), 0);
	assert_int_equal(kcov_swap_back("overlay"), 0);
	count = kcov_record(t, KCOV_TRACE_PC, &call);
	assert_int_equal(call.result, 0);
	assert_true(kcov_entries_within(t, count, "overlay") > 0);
	assert_int_equal(kcov_blocks_within(t, count, "overlay"), 0);
	assert_true(file_says(PLACE "/changed", "upper"));
	assert_true(file_says(ROOT "/lower/changed", "lower"));
	assert_true(file_says(PLACE "/kept", "lower"));
	assert_true(access(PLACE "/removed", F_OK) && !access(ROOT "/lower/removed", F_OK));
	assert_false(access(PLACE "/made", F_OK));
}

static int setup(void **state)
{
	static struct kcov_test test;

	*state = &test;
	if (system("mkdir -p " ROOT " && cd " ROOT " && mkdir lower upper work merged") ||
	    system("cd " ROOT "/lower && for f in changed removed kept; do printf lower >$f; done"))
		return -1;
	if (kcov_swap_in("overlay"))
		return -1;
	kcov_symbol("ovl_fill_super");
	return kcov_make(&test, KCOV_MOUNT_WORDS) ? 0 : -1;
}

static int teardown(void **state)
{
	umount(PLACE);
	if (system("rm -rf " ROOT))
		return -1;
	return kcov_test_teardown(state);
}

static int stop(void **state)
{
	(void)state;
	return kcov_swap_out("overlay") ? -1 : 0;
}

#define OVERLAY_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest overlay[] = {
		OVERLAY_TEST(mounting_gives_blocks),
		OVERLAY_TEST(mount_without_a_lower_directory_gives_fewer),
		OVERLAY_TEST(changes_give_blocks),
		OVERLAY_TEST(stock_module_gives_entries_and_reads_the_same),
	};

	return cmocka_run_group_tests(overlay, NULL, stop) != 0;
}
