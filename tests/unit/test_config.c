// SPDX-License-Identifier: GPL-2.0-only
/*
 * What kcovctl reads of a kernel's configuration: options that are set, and not
 * such that are mentioned.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "tools/kcovctl_config.h"

static const char text[] =
	"# CONFIG_MIPS is not set\n"
	"CONFIG_KPROBES=y\n"
	"CONFIG_EXT4_FS=m\n"
	"CONFIG_KCOV_SOMETHING=y\n"
	"CONFIG_HZ=250\n"
	"CONFIG_LAST=y";

static char path[64];

static int set_up(void **state)
{
	static struct config config;
	gzFile file = NULL;
	int fd;

	snprintf(path, sizeof(path), "/tmp/test_config.XXXXXX");
	fd = mkstemp(path);
	if (fd >= 0)
		file = gzdopen(fd, *state ? "w" : "wT");
	if (!file || gzwrite(file, text, sizeof(text) - 1) < 0 || gzclose(file) ||
	    !config_read(&config, path))
		return -1;
	*state = &config;
	return 0;
}

static int tear_down(void **state)
{
	config_release(*state);
	unlink(path);
	return 0;
}

static void options_that_are_set_are_there(void **state)
{
	assert_true(config_has(*state, "KPROBES"));
	assert_true(config_is_builtin(*state, "KPROBES"));
	assert_true(config_has(*state, "LAST"));
}

static void module_is_there_and_not_built_in(void **state)
{
	assert_true(config_has(*state, "EXT4_FS"));
	assert_false(config_is_builtin(*state, "EXT4_FS"));
}

static void others_are_not_there(void **state)
{
	assert_false(config_has(*state, "MIPS"));
	assert_false(config_has(*state, "KCOV"));
	assert_false(config_has(*state, "HZ"));
	assert_false(config_has(*state, "PROBES"));
	assert_false(config_has(*state, "NOWHERE"));
}

static void no_file_cannot_be_read(void **state)
{
	struct config config;

	(void)state;
	assert_false(config_read(&config, "/nowhere"));
	assert_null(config.text);
}

static void empty_file_tells_nothing(void **state)
{
	struct config config;

	(void)state;
	assert_false(config_read(&config, "/dev/null"));
}

static int compressed = 1;

#define PLAIN(test) { #test, test, set_up, tear_down, NULL }
#define COMPRESSED(test) { #test "_compressed", test, set_up, tear_down, &compressed }

int main(void)
{
	const struct CMUnitTest config[] = {
		PLAIN(options_that_are_set_are_there),
		PLAIN(module_is_there_and_not_built_in),
		PLAIN(others_are_not_there),
		COMPRESSED(options_that_are_set_are_there),
		COMPRESSED(module_is_there_and_not_built_in),
		COMPRESSED(others_are_not_there),
		cmocka_unit_test(no_file_cannot_be_read),
		cmocka_unit_test(empty_file_tells_nothing),
	};

	return cmocka_run_group_tests(config, NULL, NULL) != 0;
}
