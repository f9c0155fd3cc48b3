// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module of the distribution with callbacks, as kcovctl instrument builds it: the stock kernel's
 * isofs. An image is mounted in a traced task, and what is recorded is known from fs/isofs; the
 * files are those that the stock module reads.
 */
#include "kcov_instrumented.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODULE		"isofs"
#define IMAGE		KCOV_INSTRUMENTED "/isofs.iso"
#define SUMS		KCOV_INSTRUMENTED "/isofs.sha256"
#define DAMAGED		"/dev/shm/kcov_isofs.iso"
#define PLACE		"/tmp/kcov_isofs"
#define TEXT_BYTES	32768

/* The primary volume descriptor and what is in it: ECMA-119, 8.4. */
#define DESCRIPTOR	(16 * 2048)
#define DESCRIPTOR_TYPE	(DESCRIPTOR + 0)
#define DESCRIPTOR_SIZE	(DESCRIPTOR + 128)
#define PRIMARY		1
#define END		255

static int mount_image(void *image)
{
	return kcov_mount_image(image, PLACE, "iso9660", MS_RDONLY, "");
}

/* Joliet has a descriptor of its own, which does for a primary one that is not there. */
static int mount_without_joliet(void *image)
{
	return kcov_mount_image(image, PLACE, "iso9660", MS_RDONLY, "nojoliet");
}

static int mount_by(int (*act)(void *), const struct kcov_test *t, unsigned long mode,
		    const char *image, size_t *count)
{
	struct kcov_call call = { act, (void *)image, -1 };
	const ssize_t recorded = kcov_record(t, mode, &call);

	*count = recorded > 0 ? recorded : 0;
	return recorded < 0 ? -1 : call.result;
}

static int mount_in(const struct kcov_test *t, unsigned long mode, const char *image, size_t *count)
{
	return mount_by(mount_image, t, mode, image, count);
}

static int read_everything(void *text)
{
	return !kcov_describe(PLACE, text, TEXT_BYTES);
}

/* The image with these bytes in place of its own. */
static bool damage(off_t place, const void *bytes, size_t count)
{
	int fd;
	bool done;

	if (place < 0 || system("cp " IMAGE " " DAMAGED))
		return false;
	fd = open(DAMAGED, O_WRONLY | O_CLOEXEC);
	done = pwrite(fd, bytes, count, place) == (ssize_t)count;
	close(fd);
	return done;
}

/* Where the image has these bytes; -1 if nowhere. */
static off_t find_bytes(const char *bytes)
{
	const int fd = open(IMAGE, O_RDONLY | O_CLOEXEC);
	off_t place = -1;
	char *image;
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat))
		return -1;
	image = mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (image == MAP_FAILED)
		return -1;
	if (memmem(image, stat.st_size, bytes, strlen(bytes)))
		place = (char *)memmem(image, stat.st_size, bytes, strlen(bytes)) - image;
	munmap(image, stat.st_size);
	return place;
}

/* --- the stock module ------------------------------------------------------------------------ */

static void stock_module_reads_the_files_as_they_were_made(void **state)
{
	char said[TEXT_BYTES];

	(void)state;
	assert_int_equal(mount_image(IMAGE), 0);
	if (kcov_run("cd " PLACE " && sha256sum -c " SUMS " 2>&1", said, sizeof(said)))
		fail_msg("%s", said);
}

static void stock_module_gives_function_entries_only(void **state)
{
	const struct kcov_test *t = *state;
	size_t count;

	assert_int_equal(mount_in(t, KCOV_TRACE_PC, IMAGE, &count), 0);
	assert_true(kcov_entries_within(t, count, MODULE) > 0);
	assert_int_equal(kcov_blocks_within(t, count, MODULE), 0);
}

static void stock_module_gives_no_comparisons(void **state)
{
	const struct kcov_test *t = *state;
	size_t count;

	assert_int_equal(mount_in(t, KCOV_TRACE_CMP, IMAGE, &count), 0);
	assert_int_equal(count, 0);
}

/* --- the one with callbacks ------------------------------------------------------------------ */

static void it_is_another_build(void **state)
{
	(void)state;
	assert_true(kcov_is_swapped(MODULE));
	assert_int_equal(kcov_swap_back(MODULE), 0);
	assert_false(kcov_is_swapped(MODULE));
	assert_true(kcov_is_loaded(MODULE));
}

static void mounting_gives_blocks_of_what_reads_the_superblock(void **state)
{
	const struct kcov_test *t = *state;
	size_t count;

	assert_int_equal(mount_in(t, KCOV_TRACE_PC, IMAGE, &count), 0);
	assert_true(count + 1 < t->size && kcov_in_range(t, count));
	assert_true(kcov_blocks(t, count, "isofs_fill_super") > 20);
	assert_true(kcov_blocks(t, count, "__isofs_iget") > 5);
	assert_int_equal(kcov_blocks(t, count, "isofs_readdir"), 0);
}

