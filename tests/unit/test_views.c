// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl instances and functions: what they make of the module's files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/kcovctl_covered.h"
#include "tools/kcovctl_descriptors.h"

/* --- descriptors ---------------------------------------------------------------------- */

static void line_of_the_table_is_a_descriptor(void **state)
{
	struct descriptor d;

	(void)state;
	assert_true(descriptor_parse("7 1234 syz-executor pc 4096 100 2 3", &d));
	assert_int_equal(d.id, 7);
	assert_int_equal(d.pid, 1234);
	assert_string_equal(d.command, "syz-executor");
	assert_string_equal(d.mode, "pc");
	assert_int_equal(d.words, 4096);
	assert_int_equal(d.count, 100);
	assert_int_equal(d.dropped, 2);
	assert_int_equal(d.lost, 3);
}

static void nobody_has_no_pid(void **state)
{
	struct descriptor d;

	(void)state;
	assert_true(descriptor_parse("1 - - new 0 0 0 0", &d));
	assert_int_equal(d.pid, 0);
}

static void other_lines_are_none(void **state)
{
	struct descriptor d;

	(void)state;
	assert_false(descriptor_parse("", &d));
	assert_false(descriptor_parse("id pid comm mode size count dropped lost", &d));
	assert_false(descriptor_parse("1 - - new 0 0 0", &d));
	assert_false(descriptor_parse("1 - - new 0 0 0 0 0", &d));
}

/* A task may call itself what it likes. */
static void no_name_reaches_the_terminal_as_it_is(void **state)
{
	struct descriptor d;

	(void)state;
	assert_true(descriptor_parse("1 5 a\\040b\\134\\012 pc 4096 0 0 0", &d));
	assert_string_equal(d.command, "a b\\?");
	assert_true(descriptor_parse("1 5 \033[31m pc 4096 0 0 0", &d));
	assert_string_equal(d.command, "?[31m");
}

static void fill_depends_on_the_kind_of_record(void **state)
{
	struct descriptor d = { .mode = "pc", .words = 4097, .count = 1024 };

	(void)state;
	assert_int_equal(descriptor_capacity(&d), 4096);
	assert_int_equal(descriptor_fill(&d), 25);
	strcpy(d.mode, "remote-cmp");
	assert_int_equal(descriptor_capacity(&d), 1024);
	assert_int_equal(descriptor_fill(&d), 100);
	d.words = 0;
	assert_int_equal(descriptor_capacity(&d), 0);
	assert_int_equal(descriptor_fill(&d), 0);
}

/* --- functions -------------------------------------------------------------------------- */

static const char listing[] =
	"# 4 functions, armed\n"
	"# rules: default -ksys_*\n"
	"vfs_read\n"
	"ext4_file_open [ext4]\n"
	"vfs_write\n"
	"ext4_sync_file [ext4]\n";

static bool parse(struct covered *covered, const char *text)
{
	return covered_parse(covered, strdup(text));
}

static void listing_is_counted_by_module(void **state)
{
	struct covered c;

	(void)state;
	assert_true(parse(&c, listing));
	assert_string_equal(c.state, "armed");
	assert_string_equal(c.rules, "default -ksys_*");
	assert_int_equal(c.count, 4);
	assert_int_equal(c.module_count, 1);
	assert_string_equal(c.modules[0].name, "ext4");
	assert_int_equal(c.modules[0].count, 2);
	assert_string_equal(c.functions[0].name, "vfs_read");
	assert_null(c.functions[0].module);
	assert_string_equal(c.functions[3].name, "ext4_sync_file");
	assert_string_equal(c.functions[3].module, "ext4");
	covered_release(&c);
}

static void empty_set_is_a_set(void **state)
{
	struct covered c;

	(void)state;
	assert_true(parse(&c, "# 0 functions, switched off\n# rules: none\n"));
	assert_int_equal(c.count, 0);
	assert_string_equal(c.state, "switched off");
	covered_release(&c);
}

static void other_texts_are_no_listing(void **state)
{
	struct covered c;

	(void)state;
	assert_false(parse(&c, ""));
	assert_false(parse(&c, "# 4 functions, armed\n"));
	assert_false(parse(&c, "vfs_read\nvfs_write\n"));
}

static void patterns_are_globs_with_or_without_a_module(void **state)
{
	const struct covered_function kernel = { "vfs_read", NULL };
	const struct covered_function module = { "ext4_read", "ext4" };

	(void)state;
	assert_true(covered_match(&kernel, "vfs_*"));
	assert_true(covered_match(&kernel, "vmlinux:*"));
	assert_true(covered_match(&module, "*_read"));
	assert_true(covered_match(&module, "ext*:*_read"));
	assert_false(covered_match(&kernel, "vfs"));
	assert_false(covered_match(&kernel, "ext4:vfs_read"));
	assert_false(covered_match(&module, "vmlinux:*"));
}

int main(void)
{
	const struct CMUnitTest views[] = {
		cmocka_unit_test(line_of_the_table_is_a_descriptor),
		cmocka_unit_test(nobody_has_no_pid),
		cmocka_unit_test(other_lines_are_none),
		cmocka_unit_test(no_name_reaches_the_terminal_as_it_is),
		cmocka_unit_test(fill_depends_on_the_kind_of_record),

		cmocka_unit_test(listing_is_counted_by_module),
		cmocka_unit_test(empty_set_is_a_set),
		cmocka_unit_test(other_texts_are_no_listing),
		cmocka_unit_test(patterns_are_globs_with_or_without_a_module),
	};

	return cmocka_run_group_tests(views, NULL, NULL) != 0;
}
