// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl sites, of modules that run here: what it counts is what their files have, and
 * where records come from.
 *
 * What it makes of single instructions is tested on the host: tests/unit/test_instrument.sh.
 */
#include "kcov_said.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAMPLE		"/kcov/kcov_sample.ko"
#define PLAIN		"/kcov/kcov_plain.ko"
#define ISOFS		"/instrumented/isofs.ko"
#define COPY		"/tmp/sites.ko"
#define INPUT		"/sys/kernel/debug/kcov_sample/input"
#define TEXT		"/sys/module/kcov_sample/sections/.text"

static bool ends(int status, const char *arguments, const char *words)
{
	char command[256];

	snprintf(command, sizeof(command), "sites %s", arguments);
	return kcov_ends(status, command, words);
}

/* --- what a file has ------------------------------------------------------------------------ */

struct file {
	unsigned char *bytes;
	size_t length;
};

/* What its calls of callbacks are, and which of them are in .text there. */
struct calls {
	size_t pcs, comparisons;
	unsigned long behind[256];	/* of PCs in .text: where they return to */
	size_t in_text;
	unsigned char *first;		/* the opcode of the first for a PC */
};

static bool open_file(struct file *file, const char *path)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat))
		return false;
	file->length = stat.st_size;
	file->bytes = mmap(NULL, file->length, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	return file->bytes != MAP_FAILED;
}

static const Elf64_Shdr *section_at(const struct file *file, size_t number)
{
	const Elf64_Ehdr *header = (const void *)file->bytes;

	return (const void *)(file->bytes + header->e_shoff + number * sizeof(Elf64_Shdr));
}

static const char *name_of(const struct file *file, const Elf64_Shdr *section)
{
	const Elf64_Ehdr *header = (const void *)file->bytes;

	return (char *)file->bytes + section_at(file, header->e_shstrndx)->sh_offset +
	       section->sh_name;
}

static const char *callee_of(const struct file *file, const Elf64_Shdr *relocations,
			     const Elf64_Rela *one)
{
	const Elf64_Shdr *table = section_at(file, relocations->sh_link);
	const Elf64_Sym *symbols = (const void *)(file->bytes + table->sh_offset);

	return (char *)file->bytes + section_at(file, table->sh_link)->sh_offset +
	       symbols[ELF64_R_SYM(one->r_info)].st_name;
}

/* Of an instruction that is a call, the operand is the distance, and then it is over. */
static void note_call(const struct file *file, const Elf64_Shdr *code, const char *callee,
		      unsigned long operand, struct calls *calls)
{
	unsigned char *opcode = file->bytes + code->sh_offset + operand - 1;

	if (strncmp(callee, "__sanitizer_cov_trace_", 22) || *opcode != 0xe8)
		return;
	if (strcmp(callee, "__sanitizer_cov_trace_pc")) {
		calls->comparisons++;
		return;
	}
	calls->pcs++;
	if (!calls->first)
		calls->first = opcode;
	if (!strcmp(name_of(file, code), ".text") && calls->in_text < ARRAY_SIZE(calls->behind))
		calls->behind[calls->in_text++] = operand + 4;
}

static void find_calls(const struct file *file, struct calls *calls)
{
	const Elf64_Ehdr *header = (const void *)file->bytes;

	*calls = (struct calls){ 0 };
	for (size_t i = 1; i < header->e_shnum; i++) {
		const Elf64_Shdr *section = section_at(file, i);
		const Elf64_Rela *one = (const void *)(file->bytes + section->sh_offset);
		const Elf64_Shdr *code = section_at(file, section->sh_info);

		if (section->sh_type != SHT_RELA || !(code->sh_flags & SHF_EXECINSTR))
			continue;
		for (size_t n = 0; n < section->sh_size / sizeof(*one); n++)
			if (ELF64_R_TYPE(one[n].r_info) == R_X86_64_PLT32 ||
			    ELF64_R_TYPE(one[n].r_info) == R_X86_64_PC32)
				note_call(file, code, callee_of(file, section, &one[n]),
					  one[n].r_offset, calls);
	}
}

static void calls_of(const char *path, struct calls *calls)
{
	struct file file;

	assert_true(open_file(&file, path));
	find_calls(&file, calls);
	munmap(file.bytes, file.length);
	calls->first = NULL;
}

/* --- what is counted ------------------------------------------------------------------------ */

static void assert_row(const char *path)
{
	struct calls calls;
	char row[64];

	calls_of(path, &calls);
	assert_true(calls.pcs > 0 && calls.comparisons > 0);
	snprintf(row, sizeof(row), "\n%8zu %8zu ", calls.pcs, calls.comparisons);
	assert_true(ends(0, path, row));
	assert_non_null(strstr(kcov_said, ": 0 callbacks are jumps, 0 are in noinstr code"));
}

static void callbacks_of_a_driver_are_counted(void **state)
{
	(void)state;
	assert_row(SAMPLE);
}

static void callbacks_of_an_instrumented_module_are_counted(void **state)
{
	(void)state;
	assert_row(ISOFS);
}