static void reading_a_directory_gives_blocks_of_what_reads_it(void **state)
{
	const struct kcov_test *t = *state;
	char text[TEXT_BYTES];
	struct kcov_call call = { read_everything, text, -1 };
	ssize_t count;

	assert_int_equal(mount_image(IMAGE), 0);
	count = kcov_record(t, KCOV_TRACE_PC, &call);
	assert_int_equal(call.result, 0);
	assert_true(count > 0 && kcov_in_range(t, count));
	assert_true(kcov_blocks(t, count, "isofs_readdir") > 5);
	assert_true(kcov_blocks(t, count, "isofs_lookup") > 5);
	assert_int_equal(kcov_blocks(t, count, "isofs_fill_super"), 0);
}

/* A callback is in each of its functions, so an entry is not recorded beside it. */
static void its_functions_are_not_recorded_twice(void **state)
{
	const struct kcov_test *t = *state;
	size_t count;

	assert_int_equal(mount_in(t, KCOV_TRACE_PC, IMAGE, &count), 0);
	assert_true(kcov_blocks_within(t, count, MODULE) > 0);
	assert_int_equal(kcov_entries_within(t, count, MODULE), 0);
}

static void an_untraced_task_records_nothing(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(mount_image(IMAGE), 0);
	assert_int_equal(kcov_count(t), 0);
}

static void comparisons_show_what_a_descriptor_must_be(void **state)
{
	const struct kcov_test *t = *state;
	size_t count;

	assert_int_equal(mount_in(t, KCOV_TRACE_CMP, IMAGE, &count), 0);
	assert_true(kcov_compared(t, count, "isofs_fill_super", PRIMARY, PRIMARY));
	assert_true(kcov_compared(t, count, "isofs_fill_super", END, PRIMARY));
	assert_true(kcov_compared(t, count, "isofs_fill_super", 2048, 2048));
}

static void comparisons_show_the_type_of_a_damaged_descriptor(void **state)
{
	const struct kcov_test *t = *state;
	const char type = 0x5a;
	size_t count;

	assert_true(damage(DESCRIPTOR_TYPE, &type, sizeof(type)));
	assert_int_equal(mount_by(mount_without_joliet, t, KCOV_TRACE_CMP, DAMAGED, &count),
			 EINVAL);
	assert_true(kcov_compared(t, count, "isofs_fill_super", PRIMARY, 0x5a));
	assert_true(kcov_compared(t, count, "isofs_fill_super", END, 0x5a));
	assert_false(kcov_compared(t, count, "isofs_fill_super", PRIMARY, PRIMARY));
}

/* One record for each size that there is. */
static void comparisons_show_the_block_size_of_a_damaged_descriptor(void **state)
{
	const struct kcov_test *t = *state;
	const __u16 size = 0x4b56;
	size_t count;

	assert_true(damage(DESCRIPTOR_SIZE, &size, sizeof(size)));
	assert_int_equal(mount_in(t, KCOV_TRACE_CMP, DAMAGED, &count), EINVAL);
	assert_true(kcov_compared(t, count, "isofs_fill_super", 512, size));
	assert_true(kcov_compared(t, count, "isofs_fill_super", 1024, size));
	assert_true(kcov_compared(t, count, "isofs_fill_super", 2048, size));
	assert_false(kcov_compared(t, count, "isofs_fill_super", 2048, 2048));
}

/* --- both ------------------------------------------------------------------------------------ */

static void describe_with(int (*swap)(const char *module), const char *options, char *text)
{
	assert_int_equal(swap(MODULE), 0);
	assert_int_equal(kcov_mount_image(IMAGE, PLACE, "iso9660", MS_RDONLY, options), 0);
	assert_true(kcov_describe(PLACE, text, TEXT_BYTES));
	assert_int_equal(umount(PLACE), 0);
}

static void assert_same_files(const char *options)
{
	char stock[TEXT_BYTES], ours[TEXT_BYTES];

	describe_with(kcov_swap_back, options, stock);
	describe_with(kcov_swap_in, options, ours);
	assert_true(strlen(stock) > 0);
	assert_string_equal(ours, stock);
}

/* With Rock Ridge; with Joliet; with neither. */
static void files_are_those_of_the_stock_module(void **state)
{
	(void)state;
	assert_same_files("");
	assert_same_files("norock");
	assert_same_files("norock,nojoliet");
}

