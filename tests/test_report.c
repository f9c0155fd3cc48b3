// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl report: saved runs of the sample driver and of an instrumented isofs,
 * merged, compared, and as lcov reads them.
 *
 * Each test makes the runs that it needs: "apple" reaches sample_path_a,
 * "banana" sample_path_b.
 */
#include "kcov_instrumented.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kcov_said.h"

#define DIRECTORY	"/tmp/report"
#define SMALL		DIRECTORY "/small"
#define PLACE		DIRECTORY "/place"
#define APPLE		DIRECTORY "/apple"
#define BANANA		DIRECTORY "/banana"
#define MOUNTED		DIRECTORY "/mounted"
#define INFO		DIRECTORY "/coverage.info"
#define RAW		DIRECTORY "/raw"
#define IMAGE		KCOV_INSTRUMENTED "/isofs.iso"
#define SAMPLE		"/sys/kernel/debug/kcov_sample/input"
#define SAMPLE_FILE	"/kcov/kcov_sample.ko"
#define ISOFS_FILE	KCOV_INSTRUMENTED "/isofs.ko"

static int go(const char *arguments)
{
	return kcov_shell("kcovctl report -m /kcov -m " KCOV_INSTRUMENTED " %s 2>&1", arguments);
}

/* A run that writes this word to the driver. */
static int save(const char *word, const char *file)
{
	return kcov_shell("kcovctl run -o %s -m /kcov -- sh -c 'echo %s >" SAMPLE "' 2>&1", file,
			  word);
}

static int save_both(void)
{
	return save("apple", APPLE) || save("banana", BANANA);
}

/* The places of the driver in a run, as distances from its start. */
static size_t offsets_of(const char *file, char *offsets, size_t room)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "kcovctl report -m /kcov --offsets --filter 'kcov_sample:*' %s 2>/dev/null", file);
	return kcov_run(command, offsets, room) ? 0 : strlen(offsets);
}

static size_t sites_of(const char *file)
{
	size_t count = 0;

	if (kcov_shell("kcovctl sites --total %s | grep ' PC, '", file) ||
	    sscanf(kcov_said, "%zu PC", &count) != 1)
		return 0;
	return count;
}

/* --- lists ------------------------------------------------------------------------------- */

static void report_lists_what_the_run_reached(void **state)
{
	(void)state;
	assert_int_equal(save("apple", APPLE), 0);
	assert_int_equal(go("--functions " APPLE), 0);
	assert_true(kcov_says("sample_path_a "));
	assert_true(kcov_says("ksys_write "));
	assert_null(strstr(kcov_said, "sample_path_b "));
}

static void runs_are_merged(void **state)
{
	(void)state;
	assert_int_equal(save_both(), 0);
	assert_int_equal(go("--functions --filter 'kcov_sample:*' " APPLE " " BANANA), 0);
	assert_true(kcov_says("sample_path_a "));
	assert_true(kcov_says("sample_path_b "));
	assert_null(strstr(kcov_said, "ksys_write "));
}

static void difference_is_what_the_second_reaches_alone(void **state)
{
	(void)state;
	assert_int_equal(save_both(), 0);
	assert_int_equal(go("--diff --functions --filter 'kcov_sample:*' " APPLE " " BANANA), 0);
	assert_true(kcov_says("sample_path_b "));
	assert_null(strstr(kcov_said, "sample_path_a "));
	assert_null(strstr(kcov_said, "input_write "));
	assert_int_equal(go("--diff --functions --filter 'kcov_sample:*' " APPLE " " APPLE), 0);
	assert_true(kcov_says("0 functions, 0 blocks"));
}

static void raw_pcs_are_those_of_the_run(void **state)
{
	(void)state;
	assert_int_equal(save("apple", APPLE), 0);
	assert_int_equal(kcov_shell("kcovctl report --raw " APPLE " 2>/dev/null >" RAW "; "
				    "grep ^0x " APPLE " | cmp - " RAW " 2>&1"), 0);
}

/* A file of them alone is of the running kernel. */
static void raw_pcs_are_read_again(void **state)
{
	(void)state;
	assert_int_equal(save("apple", APPLE), 0);
	assert_int_equal(kcov_shell("grep ^0x " APPLE " >" DIRECTORY "/raw"), 0);
	assert_int_equal(go("--functions - <" DIRECTORY "/raw"), 0);
	assert_true(kcov_says("sample_path_a "));
	assert_true(kcov_says("ksys_write "));
}

