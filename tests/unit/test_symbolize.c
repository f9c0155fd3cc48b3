// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl symbolize: its pure parts, PCs as text and symbols by address.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/kcovctl_kernel.h"
#include "tools/kcovctl_pc.h"
#include "tools/kcovctl_symtab.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static const char kallsyms[] =
	"0000000000000000 A fixed_percpu_data\n"
	"ffffffff9a000000 T _stext\n"
	"ffffffff9a000000 T _text\n"
	"ffffffff9a001000 T ksys_read\n"
	"ffffffff9a001100 W weak_first\n"
	"ffffffff9a001100 T second_name\n"
	"ffffffff9a001200 t last_function\n"
	"ffffffff9a001300 R rodata_start\n"
	"ffffffff9a001300 T _etext\n"
	"ffffffff9a002000 D some_data\n"
	"ffffffffc0301000 t plugin_b\t[plugin]\n"
	"ffffffffc0300000 t plugin_a\t[plugin]\n"
	"ffffffffc0500000 t bpf_prog_x\t[bpf]\n";

static const char modules[] =
	"plugin 8192 1 other,third, Live 0xffffffffc0300000 (OE)\n"
	"other 4096 0 - Live 0xffffffffc0400000\n";

struct fixture {
	struct symtab tab;
	char *kallsyms, *modules;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->kallsyms = strdup(kallsyms);
	f->modules = strdup(modules);
	assert_int_equal(symtab_parse_kallsyms(&f->tab, f->kallsyms), 0);
	assert_int_equal(symtab_parse_modules(&f->tab, f->modules), 0);
	symtab_finish(&f->tab);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	symtab_release(&f->tab);
	free(f->kallsyms);
	free(f->modules);
	free(f);
	return 0;
}

static void assert_hit(void **state, uint64_t address, const char *name,
		       uint64_t start, uint64_t size)
{
	struct fixture *f = *state;
	struct symtab_hit hit;

	assert_true(symtab_lookup(&f->tab, address, &hit));
	assert_string_equal(hit.name, name);
	assert_true(hit.start == start);
	assert_true(hit.size == size);
}

static void assert_no_hit(void **state, uint64_t address)
{
	struct fixture *f = *state;
	struct symtab_hit hit;

	assert_false(symtab_lookup(&f->tab, address, &hit));
}

static void first_and_last_byte_are_in_the_function(void **state)
{
	assert_hit(state, 0xffffffff9a001000, "ksys_read", 0xffffffff9a001000,
		   0x100);
	assert_hit(state, 0xffffffff9a0010ff, "ksys_read", 0xffffffff9a001000,
		   0x100);
}

static void of_two_names_the_first_is_taken(void **state)
{
	assert_hit(state, 0xffffffff9a001150, "weak_first", 0xffffffff9a001100,
		   0x100);
}

static void data_ends_a_function(void **state)
{
	assert_hit(state, 0xffffffff9a0012ff, "last_function",
		   0xffffffff9a001200, 0x100);
}

static void data_is_no_function(void **state)
{
	assert_no_hit(state, 0xffffffff9a002004);
	assert_no_hit(state, 0x10);
}

static void nothing_is_below_the_first_symbol(void **state)
{
	struct fixture *f = *state;
	struct symtab empty = { 0 };
	struct symtab_hit hit;

	assert_false(symtab_lookup(&empty, 0xffffffff9a001000, &hit));
	f->tab.symbols++;
	f->tab.count--;
	assert_false(symtab_lookup(&f->tab, 0xffffffff99ffffff, &hit));
	f->tab.symbols--;
	f->tab.count++;
}

static void module_symbols_need_no_order(void **state)
{
	assert_hit(state, 0xffffffffc0300004, "plugin_a", 0xffffffffc0300000,
		   0x1000);
}

static void a_module_ends_where_its_size_says(void **state)
{
	assert_hit(state, 0xffffffffc0301fff, "plugin_b", 0xffffffffc0301000,
		   0x1000);
	assert_no_hit(state, 0xffffffffc0302000);
}

