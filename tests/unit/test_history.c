// SPDX-License-Identifier: GPL-2.0-only
/*
 * The layout of a run in which modules came and went.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/kcovctl_history.h"

static struct layout layout_of(const char *line)
{
	struct layout layout = { 0 };

	assert_true(layout_parse_line(&layout, line));
	return layout;
}

/* Where another one lies now, nobody can tell the two apart. */
static void module_that_has_gone_is_remembered_where_nothing_is_now(void **state)
{
	struct layout before =
		layout_of("# layout module gone 01 .text=0x1000+0x100 .x=0x3000+0x100\n");
	struct layout now = layout_of("# layout module here 02 .text=0x1080+0x100\n");

	(void)state;
	history_add(&now, &before);
	assert_int_equal(now.count, 2);
	assert_string_equal(now.modules[1].name, "gone");
	assert_int_equal(now.modules[1].count, 1);
	assert_string_equal(now.modules[1].sections[0].name, ".x");
	layout_release(&before);
	layout_release(&now);
}

/* Two have had this address; one of them has not run it in this run. */
static void initialisation_of_a_new_module_is_where_it_was(void **state)
{
	static const char new[] =
		"# layout module new 02 .init.text=0x1000+0x0 .text=0x5000+0x1000\n";
	struct layout before = layout_of("# layout module old 01 .init.text=0x1000+0x0\n");
	struct layout now = layout_of("# layout module old 01 .init.text=0x1000+0x0\n");

	(void)state;
	assert_true(layout_parse_line(&now, new));
	history_add(&now, &before);
	assert_int_equal(now.modules[0].sections[0].size, 0);
	assert_int_equal(now.modules[1].sections[0].size, 0x4000);
	layout_release(&before);
	layout_release(&now);
}

static void initialisation_of_one_of_two_new_modules_is_nobodys(void **state)
{
	struct layout before = { 0 };
	struct layout now = layout_of("# layout module one 01 .init.text=0x1000+0x0\n");

	(void)state;
	assert_true(layout_parse_line(&now, "# layout module two 02 .init.text=0x1000+0x0\n"));
	history_add(&now, &before);
	assert_int_equal(now.modules[0].sections[0].size, 0);
	assert_int_equal(now.modules[1].sections[0].size, 0);
	layout_release(&now);
}

int main(void)
{
	const struct CMUnitTest history[] = {
		cmocka_unit_test(module_that_has_gone_is_remembered_where_nothing_is_now),
		cmocka_unit_test(initialisation_of_a_new_module_is_where_it_was),
		cmocka_unit_test(initialisation_of_one_of_two_new_modules_is_nobodys),
	};

	return cmocka_run_group_tests(history, NULL, NULL) != 0;
}
