// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is written to the module's files that makes no sense: refused, and nothing changes.
 */
#include "kcov_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kcov_random.h"

#define PARAMETERS	"/sys/module/kcov/parameters"
#define RULES		"=ksys_*"
#define FILES_MAX	32
#define VALUE_MAX	256

/* All of kcov_mod/, the device, and the parameters. */
static char files[FILES_MAX][128];
static size_t file_count;

/* What each of them holds. */
struct values {
	char text[FILES_MAX][VALUE_MAX];
};

static bool find_files_in(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	if (!directory)
		return false;
	while ((entry = readdir(directory)))
		if (entry->d_type == DT_REG && file_count < FILES_MAX)
			snprintf(files[file_count++], sizeof(files[0]), "%s/%.60s", path,
				 entry->d_name);
	closedir(directory);
	return file_count < FILES_MAX;
}

static bool find_files(void)
{
	file_count = 0;
	snprintf(files[file_count++], sizeof(files[0]), KCOV_DEVICE);
	return find_files_in(KCOV_MOD) && find_files_in(PARAMETERS);
}

/* Two lines, in which kcov_mod/functions has its rules; of what is just for reading, none. */
static void read_value(const char *path, char text[VALUE_MAX])
{
	struct stat about;
	FILE *file;

	text[0] = '\0';
	if (!strcmp(path, KCOV_DEVICE) || stat(path, &about) || !(about.st_mode & 0200))
		return;
	file = fopen(path, "re");
	for (int line = 0; line < 2 && file; line++)
		if (!fgets(text + strlen(text), VALUE_MAX - strlen(text), file))
			break;
	if (file)
		fclose(file);
}

static void read_values(struct values *values)
{
	*values = (struct values){ 0 };
	for (size_t i = 0; i < file_count; i++)
		read_value(files[i], values->text[i]);
}

static bool are_unchanged(const struct values *before)
{
	struct values now;

	read_values(&now);
	return !memcmp(&now, before, sizeof(now));
}

static bool is_functions(size_t file)
{
	return !strcmp(files[file], KCOV_FUNCTIONS);
}

static bool restore(size_t file, const struct values *before)
{
	return !kcov_write_file(files[file], is_functions(file) ? RULES : before->text[file]);
}

/* With a descriptor, so that functions stay armed meanwhile; with few, as all take long. */
static int begin_writes(void **state)
{
	if (!find_files() || kcov_write_file(KCOV_FUNCTIONS, RULES))
		return -1;
	return kcov_test_setup_ready(state);
}

static int end_writes(void **state)
{
	return kcov_test_teardown(state) || kcov_write_file(KCOV_FUNCTIONS, "default") ? -1 : 0;
}

/* The control: the one that was written to differs, and by nothing else. */
static void changed_value_is_noticed(void **state)
{
	struct values before;
	int changed = 0;

	(void)state;
	read_values(&before);
	for (size_t i = 0; i < file_count; i++) {
		const char *now = before.text[i];
		const char *other = is_functions(i) ? "-ksys_read" :
				    strchr("1Y", *now) ? "0" : "1";

		if (!*now)
			continue;
		assert_int_equal(kcov_write_file(files[i], other), 0);
		assert_false(are_unchanged(&before));
		assert_true(restore(i, &before));
		assert_true(are_unchanged(&before));
		changed++;
	}
	assert_true(changed >= 11);
}

/* Ways to write a text. */

static ssize_t write_whole(int fd, char *text, size_t length)
{
	return write(fd, text, length);
}

static ssize_t write_pieces(int fd, char *text, size_t length)
{
	const size_t first = length > 0, second = length / 2;
	const struct iovec pieces[] = {
		{ text, first },
		{ text + first, second },
		{ text + first + second, length - first - second },
	};

	return writev(fd, pieces, ARRAY_SIZE(pieces));
}

static ssize_t write_behind_the_end(int fd, char *text, size_t length)
{
	return pwrite(fd, text, length, 1 << 21);
}