static void module_name_is_told(void **state)
{
	struct fixture *f = *state;
	struct symtab_hit hit;

	assert_true(symtab_lookup(&f->tab, 0xffffffffc0300004, &hit));
	assert_string_equal(hit.module, "plugin");
	assert_true(symtab_lookup(&f->tab, 0xffffffff9a001000, &hit));
	assert_null(hit.module);
}

static void last_symbol_of_all_is_no_bottomless_pit(void **state)
{
	assert_hit(state, 0xffffffffc0500800, "bpf_prog_x", 0xffffffffc0500000,
		   0x1000);
	assert_no_hit(state, 0xffffffffc0501000);
}

static void overlapping_modules_are_clipped(void **state)
{
	char text[] = "late 4096 0 - Live 0xffffffffc0002000\n"
		      "early 65536 0 - Live 0xffffffffc0000000\n";
	struct symtab tab = { 0 };

	(void)state;
	assert_int_equal(symtab_parse_modules(&tab, text), 0);
	symtab_finish(&tab);
	assert_string_equal(tab.modules[0].name, "early");
	assert_true(tab.modules[0].end == 0xffffffffc0002000);
	symtab_release(&tab);
}

static void symbols_are_found_by_name_in_the_kernel_only(void **state)
{
	struct fixture *f = *state;

	assert_true(symtab_address(&f->tab, "_text") == 0xffffffff9a000000);
	assert_true(symtab_address(&f->tab, "plugin_a") == 0);
}

static void zeros_are_known_as_hidden(void **state)
{
	char text[] = "0000000000000000 T _text\n0000000000000000 t b\t[c]\n";
	struct fixture *f = *state;
	struct symtab tab = { 0 };

	assert_int_equal(symtab_parse_kallsyms(&tab, text), 0);
	assert_true(symtab_is_hidden(&tab));
	assert_false(symtab_is_hidden(&f->tab));
	symtab_release(&tab);
}

static void bad_lines_are_numbered(void **state)
{
	static const char *const bad[] = {
		"", "x", "ffffffff9a000000", "ffffffff9a000000 T ",
		"ffffffff9a000000T name", " ffffffff9a000000 T name",
		"0xffffffff9a000000 T name", "11111111111111111 T name",
		"ffffffff9a000000 T name\tmodule",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct symtab tab = { 0 };
		char text[128] = "ffffffff9a000000 T good\n";

		strcat(strcat(text, bad[i]), "\n");
		assert_int_equal(symtab_parse_kallsyms(&tab, text), 2);
		symtab_release(&tab);
	}
}

static void bad_module_lines_are_numbered(void **state)
{
	static const char *const bad[] = {
		"", "name", "name 4096 0 - Live", "name x 0 - Live 0xffff",
		"name 4096 0 - Live ffff", "name 4096 0 - Live 0x",
		"name 4096 0 - Live 0xffffg",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct symtab tab = { 0 };
		char text[128] = "good 4096 0 - Live 0xffffffffc0000000\n";

		strcat(strcat(text, bad[i]), "\n");
		assert_int_equal(symtab_parse_modules(&tab, text), 2);
		symtab_release(&tab);
	}
}

/* Whether an offset was found in a table with _text there. */
static bool offset_of(const char *text, uint64_t *offset)
{
	char path[] = "/tmp/test_symbolize.XXXXXX";
	const struct kernel_files files = { .kallsyms = path };
	const int fd = mkstemp(path);
	bool found;

	assert_true(fd >= 0);
	assert_true(dprintf(fd, "%s T _text\n", text) > 0);
	close(fd);
	found = kernel_find_offset(&files, offset);
	unlink(path);
	return found;
}