static void empty_file_is_named(void **state)
{
	(void)state;
	assert_int_equal(go("/dev/null"), 0);
	assert_true(kcov_says("/dev/null: no PC is in it"));
	assert_int_equal(go("/nowhere"), 1);
	assert_true(kcov_says("/nowhere: ENOENT"));
	assert_int_equal(go(""), 2);
	assert_int_equal(go("--diff " APPLE), 2);
}

/* --- other loads of a module ------------------------------------------------------------- */

/* So that the driver's old place is taken when it comes again. */
static bool load_elsewhere(void)
{
	struct kcov_range before, after;

	return kcov_module_text("kcov_sample", &before) && !kcov_unload("kcov_sample") &&
	       !kcov_load("kcov_plain") && !kcov_load("kcov_sample") &&
	       kcov_module_text("kcov_sample", &after) && before.first != after.first;
}

static void same_places_of_another_load_are_the_same(void **state)
{
	char before[4096], after[4096];

	(void)state;
	assert_int_equal(save("apple", APPLE), 0);
	assert_true(offsets_of(APPLE, before, sizeof(before)));
	assert_true(load_elsewhere());
	assert_true(offsets_of(APPLE, after, sizeof(after)));
	assert_string_equal(before, after);
	assert_int_equal(save("apple", BANANA), 0);
	assert_true(offsets_of(BANANA, after, sizeof(after)));
	assert_string_equal(before, after);
	assert_int_equal(go("--diff --filter 'kcov_sample:*' " APPLE " " BANANA), 0);
	assert_true(kcov_says("0 functions, 0 blocks"));
}

static void run_of_a_module_that_is_gone_has_its_names(void **state)
{
	(void)state;
	assert_int_equal(save("apple", APPLE), 0);
	assert_int_equal(kcov_unload("kcov_sample"), 0);
	assert_int_equal(go("--lines --filter 'kcov_sample:*' " APPLE), 0);
	assert_true(kcov_says("tests/sample/kcov_sample.c:32\n"));
	assert_int_equal(go("--functions --filter 'kcov_sample:*' " APPLE), 0);
	assert_true(kcov_says("sample_path_a "));
}

/* --- lcov -------------------------------------------------------------------------------- */

static void lcov_has_lines_that_were_not_reached(void **state)
{
	(void)state;
	assert_int_equal(save("apple", APPLE), 0);
	assert_int_equal(go("--filter 'kcov_sample:*' --lcov " INFO " " APPLE), 0);
	assert_int_equal(kcov_shell("cat " INFO), 0);
	assert_true(kcov_says("SF:"));
	assert_true(kcov_says("FNDA:1,sample_path_a\n"));
	assert_true(kcov_says("FNDA:0,sample_path_b\n"));
	assert_true(kcov_says("DA:32,1\n"));
	assert_true(kcov_says("DA:38,0\n"));
}

static void lcov_counts_runs(void **state)
{
	(void)state;
	assert_int_equal(save_both(), 0);
	assert_int_equal(go("--filter 'kcov_sample:*' --lcov " INFO " " APPLE " " BANANA), 0);
	assert_int_equal(kcov_shell("cat " INFO), 0);
	assert_true(kcov_says("FNDA:2,input_write\n"));
	assert_true(kcov_says("FNDA:1,sample_path_b\n"));
	assert_true(kcov_says("DA:40,1\n"));
}

static void blocks_are_as_many_as_kcovctl_sites_counts(void **state)
{
	char words[64];
	size_t sites;

	(void)state;
	assert_int_equal(save("apple", APPLE), 0);
	sites = sites_of(SAMPLE_FILE);
	assert_true(sites > 20);
	assert_int_equal(go("--filter 'kcov_sample:*' --lcov " INFO " " APPLE), 0);
	snprintf(words, sizeof(words), " of %zu\n", sites);
	assert_true(kcov_says(words));
}

static int mount_it(const char *options)
{
	return kcov_shell("kcovctl run %s -- mount -t iso9660 -o ro,loop " IMAGE " " PLACE " 2>&1",
			  options);
}