static void files_are_those_of_the_stock_module_while_traced(void **state)
{
	const struct kcov_test *t = *state;
	char stock[TEXT_BYTES], ours[TEXT_BYTES];
	struct kcov_call call = { read_everything, ours, -1 };
	const unsigned long modes[] = { KCOV_TRACE_PC, KCOV_TRACE_CMP };

	describe_with(kcov_swap_back, "", stock);
	assert_int_equal(kcov_swap_in(MODULE), 0);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_int_equal(mount_image(IMAGE), 0);
		assert_true(kcov_record(t, modes[i], &call) > 0);
		assert_int_equal(call.result, 0);
		assert_string_equal(ours, stock);
		assert_int_equal(umount(PLACE), 0);
	}
}

/* The control of the two above. */
static void changed_file_is_another(void **state)
{
	char stock[TEXT_BYTES], ours[TEXT_BYTES];

	(void)state;
	describe_with(kcov_swap_back, "", stock);
	assert_true(damage(find_bytes("\n25000\n25001\n"), "\n25000\n25002\n", 13));
	assert_int_equal(kcov_swap_in(MODULE), 0);
	assert_int_equal(mount_image(DAMAGED), 0);
	assert_int_equal(read_everything(ours), 0);
	assert_string_not_equal(ours, stock);
}

/* --- names ----------------------------------------------------------------------------------- */

/* A record in this function that is no entry; 0 for none. */
static unsigned long block_of(const struct kcov_test *t, size_t count, const char *function)
{
	for (size_t i = 1; i <= count; i++)
		if (!kcov_is_entry(t->buffer[i]) &&
		    !strcmp(kcov_symbol_at(t->buffer[i]), function))
			return t->buffer[i];
	return 0;
}

static void tool_names_file_and_line_of_a_block(void **state)
{
	const struct kcov_test *t = *state;
	char command[128], said[256];
	unsigned long pc;
	size_t count;

	assert_int_equal(mount_in(t, KCOV_TRACE_PC, IMAGE, &count), 0);
	pc = block_of(t, count, "isofs_fill_super");
	assert_true(pc);
	snprintf(command, sizeof(command),
		 "echo %#lx | kcovctl symbolize -m " KCOV_INSTRUMENTED, pc);
	assert_int_equal(kcov_run(command, said, sizeof(said)), 0);
	if (!strstr(said, " isofs_fill_super+") || !strstr(said, "[isofs] fs/isofs/inode.c:"))
		fail_msg("%s", said);
}

/* --- fixture --------------------------------------------------------------------------------- */

static int setup(void **state, int (*swap)(const char *module))
{
	static struct kcov_test test;

	*state = &test;
	if (swap(MODULE) || !kcov_make(&test, KCOV_MOUNT_WORDS))
		return -1;
	kcov_symbol("isofs_fill_super");	/* read now, not while it is traced */
	return 0;
}

static int setup_stock(void **state)
{
	return setup(state, kcov_swap_back);
}

static int setup_swapped(void **state)
{
	return setup(state, kcov_swap_in);
}

static int teardown(void **state)
{
	umount(PLACE);
	unlink(DAMAGED);
	return kcov_test_teardown(state);
}

static int start(void **state)
{
	(void)state;
	mkdir(PLACE, 0700);
	return system("modprobe loop") ? -1 : 0;
}

static int stop(void **state)
{
	(void)state;
	if (kcov_swap_back(MODULE))
		return -1;
	return system("modprobe -r " MODULE " cdrom loop") ? -1 : 0;
}

#define STOCK_TEST(name) cmocka_unit_test_setup_teardown(name, setup_stock, teardown)
#define SWAPPED_TEST(name) cmocka_unit_test_setup_teardown(name, setup_swapped, teardown)

int main(void)
{
	const struct CMUnitTest isofs[] = {
		STOCK_TEST(stock_module_reads_the_files_as_they_were_made),
		STOCK_TEST(stock_module_gives_function_entries_only),
		STOCK_TEST(stock_module_gives_no_comparisons),
		SWAPPED_TEST(it_is_another_build),
		SWAPPED_TEST(mounting_gives_blocks_of_what_reads_the_superblock),
		SWAPPED_TEST(reading_a_directory_gives_blocks_of_what_reads_it),
		SWAPPED_TEST(its_functions_are_not_recorded_twice),
		SWAPPED_TEST(an_untraced_task_records_nothing),
		SWAPPED_TEST(comparisons_show_what_a_descriptor_must_be),
		SWAPPED_TEST(comparisons_show_the_type_of_a_damaged_descriptor),
		SWAPPED_TEST(comparisons_show_the_block_size_of_a_damaged_descriptor),
		SWAPPED_TEST(files_are_those_of_the_stock_module),
		SWAPPED_TEST(files_are_those_of_the_stock_module_while_traced),
		SWAPPED_TEST(changed_file_is_another),
		SWAPPED_TEST(tool_names_file_and_line_of_a_block),
	};
	const int failed = cmocka_run_group_tests(isofs, start, stop);

	return failed != 0;
}
