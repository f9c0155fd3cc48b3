// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that kcovctl writes: whole or not at all, and a run as it is kept.
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
#include "tools/kcovctl_losses.h"
#include "tools/kcovctl_output.h"
#include "tools/kcovctl_record.h"

static void output_is_there_when_it_is_closed(void **state)
{
	const struct directory *directory = *state;
	struct output output;
	char text[16] = "";
	FILE *file;

	write_text(directory->file, "older");
	assert_true(output_open(&output, directory->file));
	fputs("newer", output.file);
	file = fopen(directory->file, "r");
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	assert_string_equal(text, "older");
	assert_true(output_close(&output));
	file = fopen(directory->file, "r");
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	assert_string_equal(text, "newer");
}

/* A device keeps its place, and says what it has no room for. */
static void output_to_a_device_is_no_file_in_its_place(void **state)
{
	struct output output;
	struct stat status;

	(void)state;
	assert_true(output_open(&output, "/dev/full"));
	fputs("text", output.file);
	assert_false(output_close(&output));
	assert_int_equal(stat("/dev/full", &status), 0);
	assert_true(S_ISCHR(status.st_mode));
}

/* Of a file that root finds of somebody else not even the mode is taken. */
static void output_is_not_as_open_as_what_others_had_there(void **state)
{
	const struct directory *directory = *state;
	struct output output;
	const bool is_root = !geteuid();
	struct stat status;

	write_text(directory->file, "trap");
	if (is_root)
		assert_int_equal(chown(directory->file, 1, 1), 0);
	assert_int_equal(chmod(directory->file, 04777), 0);
	assert_true(output_open(&output, directory->file));
	assert_true(output_close(&output));
	assert_int_equal(stat(directory->file, &status), 0);
	assert_int_equal(status.st_mode & S_ISUID, 0);
	if (is_root)
		assert_int_equal(status.st_mode & 0002, 0);
}

static void output_that_is_checked_leaves_nothing(void **state)
{
	const struct directory *directory = *state;
	char below[128];

	assert_true(output_check(directory->file));
	assert_int_equal(access(directory->file, F_OK), -1);
	snprintf(below, sizeof(below), "%s/none/file", directory->path);
	assert_false(output_check(below));
}

static const char saved[] =
	"# kcovctl run, version 0\n"
	"# lost 2 remote sections\n"
	"# layout kernel 6.1.0 0102\n"
	"# layout module m 0304 .text=0xffffffff90000000+0x1000\n"
	"0xffffffff90000020\n"
	"hello\n"
	"0xffffffff81000010\n"
	"0xffffffff90000020\n"
	"# end 3\n";

static void record_is_read_sorted_and_once(void **state)
{
	const struct directory *directory = *state;
	struct record record;

	write_text(directory->file, saved);
	assert_true(record_read(&record, directory->file));
	assert_int_equal(record.count, 2);
	assert_int_equal(record.pcs[0], 0xffffffff81000010);
	assert_int_equal(record.pcs[1], 0xffffffff90000020);
	assert_string_equal(record.layout.release, "6.1.0");
	assert_int_equal(record.layout.count, 1);
	assert_string_equal(losses_words(&record.losses).text, "2 remote sections");
	record_release(&record);
}

static bool is_read(const char *path, const char *text)
{
	struct record record;
	bool read;

	write_text(path, text);
	read = record_read(&record, path);
	if (read)
		record_release(&record);
	return read;
}

/* Wherever it is, but for within its first words: what is left is no run then. */
static void record_that_was_cut_is_refused(void **state)
{
	const size_t first = strchr(saved, '0') - saved;
	const struct directory *directory = *state;
	char text[sizeof(saved)];

	for (size_t length = first; length < strlen(saved); length++) {
		memcpy(text, saved, length);
		text[length] = '\0';
		assert_false(is_read(directory->file, text));
	}
	assert_true(is_read(directory->file, saved));
}

static void record_with_a_hole_is_refused(void **state)
{
	const struct directory *directory = *state;
	char text[sizeof(saved)], *at;
	const size_t line = strlen("0xffffffff81000010\n");

	strcpy(text, saved);
	at = strstr(text, "0xffffffff81000010\n");
	memmove(at, at + line, strlen(at + line) + 1);
	assert_false(is_read(directory->file, text));
}

/* What somebody has made of it, which promises nothing. */
static void pcs_with_a_layout_need_no_end(void **state)
{
	const struct directory *directory = *state;
	struct record record;

	write_text(directory->file, strchr(saved, '\n') + 1);
	assert_true(record_read(&record, directory->file));
	assert_int_equal(record.losses.count, 0);
	record_release(&record);
}

/* Its modules lay elsewhere: names would be wrong. */
static void two_runs_in_a_file_are_refused(void **state)
{
	const struct directory *directory = *state;
	struct record record;
	char twice[2 * sizeof(saved)];

	snprintf(twice, sizeof(twice), "%s%s", saved, saved);
	write_text(directory->file, twice);
	assert_false(record_read(&record, directory->file));
}

static void record_that_is_written_is_read_again(void **state)
{
	const struct directory *directory = *state;
	const struct record_notes notes = {
		.command = (char *const[]){ "true", NULL },
	};
	struct record record, again;

	write_text(directory->file, saved);
	assert_true(record_read(&record, directory->file));
	assert_true(record_write(&record, &notes, directory->file));
	assert_true(record_read(&again, directory->file));
	assert_int_equal(again.count, record.count);
	assert_memory_equal(again.pcs, record.pcs,
			    record.count * sizeof(*record.pcs));
	assert_string_equal(again.layout.modules[0].name, "m");
	assert_string_equal(losses_words(&again.losses).text, "2 remote sections");
	record_release(&again);
	record_release(&record);
}

int main(void)
{
	const struct CMUnitTest output[] = {
		WITH_FILE(output_is_there_when_it_is_closed),
		cmocka_unit_test(output_to_a_device_is_no_file_in_its_place),
		WITH_FILE(output_is_not_as_open_as_what_others_had_there),
		WITH_FILE(output_that_is_checked_leaves_nothing),
		WITH_FILE(record_is_read_sorted_and_once),
		WITH_FILE(record_that_was_cut_is_refused),
		WITH_FILE(record_with_a_hole_is_refused),
		WITH_FILE(pcs_with_a_layout_need_no_end),
		WITH_FILE(two_runs_in_a_file_are_refused),
		WITH_FILE(record_that_is_written_is_read_again),
	};

	return cmocka_run_group_tests(output, NULL, NULL) != 0;
}