static void module_without_callbacks_has_none(void **state)
{
	struct calls calls;

	(void)state;
	calls_of(PLAIN, &calls);
	assert_int_equal(calls.pcs + calls.comparisons, 0);
	assert_true(ends(0, PLAIN, "\n       0        0 "));
}

static void sums_are_of_all_files(void **state)
{
	struct calls one, other;
	char sums[64];

	(void)state;
	calls_of(SAMPLE, &one);
	calls_of("/kcov/kcov_deferred.ko", &other);
	snprintf(sums, sizeof(sums), "%zu PC, %zu CMP, ", one.pcs + other.pcs,
		 one.comparisons + other.comparisons);
	assert_true(ends(0, "--total " SAMPLE " /kcov/kcov_deferred.ko", sums));
}

static void stock_module_is_smaller(void **state)
{
	unsigned long before, after;
	const char *line;

	(void)state;
	assert_true(ends(0, "-b $(find /lib/modules/ -name isofs.ko) " ISOFS, "\ntext: "));
	line = strstr(kcov_said, "\ntext: ") + strlen("\ntext: ");
	before = strtoul(line, NULL, 10);
	line = strstr(line, " bytes before, ");
	assert_non_null(line);
	after = strtoul(line + strlen(" bytes before, "), NULL, 10);
	assert_true(before > 0 && before < after);
	assert_true(ends(0, "$(find /lib/modules/ -name isofs.ko)", "\n       0        0 "));
}

/* --- where records come from ----------------------------------------------------------------- */

static void write_apple(void *unused)
{
	(void)unused;
	kcov_write_file(INPUT, "apple");
}

/* Which need not be the first of the module's sections. */
static unsigned long text_begins(void)
{
	unsigned long address = 0;
	FILE *file = fopen(TEXT, "re");

	if (file && fscanf(file, "%lx", &address) == 1)
		address -= kcov_offset();
	if (file)
		fclose(file);
	return address;
}

static bool is_behind(const struct calls *calls, unsigned long place)
{
	for (size_t i = 0; i < calls->in_text; i++)
		if (calls->behind[i] == place)
			return true;
	return false;
}

static void each_record_is_behind_one_of_them(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_range text;
	struct calls calls;
	unsigned long start;
	size_t found = 0;
	ssize_t count;

	calls_of(SAMPLE, &calls);
	assert_int_equal(kcov_load("kcov_sample"), 0);
	assert_true(kcov_module_text("kcov_sample", &text));
	start = text_begins();
	count = kcov_trace(t, write_apple, NULL);
	assert_int_equal(kcov_unload("kcov_sample"), 0);
	for (ssize_t i = 1; i <= count; i++) {
		if (!kcov_is_within(&text, t->buffer[i]))
			continue;
		assert_true(is_behind(&calls, t->buffer[i] - start));
		assert_false(is_behind(&calls, t->buffer[i] - start + 1));
		found++;
	}
	assert_in_range(found, 2, calls.in_text);
}

/* --- what is refused ------------------------------------------------------------------------- */

static void write_copy(const void *bytes, size_t length)
{
	FILE *out = fopen(COPY, "we");

	assert_true(out && fwrite(bytes, 1, length, out) == length && !fclose(out));
}

/* E8 is a call, E9 a jump. */
static void module_whose_callback_is_a_jump_fails(void **state)
{
	struct calls calls;
	struct file file;

	(void)state;
	assert_true(open_file(&file, SAMPLE));
	find_calls(&file, &calls);
	*calls.first = 0xe9;
	write_copy(file.bytes, file.length);
	munmap(file.bytes, file.length);
	assert_true(ends(1, COPY, "1 callbacks are jumps, 0 are in noinstr code"));
}

static void what_is_no_module_is_refused(void **state)
{
	struct file file;

	(void)state;
	assert_true(open_file(&file, SAMPLE));
	write_copy(file.bytes, file.length / 2);
	munmap(file.bytes, file.length);
	assert_true(ends(1, COPY, COPY ": a part of it is cut off"));
	assert_true(ends(1, "/etc/passwd", "/etc/passwd: no object file or module"));
	assert_true(ends(1, "/tmp/none.ko", "ENOENT"));
	assert_true(ends(1, "--before /tmp/none.ko " SAMPLE, "ENOENT"));
	assert_true(ends(2, "", "no file is named"));
	assert_true(ends(2, "--none " SAMPLE, "kcovctl help sites"));
}

static int clean(void **state)
{
	(void)state;
	unlink(COPY);
	return 0;
}

int main(void)
{
	const struct CMUnitTest sites[] = {
		cmocka_unit_test(callbacks_of_a_driver_are_counted),
		cmocka_unit_test(callbacks_of_an_instrumented_module_are_counted),
		cmocka_unit_test(module_without_callbacks_has_none),
		cmocka_unit_test(sums_are_of_all_files),
		cmocka_unit_test(stock_module_is_smaller),
		KCOV_TEST(each_record_is_behind_one_of_them),
		cmocka_unit_test_teardown(module_whose_callback_is_a_jump_fails, clean),
		cmocka_unit_test_teardown(what_is_no_module_is_refused, clean),
	};

	return cmocka_run_group_tests(sites, NULL, NULL) != 0;
}
