// SPDX-License-Identifier: GPL-2.0-only
/*
 * The compiler's callbacks, with a module built to call them (kcov_sample)
 * and one that is not (kcov_plain).
 */
#include "kcov_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEBUGFS		"/sys/kernel/debug/"

struct input {
	int fd;
	const char *text;
};

static void write_input(void *data)
{
	const struct input *input = data;

	if (write(input->fd, input->text, strlen(input->text)) < 0)
		perror("input");
}

/* The records of writing this text to the module's input, -1 on failure. */
static ssize_t trace_input(const struct kcov_test *t, const char *path, const char *text)
{
	struct input input = { open(path, O_WRONLY | O_CLOEXEC), text };
	ssize_t count;

	if (input.fd < 0)
		return -1;
	count = kcov_trace(t, write_input, &input);
	close(input.fd);
	return count;
}

static ssize_t trace_sample(const struct kcov_test *t, const char *text)
{
	return trace_input(t, DEBUGFS "kcov_sample/input", text);
}

static ssize_t trace_plain(const struct kcov_test *t, const char *text)
{
	return trace_input(t, DEBUGFS "kcov_plain/input", text);
}

static size_t count_in(const struct kcov_test *t, size_t count, const char *module)
{
	struct kcov_range text;
	size_t inside = 0;

	assert_true(kcov_module_text(module, &text));
	for (size_t i = 1; i <= count; i++)
		inside += kcov_is_within(&text, t->buffer[i]);
	return inside;
}

static void text_reaches(const struct kcov_test *t, const char *text, const char *wanted)
{
	const char *const paths[] = { "sample_path_a", "sample_path_b", "sample_path_other" };
	const ssize_t count = trace_sample(t, text);

	assert_true(count > 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_int_equal(kcov_reached(t, count, paths[i]), !strcmp(paths[i], wanted));
}

static void text_a_reaches_path_a_only(void **state)
{
	text_reaches(*state, "a", "sample_path_a");
}

static void text_b_reaches_path_b_only(void **state)
{
	text_reaches(*state, "b", "sample_path_b");
}

static void other_text_reaches_the_other_path_only(void **state)
{
	text_reaches(*state, "c", "sample_path_other");
}

static void sample_records_are_in_range(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = trace_sample(t, "a");

	assert_true(count > 0);
	assert_true(kcov_in_range(t, count));
	assert_true(count_in(t, count, "kcov_sample") > 0);
}

/* What addr2line and its like say of a PC; debug information is in the module's file. */
static void symbolized(unsigned long pc, char *line, int room)
{
	const char *directory = getenv("KCOV_KO_DIR");
	char command[256];
	FILE *output;

	line[0] = '\0';
	snprintf(command, sizeof(command), "echo 0x%lx | kcovctl symbolize -m %s", pc,
		 directory ? directory : "/kcov");
	output = popen(command, "r");
	if (!output)
		return;
	if (!fgets(line, room, output))
		line[0] = '\0';
	pclose(output);
}

static void sample_record_resolves_to_its_line(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = trace_sample(t, "a");
	char line[512];
	ssize_t i = 1;

	while (i <= count && strcmp(kcov_symbol_at(t->buffer[i]), "sample_path_a"))
		i++;
	assert_in_range(i, 1, count);
	symbolized(t->buffer[i], line, sizeof(line));
	assert_non_null(strstr(line, " sample_path_a+"));
	assert_non_null(strstr(line, "/kcov_sample.c:"));
}

/* The function entries of the stock kernel stand in the same buffer. */
static void sample_and_kernel_record_into_one_buffer(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = trace_sample(t, "a");

	assert_true(kcov_reached(t, count, "vfs_write"));
	assert_true(kcov_reached(t, count, "sample_path_a"));
}

/* If its functions have fentry calls too, those must not be recorded as well. */
static void instrumented_function_is_not_recorded_twice(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = trace_sample(t, "a");
	struct kcov_range text;

	assert_true(count > 0);
	assert_true(kcov_module_text("kcov_sample", &text));
	for (ssize_t i = 1; i <= count; i++)
		if (kcov_is_within(&text, t->buffer[i]))
			assert_false(kcov_is_entry(t->buffer[i]));
}

static void two_traces_of_one_input_are_equal(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = trace_sample(t, "b");
	unsigned long first[512];

	assert_in_range(count, 1, 511);
	memcpy(first, t->buffer, (count + 1) * sizeof(first[0]));
	assert_int_equal(trace_sample(t, "b"), count);
	assert_memory_equal(first, t->buffer, (count + 1) * sizeof(first[0]));
}

static void module_without_callbacks_records_nothing(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = trace_plain(t, "a");

	assert_true(count > 0);
	assert_int_equal(count_in(t, count, "kcov_plain"), 0);
	assert_int_equal(count_in(t, count, "kcov_sample"), 0);
}

static void sample_records_nothing_for_a_disabled_descriptor(void **state)
{
	const struct kcov_test *t = *state;
	struct input input = { open(DEBUGFS "kcov_sample/input", O_WRONLY | O_CLOEXEC), "a" };

	assert_true(input.fd >= 0);
	write_input(&input);
	close(input.fd);
	assert_int_equal(kcov_count(t), 0);
}

/* Before kcov.ko chooses the functions of the stock kernel to record. */
static int load_samples(void **state)
{
	(void)state;
	if (kcov_is_loaded("kcov") && (!kcov_wait_for(kcov_is_unused, "kcov") ||
				       kcov_unload("kcov") || kcov_load("kcov")))
		return -1;
	return kcov_load("kcov_sample") || kcov_load("kcov_plain") ? -1 : 0;
}

static int unload_samples(void **state)
{
	(void)state;
	return kcov_unload("kcov_plain") || kcov_unload("kcov_sample") ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest sample[] = {
		KCOV_TEST(text_a_reaches_path_a_only),
		KCOV_TEST(text_b_reaches_path_b_only),
		KCOV_TEST(other_text_reaches_the_other_path_only),
		KCOV_TEST(sample_records_are_in_range),
		KCOV_TEST(sample_record_resolves_to_its_line),
		KCOV_TEST(sample_and_kernel_record_into_one_buffer),
		KCOV_TEST(instrumented_function_is_not_recorded_twice),
		KCOV_TEST(two_traces_of_one_input_are_equal),
		KCOV_TEST(module_without_callbacks_records_nothing),
		KCOV_TEST(sample_records_nothing_for_a_disabled_descriptor),
	};
	const int failed = cmocka_run_group_tests(sample, load_samples, unload_samples);

	return failed != 0;
}