static void mount_of_an_instrumented_isofs_is_reported(void **state)
{
	size_t reached = 0, all = 0, sites;
	const char *line;

	(void)state;
	assert_int_equal(kcov_swap_in("isofs"), 0);
	assert_int_equal(mount_it("-o " MOUNTED), 0);
	/* the summary takes names only: the stock module's file is no matter */
	assert_null(strstr(kcov_said, "build id"));
	umount(PLACE);
	sites = sites_of(ISOFS_FILE);
	assert_int_equal(go("--filter 'isofs:*' --functions --lcov " INFO " " MOUNTED), 0);
	assert_true(kcov_says("isofs_fill_super "));
	line = strstr(kcov_said, ": isofs ");
	assert_non_null(line);
	if (sscanf(line, ": isofs %zu of %zu", &reached, &all) != 2)
		fail_msg("%.100s", line);
	assert_int_equal(all, sites);
	assert_true(reached > 50 && reached < all);
	assert_int_equal(kcov_shell("cat " INFO), 0);
	assert_true(kcov_says("fs/isofs/inode.c\n"));
	assert_true(kcov_says("FNDA:1,isofs_fill_super\n"));
	assert_true(kcov_says("FNDA:0,isofs_readdir\n"));
}

/* Where kcovctl load had it from is known: nobody has to say it again. */
static void file_of_a_loaded_module_is_found(void **state)
{
	(void)state;
	assert_int_equal(kcov_swap_in("isofs"), 0);
	assert_int_equal(mount_it("--no-cache --lines --filter 'isofs:*'"), 0);
	umount(PLACE);
	assert_true(kcov_says("fs/isofs/inode.c:"));
	assert_null(strstr(kcov_said, "without a source line"));
}

static void full_disk_leaves_no_info(void **state)
{
	(void)state;
	assert_int_equal(save("apple", APPLE), 0);
	assert_int_equal(mkdir(SMALL, 0700), 0);
	assert_int_equal(mount("none", SMALL, "tmpfs", 0, "size=4k,nr_inodes=3"), 0);
	assert_int_equal(kcov_shell("head -c 4096 /dev/zero >" SMALL "/full"), 0);
	assert_int_equal(go("--lcov " SMALL "/info " APPLE), 1);
	assert_true(kcov_says(SMALL "/info: ENOSPC"));
	assert_int_equal(kcov_shell("ls -A " SMALL), 0);
	assert_string_equal(kcov_said, "full\n");
}

static void html_says_what_is_missing(void **state)
{
	(void)state;
	assert_int_equal(save("apple", APPLE), 0);
	assert_int_equal(go("--html " DIRECTORY "/html " APPLE), 1);
	assert_true(kcov_says("apt-get install lcov"));
	assert_int_equal(kcov_shell("ls -d " DIRECTORY "/html* 2>/dev/null | wc -l"), 0);
	assert_string_equal(kcov_said, "0\n");
}

/* --- fixture ----------------------------------------------------------------------------- */

static int set_up(void **state)
{
	(void)state;
	return mkdir(DIRECTORY, 0755) || mkdir(PLACE, 0755) || kcov_load("kcov_sample");
}

static int clean_up(void **state)
{
	(void)state;
	umount2(SMALL, MNT_DETACH);
	umount2(PLACE, MNT_DETACH);
	if (kcov_is_loaded("kcov_sample"))
		kcov_unload("kcov_sample");
	if (kcov_is_loaded("kcov_plain"))
		kcov_unload("kcov_plain");
	return kcov_shell("rm -rf " DIRECTORY);
}

static int start(void **state)
{
	(void)state;
	return kcov_shell("modprobe loop");
}

/* Nothing is to hold the module of coverage when all is over. */
static int stop(void **state)
{
	(void)state;
	if (kcov_is_swapped("isofs") && kcov_swap_back("isofs"))
		return -1;
	return kcov_is_loaded("isofs") ? kcov_shell("modprobe -r isofs cdrom loop") : 0;
}

#define REPORT(name) cmocka_unit_test_setup_teardown(name, set_up, clean_up)

int main(void)
{
	const struct CMUnitTest report[] = {
		REPORT(report_lists_what_the_run_reached),
		REPORT(runs_are_merged),
		REPORT(difference_is_what_the_second_reaches_alone),
		REPORT(raw_pcs_are_those_of_the_run),
		REPORT(raw_pcs_are_read_again),
		REPORT(empty_file_is_named),
		REPORT(same_places_of_another_load_are_the_same),
		REPORT(run_of_a_module_that_is_gone_has_its_names),
		REPORT(lcov_has_lines_that_were_not_reached),
		REPORT(lcov_counts_runs),
		REPORT(blocks_are_as_many_as_kcovctl_sites_counts),
		REPORT(mount_of_an_instrumented_isofs_is_reported),
		REPORT(file_of_a_loaded_module_is_found),
		REPORT(full_disk_leaves_no_info),
		REPORT(html_says_what_is_missing),
	};

	return cmocka_run_group_tests(report, start, stop) != 0;
}
