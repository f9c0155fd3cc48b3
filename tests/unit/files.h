/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the tests beside it: a directory with a file, what is written into one, and what is
 * printed. To be read behind cmocka.h.
 */
#ifndef TEST_FILES_H
#define TEST_FILES_H

#include <sys/stat.h>
#include <unistd.h>

/* A test with an empty directory, in which it may write that file. */
#define WITH_FILE(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

struct directory {
	char path[64], file[80];
};

static inline int make_directory(void **state)
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

static inline int remove_directory(void **state)
{
	struct directory *directory = *state;
	int left;

	unlink(directory->file);
	left = rmdir(directory->path);
	free(directory);
	return left;
}

static inline void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static inline const char *printed(void (*print)(FILE *out, void *data), void *data)
{
	static char text[65536];
	FILE *out = fmemopen(text, sizeof(text), "w");

	memset(text, 0, sizeof(text));
	print(out, data);
	fclose(out);
	return text;
}

#endif /* TEST_FILES_H */