/* The first half; nothing is mapped where the other one would be. */
static ssize_t write_half(int fd, char *text, size_t length)
{
	const size_t half = length / 2, room = 1 << 20;
	char *memory = mmap(NULL, 2 * room, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ssize_t written;

	if (memory == MAP_FAILED)
		return -1;
	munmap(memory + room, room);
	written = write(fd, memcpy(memory + room - half, text, half), length);
	munmap(memory, room);
	return written;
}

static ssize_t (*const ways[])(int fd, char *text, size_t length) = {
	write_whole, write_pieces, write_behind_the_end, write_half,
};

/* All of one byte, or with something in front that is valid by itself. */
static const struct content {
	bool is_valid_first;
	char filling;
} contents[] = {
	{ false, '\0' }, { false, 'x' }, { false, '\n' }, { true, 'x' }, { true, '\0' },
};

static const size_t lengths[] = { 0, 1, 2, 15, 16, 255, 256, KCOV_PAGE - 1, KCOV_PAGE,
				  KCOV_PAGE + 1, 65536, 1 << 20 };

static void make_text(char *text, size_t file, const struct content *content)
{
	const char *valid = is_functions(file) ? "default " : "1";

	memset(text, content->filling, 1 << 20);
	if (content->is_valid_first)
		memcpy(text, valid, strlen(valid));
}

/* That the file was not to be opened like that (sysfs), not to be written, or not this. */
static bool is_refusal(int err)
{
	return err == EACCES || err == EINVAL || err == E2BIG || err == EFAULT || err == ESPIPE;
}

/* A switch is what its first letter says; a number with letters behind it is none. */
static bool may_be_taken(const char *text, ssize_t written, const char *before)
{
	return written <= 1 || text[1] != 'x' || strchr("YN", *before);
}

/* What the file holds now: the value that is first in the text, or still its own. */
static bool is_sane(size_t file, const char *before)
{
	char now[VALUE_MAX];

	read_value(files[file], now);
	return !strcmp(now, before) || !strcmp(now, "1\n") || !strcmp(now, "Y\n");
}

/* Whether it was refused and nothing is changed, or taken as it may be. */
static bool is_answer(size_t file, const char *text, ssize_t written, int err,
		      const struct values *before)
{
	if (written < 0)
		return is_refusal(err) && are_unchanged(before);
	if (!may_be_taken(text, written, before->text[file]) ||
	    !is_sane(file, before->text[file]))
		return false;
	return are_unchanged(before) || (restore(file, before) && are_unchanged(before));
}

static bool try_way(size_t way, size_t file, char *text, size_t length,
		    const struct values *before)
{
	const int fd = open(files[file], O_WRONLY | O_CLOEXEC);
	const ssize_t written = fd < 0 ? -1 : ways[way](fd, text, length);
	const int err = errno;

	if (fd >= 0)
		close(fd);
	if (is_answer(file, text, written, err, before))
		return true;
	print_error("%s: %zu bytes, first %#x, last %#x, in way %zu: %zd (errno %d)\n",
		    files[file], length, text[0], text[length ? length - 1 : 0], way,
		    written, err);
	return false;
}

static bool try_ways(size_t file, char *text, size_t length, const struct values *before)
{
	for (size_t way = 0; way < ARRAY_SIZE(ways); way++)
		if (!try_way(way, file, text, length, before))
			return false;
	return true;
}

/* With every length, in every way. */
static bool try_content(size_t file, char *text, const struct content *content,
			const struct values *before)
{
	bool is_fine = true;

	make_text(text, file, content);
	/* of no bytes there is one kind */
	for (size_t i = content != contents; i < ARRAY_SIZE(lengths) && is_fine; i++)
		is_fine = try_ways(file, text, lengths[i], before);
	return is_fine;
}

/* The first odd answer ends it: what that one changed would be found behind each other. */
static void malformed_writes_to_any_file_change_nothing(void **state)
{
	char *text = malloc(1 << 20);
	struct values before;
	bool is_fine = true;

	assert_non_null(text);
	read_values(&before);
	for (size_t i = 0; i < file_count; i++)
		for (size_t j = 0; j < ARRAY_SIZE(contents) && is_fine; j++)
			is_fine = try_content(i, text, &contents[j], &before);
	free(text);
	assert_true(is_fine);
	assert_true(kcov_trace_read(*state) > 0);
}

/* More than the kernel takes at once. All of it is one page of zeroes. */
#define TOO_LONG	0x100000000UL

static void writes_longer_than_any_change_nothing(void **state)
{
	char *text = mmap(NULL, TOO_LONG, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct values before;
	unsigned int odd = 0;

	(void)state;
	assert_ptr_not_equal(text, MAP_FAILED);
	read_values(&before);
	for (size_t i = 0; i < file_count; i++)
		odd += !try_way(0, i, text, TOO_LONG, &before);
	munmap(text, TOO_LONG);
	assert_int_equal(odd, 0);
}

/* Names of functions and modules end somewhere between. */
static const size_t rule_lengths[] = { 1, 2, 3, 7, 63, 64, 127, 128, 129, 511, 512, 4094, 4095,
				       4096, 4097, 8192, 65536, 1 << 20 };

/* Bytes that make no rule: each is refused, whatever its length. */
static const unsigned char fillings[] = { '+', '-', '=', '!', '\\', '[', 'a', ':', 0, 0x80, 0xff };

static void malformed_rules_of_any_length_change_nothing(void **state)
{
	char *bytes = malloc(1 << 20);
	struct values before;
	int taken = 0;

	(void)state;
	assert_non_null(bytes);
	read_values(&before);
	for (size_t i = 0; i < ARRAY_SIZE(fillings); i++) {
		memset(bytes, fillings[i], 1 << 20);
		for (size_t j = 0; j < ARRAY_SIZE(rule_lengths); j++)
			taken += kcov_write_bytes(KCOV_FUNCTIONS, bytes, rule_lengths[j]) == 0;
	}
	free(bytes);
	assert_int_equal(taken, 0);
	assert_true(are_unchanged(&before));
}

static void noise_of_any_length_is_survived(void **state)
{
	struct kcov_random random = { 1 };
	unsigned char *bytes = malloc(1 << 20);
	int odd = 0;

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < 1 << 20; i++)
		bytes[i] = kcov_random_below(&random, 256);
	for (size_t at = 0; at < 64; at++)
		for (size_t j = 0; j < ARRAY_SIZE(rule_lengths) - 2; j++) {
			const size_t length = rule_lengths[j];

			odd += kcov_write_bytes(KCOV_FOLLOW, bytes + at, length) != EINVAL;
			odd += kcov_write_bytes(KCOV_FUNCTIONS, bytes + at, length) == 0;
		}
	free(bytes);
	assert_int_equal(odd, 0);
}

static void text_behind_a_nul_is_refused(void **state)
{
	static const char rules[] = "default\0+ksys_*";

	(void)state;
	assert_int_equal(kcov_write_bytes(KCOV_FUNCTIONS, rules, sizeof(rules) - 1), EINVAL);
	assert_int_equal(kcov_write_bytes(KCOV_FUNCTIONS, rules, strlen(rules)), 0);
}

static void text_that_cannot_be_read_is_efault(void **state)
{
	(void)state;
	assert_int_equal(kcov_write_bytes(KCOV_FUNCTIONS, (void *)8, 8), EFAULT);
	assert_int_equal(kcov_write_bytes(KCOV_FUNCTIONS, (void *)-4096L, 8), EFAULT);
	assert_int_equal(kcov_write_bytes(KCOV_FOLLOW, (void *)8, 8), EFAULT);
}

int main(void)
{
	const struct CMUnitTest writes[] = {
		cmocka_unit_test(changed_value_is_noticed),
		cmocka_unit_test(malformed_writes_to_any_file_change_nothing),
		cmocka_unit_test(writes_longer_than_any_change_nothing),
		cmocka_unit_test(malformed_rules_of_any_length_change_nothing),
		cmocka_unit_test(noise_of_any_length_is_survived),
		cmocka_unit_test(text_behind_a_nul_is_refused),
		cmocka_unit_test(text_that_cannot_be_read_is_efault),
	};

	return cmocka_run_group_tests(writes, begin_writes, end_writes) != 0;
}
