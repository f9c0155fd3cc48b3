// SPDX-License-Identifier: GPL-2.0-only
/*
 * Layouts as text and back, and whose code lies at an address.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/kcovctl_code.h"
#include "tools/kcovctl_layout.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static const char kernel_line[] =
	"# layout kernel 6.1.0-56-amd64 eb4fbcd037e7253717950bf2b93bd5566f47c56f";
static const char module_line[] =
	"# layout module plug 0102ff .text=0xffffffffa2300000+0x5000 .init=0xffffffffa2400000+0x99";

static int set_up(void **state)
{
	struct layout *layout = calloc(1, sizeof(*layout));

	assert_true(layout_parse_line(layout, kernel_line));
	assert_true(layout_parse_line(layout, module_line));
	*state = layout;
	return 0;
}

static int tear_down(void **state)
{
	layout_release(*state);
	free(*state);
	return 0;
}

static void lines_are_printed_as_they_were_read(void **state)
{
	char *text, expected[512];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_true(layout_print(*state, out));
	fclose(out);
	snprintf(expected, sizeof(expected), "%s\n%s\n", kernel_line,
		 module_line);
	assert_string_equal(text, expected);
	free(text);
}

static void ids_and_sections_are_read(void **state)
{
	const struct layout_module *module = layout_module(*state, "plug");
	const struct layout_section *text;

	assert_non_null(module);
	assert_int_equal(module->id.length, 3);
	assert_int_equal(module->id.bytes[2], 0xff);
	text = layout_section(module, ".text");
	assert_non_null(text);
	assert_true(text->start == 0xffffffffa2300000);
	assert_true(text->size == 0x5000);
	assert_null(layout_section(module, ".exit.text"));
	assert_null(layout_module(*state, "plu"));
}

static void code_is_found_up_to_its_last_byte(void **state)
{
	struct code_map map;

	code_map_make(&map, *state);
	assert_null(code_map_find(&map, 0xffffffffa22fffff));
	assert_string_equal(code_map_find(&map, 0xffffffffa2300000)->section->name,
			    ".text");
	assert_string_equal(code_map_find(&map, 0xffffffffa2304fff)->module->name,
			    "plug");
	assert_null(code_map_find(&map, 0xffffffffa2305000));
	assert_string_equal(code_map_find(&map, 0xffffffffa2400098)->section->name,
			    ".init");
	code_map_release(&map);
}

static void an_empty_layout_has_no_code(void **state)
{
	struct layout empty = { 0 };
	struct code_map map;

	(void)state;
	code_map_make(&map, &empty);
	assert_null(code_map_find(&map, 0xffffffffa2300000));
	code_map_release(&map);
}

/* As it was: a module of which half was read would name some of its PCs. */
static void damaged_lines_change_nothing(void **state)
{
	static const char *const damaged[] = {
		"", "#", "# layout", "# layout ", "# layout kernel",
		"# layout kernel ", "# layout kernel x", "# layout kernel x y",
		"# layout kernel x ab c", "# layout kernel x abc",
		"# layout kernel x - ", "# layout module plug -",
		"# layout module", "# layout module other",
		"# layout module other xx", "# layout module other 01 .text",
		"# layout module other 01 .text=", "# layout module other 01 =0x1+0x1",
		"# layout module other 01 .text=1+1",
		"# layout module other 01 .text=0x1+",
		"# layout module other 01 .text=0x1+0x1 .b=0x",
		"# layout module other 01 .text=0x1-0x1",
		"# layout module other 01 .text=0x1+0x1x",
		"# layout module other 01 .text=0xffffffffffffffff+0x2",
		"# layout module other 01 .text=0x11111111111111111+0x1",
		"# layout module ot\033her 01", "# layout modules other 01",
		"layout module other 01",
	};
	const struct layout *layout = *state;

	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		assert_false(layout_parse_line(*state, damaged[i]));
		assert_int_equal(layout->count, 1);
	}
	assert_string_equal(layout->release, "6.1.0-56-amd64");
	assert_true(layout_parse_line(*state, "# layout module other - .a=0x0+0x0\n"));
}

/* What is read may come from anywhere: a line with some bytes changed. */
static void any_bytes_do_no_harm(void **state)
{
	unsigned int seed = 1;
	char line[sizeof(module_line)];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct layout layout = { 0 };

		memcpy(line, i & 1 ? module_line : kernel_line,
		       i & 1 ? sizeof(module_line) : sizeof(kernel_line));
		for (int k = 0; k < i % 5; k++)
			line[(unsigned int)rand_r(&seed) % strlen(module_line)] =
				(char)rand_r(&seed);
		line[sizeof(line) - 1] = '\0';
		layout_parse_line(&layout, line);
		layout_release(&layout);
	}
}

#define layout_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		layout_test(lines_are_printed_as_they_were_read),
		layout_test(ids_and_sections_are_read),
		layout_test(code_is_found_up_to_its_last_byte),
		cmocka_unit_test(an_empty_layout_has_no_code),
		layout_test(damaged_lines_change_nothing),
		cmocka_unit_test(any_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
