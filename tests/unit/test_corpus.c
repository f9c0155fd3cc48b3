// SPDX-License-Identifier: GPL-2.0-only
/*
 * The corpus of make fuzz-record, once: inputs that were worth to be kept.
 *
 * A file is bytes in hexadecimal; lines with a # are for people.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "record_input.h"

#define CORPUS		"tests/corpus/record"
#define BYTES_MAX	4096

static void skip_line(FILE *file)
{
	int character;

	do
		character = fgetc(file);
	while (character != '\n' && character != EOF);
}

/* The number of bytes; 0 if the file holds anything else. */
static size_t read_input(const char *path, uint8_t *bytes)
{
	FILE *file = fopen(path, "re");
	unsigned int byte;
	size_t count = 0;
	char mark;

	if (!file)
		return 0;
	while (fscanf(file, " %c", &mark) == 1 && count < BYTES_MAX) {
		if (mark == '#') {
			skip_line(file);
			continue;
		}
		ungetc(mark, file);
		if (fscanf(file, "%2x", &byte) != 1) {
			count = 0;
			break;
		}
		bytes[count++] = byte;
	}
	fclose(file);
	return count;
}

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void each_input_of_the_corpus_is_as_the_model_says(void **state)
{
	uint8_t bytes[BYTES_MAX];
	struct dirent **entries;
	const int count = scandir(CORPUS, &entries, is_file, alphasort);
	char path[512];

	(void)state;
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		size_t length;

		snprintf(path, sizeof(path), CORPUS "/%s", entries[i]->d_name);
		free(entries[i]);
		length = read_input(path, bytes);
		if (!length)
			fail_msg("%s is not bytes in hexadecimal", path);
		assert_int_equal(LLVMFuzzerTestOneInput(bytes, length), 0);
	}
	free(entries);
}

int main(void)
{
	const struct CMUnitTest corpus[] = {
		cmocka_unit_test(each_input_of_the_corpus_is_as_the_model_says),
	};

	return cmocka_run_group_tests(corpus, NULL, NULL) != 0;
}
