// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was reached, as kcovctl lists it, and as lcov reads it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/files.h"
#include "tools/kcovctl.h"
#include "tools/kcovctl_census.h"
#include "tools/kcovctl_lcov.h"
#include "tools/kcovctl_list.h"
#include "tools/kcovctl_tree.h"

static const struct frame inode_9[] = { { "f", "fs/m/inode.c", 9 } };

static const struct frame inode_12[] = {
	{ "inlined", "include/linux/x.h", 3 }, { "f", "fs/m/inode.c", 12 },
};

static const struct frame dir_5[] = { { "g", "fs/m/sub/dir.c", 5 } };

/* Sorted, as coverage_add() leaves them: f has a block that was not reached. */
static struct spot spots[] = {
	{ .module = "m", .id = "1", .section = ".text", .offset = 0x14, .pc = 0x14,
	  .function = "f", .function_offset = 0x4, .frames = inode_9,
	  .frame_count = 1, .runs = 1 },
	{ .module = "m", .id = "1", .section = ".text", .offset = 0x18, .pc = 0x18,
	  .function = "f", .function_offset = 0x8, .frames = inode_12,
	  .frame_count = 2, .runs = 2 },
	{ .module = "m", .id = "1", .section = ".text", .offset = 0x1c, .pc = 0x1c,
	  .function = "f", .function_offset = 0xc, .frames = inode_9,
	  .frame_count = 1 },
	{ .module = "m", .id = "1", .section = ".text", .offset = 0x34, .pc = 0x34,
	  .function = "g", .function_offset = 0x4, .frames = dir_5,
	  .frame_count = 1, .runs = 1 },
	{ .module = "vmlinux", .id = "2", .section = "", .offset = 5, .pc = 5,
	  .function = "ksys_read", .function_offset = 5, .runs = 1 },
};

static const struct coverage coverage = {
	.spots = spots, .count = ARRAY_SIZE(spots),
};

/* Equal texts are the same pointer there. */
static int share_texts(void **state)
{
	(void)state;
	for (size_t i = 1; i < 4; i++) {
		spots[i].module = spots[0].module;
		spots[i].id = spots[0].id;
		spots[i].section = spots[0].section;
	}
	spots[1].function = spots[0].function;
	spots[2].function = spots[0].function;
	return 0;
}

static void print_functions(FILE *out, void *census)
{
	list_functions(census, out);
}

static void print_tree(FILE *out, void *census)
{
	tree_print(census, out);
}

static void print_lines(FILE *out, void *unused)
{
	(void)unused;
	list_lines(&coverage, out);
}

static void functions_have_blocks_of_those_that_are_known(void **state)
{
	struct census census;

	(void)state;
	census_take(&census, &coverage);
	assert_int_equal(census.reached_functions, 3);
	assert_int_equal(census.blocks, 4);
	assert_string_equal(printed(print_functions, &census),
			    "m        f               2 of 3\n"
			    "m        g               1 of 1\n"
			    "vmlinux  ksys_read       1\n");
	census_release(&census);
}

static void lines_are_those_of_inlined_code_and_its_callers(void **state)
{
	(void)state;
	assert_string_equal(printed(print_lines, NULL),
			    "fs/m/inode.c:9\nfs/m/inode.c:12\nfs/m/sub/dir.c:5\n"
			    "include/linux/x.h:3\n");
}

static size_t count_filtered(const char *glob)
{
	const struct filter filter = { &glob, 1 };
	struct spot copy[ARRAY_SIZE(spots)];
	struct coverage filtered = { .spots = copy, .count = ARRAY_SIZE(copy) };

	memcpy(copy, spots, sizeof(copy));
	coverage_filter(&filtered, &filter);
	return filtered.count;
}

static void filter_is_of_the_function_that_is_listed(void **state)
{
	(void)state;
	assert_int_equal(count_filtered("f"), 3);
	assert_int_equal(count_filtered("inlined"), 0);
	assert_int_equal(count_filtered("include/"), 1);
}

static void tree_has_directories_and_their_files(void **state)
{
	struct census census;

	(void)state;
	census_take(&census, &coverage);
	assert_string_equal(printed(print_tree, &census),
			    "functions    blocks\n"
			    "        1         1  [vmlinux]\n"
			    "        2         3  fs/m/\n"
			    "        1         2    inode.c\n"
			    "        1         1    sub/\n"
			    "        1         1      dir.c\n");
	census_release(&census);
}

static const char *const nowhere[] = { "/nowhere" };

/* lcov adds up what has one name, however often a function was compiled. */
static void lcov_has_a_function_of_a_name_once(void **state)
{
	static const struct lcov_config config = { nowhere, 1, "6.1" };
	const struct directory *directory = *state;
	struct spot copies[] = { spots[0], spots[1] };
	const struct coverage twice = { .spots = copies, .count = 2 };
	char text[1024] = "";
	FILE *file;

	copies[1].offset += 0x100;
	assert_true(lcov_write(&twice, &config, directory->file));
	file = fopen(directory->file, "r");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	assert_non_null(strstr(text, "FN:9,f\nFNDA:2,f\nFNF:1\nFNH:1\n"));
}

/* A line has the runs of its most visited place, one that was not reached has none. */
static void lcov_has_functions_and_lines_by_file(void **state)
{
	static const struct lcov_config config = { nowhere, 1, "6.1" };
	const struct directory *directory = *state;
	char text[1024] = "";
	FILE *file;

	assert_true(lcov_write(&coverage, &config, directory->file));
	file = fopen(directory->file, "r");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	assert_string_equal(text,
			    "TN:kernel\n"
			    "SF:/nowhere/fs/m/inode.c\nFN:9,f\nFNDA:2,f\nFNF:1\nFNH:1\n"
			    "DA:9,1\nDA:12,2\nLF:2\nLH:2\nend_of_record\n"
			    "SF:/nowhere/fs/m/sub/dir.c\nFN:5,g\nFNDA:1,g\nFNF:1\nFNH:1\n"
			    "DA:5,1\nLF:1\nLH:1\nend_of_record\n"
			    "SF:/nowhere/include/linux/x.h\nFNF:0\nFNH:0\n"
			    "DA:3,2\nLF:1\nLH:1\nend_of_record\n");
}

int main(void)
{
	const struct CMUnitTest lists[] = {
		cmocka_unit_test(functions_have_blocks_of_those_that_are_known),
		cmocka_unit_test(filter_is_of_the_function_that_is_listed),
		cmocka_unit_test(lines_are_those_of_inlined_code_and_its_callers),
		WITH_FILE(lcov_has_a_function_of_a_name_once),
		WITH_FILE(lcov_has_functions_and_lines_by_file),
		cmocka_unit_test(tree_has_directories_and_their_files),
	};

	return cmocka_run_group_tests(lists, share_texts, NULL) != 0;
}