static void offset_is_that_of_text(void **state)
{
	uint64_t offset = 1;

	(void)state;
	assert_true(offset_of("ffffffff9a000000", &offset));
	assert_true(offset == 0x19000000);
	assert_true(offset_of("ffffffff81000000", &offset));
	assert_true(offset == 0);
}

/* A program, where it was linked; a kernel that begins elsewhere in that half is none. */
static void user_mode_linux_has_no_offset(void **state)
{
	uint64_t offset = 1;

	(void)state;
	assert_true(offset_of("0000000060001000", &offset));
	assert_true(offset == 0);
	assert_false(offset_of("0000000060002000", &offset));
}

static void lines_that_are_pcs(void **state)
{
	static const struct {
		const char *line;
		uint64_t pc;
	} good[] = {
		{ "0xffffffff81234567", 0xffffffff81234567 },
		{ "0XFFFFFFFF81234567\r\n", 0xffffffff81234567 },
		{ "ffffffff81234567\n", 0xffffffff81234567 },
		{ " \t0xffffffff81234567 ", 0xffffffff81234567 },
		{ "0x0", 0 },
		{ "0xadd", 0xadd },
	};
	uint64_t pc;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(pc_parse(good[i].line, strlen(good[i].line), &pc));
		assert_true(pc == good[i].pc);
	}
}

static void lines_that_are_text(void **state)
{
	static const char *const text[] = {
		"", "\n", " ", "0x", "0x\n", "added", "12345678", "-1",
		"0x-1", "0x 1", "0x0x1", "+0x1", "0x1 0x2", "0x1,",
		"0x11111111111111111", "ffffffff81234567 T _text",
		"read: 0xffffffff81234567",
	};
	uint64_t pc;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		assert_false(pc_parse(text[i], strlen(text[i]), &pc));
}

/* Blanks at the end are no part of the number. */
static bool may_stand(size_t at, int byte)
{
	return (byte && isxdigit(byte)) ||
	       (at == 15 && byte && strchr(" \t\r\n", byte));
}

static void digits_are_digits_at_each_place(void **state)
{
	(void)state;
	for (size_t at = 0; at < 16; at++) {
		for (int byte = 0; byte < 256; byte++) {
			char line[] = "0xf123456789abCDEF\n";
			const size_t length = strlen(line);
			bool good = may_stand(at, byte);
			uint64_t pc;

			line[2 + at] = (char)byte;
			for (size_t end = length - 1; end <= length; end++) {
				assert_int_equal(pc_parse(line, end, &pc), good);
				if (good)
					assert_true(pc == strtoull(line, NULL, 16));
			}
		}
	}
}

static void a_line_is_not_read_past_its_length(void **state)
{
	uint64_t pc;

	(void)state;
	assert_true(pc_parse("0x1234", 4, &pc));
	assert_true(pc == 0x12);
	assert_false(pc_parse("0x1234", 2, &pc));
}

#define table_test(name) \
	cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		table_test(first_and_last_byte_are_in_the_function),
		table_test(of_two_names_the_first_is_taken),
		table_test(data_ends_a_function),
		table_test(data_is_no_function),
		table_test(nothing_is_below_the_first_symbol),
		table_test(module_symbols_need_no_order),
		table_test(a_module_ends_where_its_size_says),
		table_test(module_name_is_told),
		table_test(last_symbol_of_all_is_no_bottomless_pit),
		cmocka_unit_test(overlapping_modules_are_clipped),
		table_test(symbols_are_found_by_name_in_the_kernel_only),
		table_test(zeros_are_known_as_hidden),
		cmocka_unit_test(bad_lines_are_numbered),
		cmocka_unit_test(bad_module_lines_are_numbered),
		cmocka_unit_test(offset_is_that_of_text),
		cmocka_unit_test(user_mode_linux_has_no_offset),
		cmocka_unit_test(lines_that_are_pcs),
		cmocka_unit_test(lines_that_are_text),
		cmocka_unit_test(digits_are_digits_at_each_place),
		cmocka_unit_test(a_line_is_not_read_past_its_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
