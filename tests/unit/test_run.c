// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl run and report: their pure parts, and files that are written whole or
 * not at all.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/kcovctl.h"
#include "tools/kcovctl_census.h"
#include "tools/kcovctl_child.h"
#include "tools/kcovctl_filter.h"
#include "tools/kcovctl_history.h"
#include "tools/kcovctl_lcov.h"
#include "tools/kcovctl_list.h"
#include "tools/kcovctl_losses.h"
#include "tools/kcovctl_output.h"
#include "tools/kcovctl_record.h"
#include "tools/kcovctl_tree.h"
#include "tools/kcovctl_words.h"

/* --- filters ------------------------------------------------------------------- */

static bool matches(const char *glob, const char *module, const char *function,
		    const char *file)
{
	struct filter filter = { 0 };
	bool result;

	filter_add(&filter, glob);
	result = filter_matches(&filter, module, function, file);
	filter_release(&filter);
	return result;
}

static void globs_match_as_documented(void **state)
{
	static const struct {
		const char *glob, *module, *function, *file;
		bool answer;
	} table[] = {
		{ "vfs_*", "vmlinux", "vfs_read", NULL, true },
		{ "vfs_*", "ext4", "vfs_read", NULL, true },
		{ "vfs_*", "vmlinux", "ksys_read", NULL, false },
		{ "vmlinux:*", "vmlinux", "ksys_read", NULL, true },
		{ "vmlinux:*", "ext4", "ext4_iget", NULL, false },
		{ "ext4:*", "ext4", "ext4_iget", NULL, true },
		{ "ext4:ext4_i*", "ext4", "ext4_readdir", NULL, false },
		{ "crc-itu-t:*", "crc_itu_t", "crc_itu_t", NULL, true },
		{ "fs/ext4/*", "ext4", "f", "fs/ext4/inode.c", true },
		{ "fs/ext4/*", "ext4", "f", "./fs/ext4/inode.c", true },
		{ "fs/ext4/*", "ext4", "f", "/src/fs/ext4/inode.c", true },
		{ "fs/ext4/*", "ext4", "f", "fs/ext2/inode.c", false },
		{ "fs/ext4/*", "ext4", "f", "xfs/ext4/inode.c", false },
		{ "fs/ext4/*", "ext4", "f", NULL, false },
		{ "fs/", "ext4", "f", "fs/ext4/inode.c", true },
		{ "fs/", "ext4", "f", "kernel/fork.c", false },
		{ "/src/fs/", "ext4", "f", "/src/fs/ext4/inode.c", true },
		{ "/fs/", "ext4", "f", "/src/fs/ext4/inode.c", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (matches(table[i].glob, table[i].module, table[i].function,
			    table[i].file) != table[i].answer)
			fail_msg("%s and %s:%s (%s)", table[i].glob, table[i].module,
				 table[i].function, table[i].file ? table[i].file : "-");
}

static void only_globs_of_paths_need_files(void **state)
{
	struct filter filter = { 0 };

	(void)state;
	filter_add(&filter, "ext4:*");
	assert_false(filter_has_paths(&filter));
	filter_add(&filter, "fs/");
	assert_true(filter_has_paths(&filter));
	filter_release(&filter);
}

static void no_glob_matches_all(void **state)
{
	const struct filter none = { 0 };

	(void)state;
	assert_true(filter_matches(&none, "m", "f", NULL));
}

/* --- words ---------------------------------------------------------------------- */

static const char *printed(void (*print)(FILE *out, void *data), void *data)
{
	static char text[65536];
	FILE *out = fmemopen(text, sizeof(text), "w");

	memset(text, 0, sizeof(text));
	print(out, data);
	fclose(out);
	return text;
}

static void print_words(FILE *out, void *words)
{
	words_print(words, out);
}

static void words_are_quoted_where_a_shell_needs_it(void **state)
{
	char *const words[] = { "sh", "-c", "echo 'a b' >$x", "", "a\nb", NULL };

	(void)state;
	assert_string_equal(printed(print_words, (void *)words),
			    "sh -c 'echo '\\''a b'\\'' >$x' '' $'a\\012b'");
}

static void losses_are_a_list(void **state)
{
	struct losses losses = { .count = 0 };

	(void)state;
	losses_count(&losses, 3, "sections_not_merged");
	losses_count(&losses, 0, "nothing");
	losses_count(&losses, 1, "records without room");
	assert_string_equal(losses_words(&losses).text,
			    "3 sections not merged, 1 records without room");
}

static void losses_are_read_again_and_add_up(void **state)
{
	struct losses losses = { .count = 0 };

	(void)state;
	assert_true(losses_parse(&losses, "3 remote sections, 1 records without room\n"));
	assert_true(losses_parse(&losses, "40 records without room"));
	assert_string_equal(losses_words(&losses).text,
			    "3 remote sections, 41 records without room");
	assert_false(losses_parse(&losses, "many\n"));
	assert_false(losses_parse(&losses, "3 remote sections, 1"));
}

/* Of somebody's file: neither more than there is room for, nor for a terminal to obey. */
static void losses_without_a_line_are_counted_as_others(void **state)
{
	struct losses losses = { .count = 0 };
	uint64_t sum = 0;
	char what[16];

	(void)state;
	for (int i = 0; i < 2 * LOSSES_MAX; i++) {
		snprintf(what, sizeof(what), "kind %d", i);
		losses_count(&losses, UINT64_MAX / 100, what);
	}
	for (size_t i = 0; i < losses.count; i++)
		sum += losses.loss[i].number;
	assert_int_equal(losses.count, LOSSES_MAX);
	assert_true(sum == UINT64_MAX / 100 * (2 * LOSSES_MAX));
	assert_non_null(strstr(losses_words(&losses).text, " others"));
	losses = (struct losses){ .count = 0 };
	assert_true(losses_parse(&losses, "1 \033[2J"));
	assert_string_equal(losses_words(&losses).text, "1 ?[2J");
}

/* --- files ---------------------------------------------------------------------- */

struct directory {
	char path[64], file[80];
};

static int make_directory(void **state)
{
	struct directory *directory = calloc(1, sizeof(*directory));

	strcpy(directory->path, "/tmp/test-run.XXXXXX");
	if (!mkdtemp(directory->path))
		return -1;
	snprintf(directory->file, sizeof(directory->file), "%s/file",
		 directory->path);
	*state = directory;
	return 0;
}

static int remove_directory(void **state)
{
	struct directory *directory = *state;
	int left;

	unlink(directory->file);
	left = rmdir(directory->path);
	free(directory);
	return left;
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

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

/* --- records -------------------------------------------------------------------- */

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

/* --- the command ---------------------------------------------------------------- */

static bool prepare_nothing(void *unused)
{
	(void)unused;
	return true;
}

/* As timeout(1) does it: to us, and to all, among whom we are. */
static void ask_twice_at_once(void)
{
	const struct timespec moment = { .tv_nsec = 20000000 };
	const pid_t run = getppid();

	nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
	kill(run, SIGTERM);
	nanosleep(&moment, NULL);
	kill(run, SIGTERM);
	_exit(0);
}

static void request_that_comes_twice_at_once_is_one(void **state)
{
	char *const command[] = {
		"sh", "-c", "trap 'sleep 0.3; exit 7' TERM; while :; do sleep 0.02; done", NULL
	};
	struct child child;

	(void)state;
	child_hold(&child);
	assert_int_equal(child_start(&child, command, prepare_nothing, NULL), 0);
	if (!fork())
		ask_twice_at_once();
	child_wait(&child, NULL, NULL);
	child_release(&child);
	assert_true(child.ended);
	assert_int_equal(child_exit_status(&child), 7);
}

/* --- lists ---------------------------------------------------------------------- */

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

#define WITH_FILE(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest run[] = {
		cmocka_unit_test(globs_match_as_documented),
		cmocka_unit_test(only_globs_of_paths_need_files),
		cmocka_unit_test(no_glob_matches_all),
		cmocka_unit_test(words_are_quoted_where_a_shell_needs_it),
		cmocka_unit_test(losses_are_a_list),
		cmocka_unit_test(losses_are_read_again_and_add_up),
		cmocka_unit_test(losses_without_a_line_are_counted_as_others),
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
		cmocka_unit_test(module_that_has_gone_is_remembered_where_nothing_is_now),
		cmocka_unit_test(initialisation_of_a_new_module_is_where_it_was),
		cmocka_unit_test(initialisation_of_one_of_two_new_modules_is_nobodys),
		cmocka_unit_test(request_that_comes_twice_at_once_is_one),
		cmocka_unit_test(functions_have_blocks_of_those_that_are_known),
		cmocka_unit_test(filter_is_of_the_function_that_is_listed),
		cmocka_unit_test(lines_are_those_of_inlined_code_and_its_callers),
		WITH_FILE(lcov_has_a_function_of_a_name_once),
		WITH_FILE(lcov_has_functions_and_lines_by_file),
		cmocka_unit_test(tree_has_directories_and_their_files),
	};

	return cmocka_run_group_tests(run, share_texts, NULL) != 0;
}
