// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl symbolize on the kernel that runs: what is kept for a second call, runs that
 * are named when the module lies elsewhere, and whose files the cache is made of. What
 * can be tried with files alone is in tests/unit/test_symbols.sh.
 */
#include "kcov_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODULE	"kcov_sample"
#define INPUT	"/sys/kernel/debug/kcov_sample/input"
#define WORK	"/tmp/kcov_names"
#define PCS	WORK "/pcs"
#define TEXT	65536

/* Of a cache that begins empty. */
#define CACHED	"KCOV_CACHE=" WORK "/cache "
#define SAMPLE	"-m ${KCOV_KO_DIR:-/kcov} "
#define PRIVATE	WORK "/cache/modules/$(uname -r)"
#define HIS	WORK "/his"
#define MINE	WORK "/mine"
#define FULL	WORK "/full"

static char said[TEXT], again[TEXT];

static void write_text(void *data)
{
	const int fd = open(INPUT, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, data, strlen(data)) < 0)
		perror(INPUT);
	close(fd);
}

/* What a write to the sample reaches, of the kernel's and of its own, as a file. */
static bool save_pcs(const struct kcov_test *t)
{
	const ssize_t count = kcov_trace(t, write_text, "apple");
	FILE *file = fopen(PCS, "w");

	if (!file)
		return false;
	for (ssize_t i = 1; i <= count; i++)
		fprintf(file, "0x%lx\n", t->buffer[i]);
	return !fclose(file) && count > 0;
}

static int run(char *text, const char *command)
{
	return kcov_run(command, text, TEXT);
}

static void must(const char *command)
{
	if (run(said, command))
		fail_msg("%s: %s", command, said);
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no '%s' in: %s", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' in: %s", part, text);
}

static void assert_names(const char *text)
{
	assert_has(text, " vfs_write+0x");
	assert_has(text, " sample_path_a+0x");
	assert_has(text, "kcov_sample.c:");
	assert_has_not(text, " ?\n");
}

static void it_names_kernel_and_module(void **state)
{
	(void)state;
	must("kcovctl symbolize --no-cache " SAMPLE "<" PCS " 2>&1");
	assert_names(said);
	assert_int_equal(access(WORK "/cache", F_OK), -1);
}

/* Of kallsyms only the head is left, which tells how far the kernel was moved. */
static void hide_symbols(void)
{
	assert_int_equal(run(again, "sed '/ _text$/q' /proc/kallsyms >" WORK "/head"), 0);
	assert_int_equal(mount(WORK "/head", "/proc/kallsyms", NULL, MS_BIND, NULL), 0);
}

static void show_symbols(void)
{
	umount("/proc/kallsyms");
}

static void second_call_reads_no_symbols_and_no_files(void **state)
{
	int status;

	(void)state;
	must(CACHED "kcovctl symbolize " SAMPLE "<" PCS " 2>&1");
	hide_symbols();
	status = run(again, CACHED "kcovctl symbolize <" PCS " 2>&1");
	show_symbols();
	assert_int_equal(status, 0);
	assert_string_equal(again, said);
	assert_names(again);
}

/* The control. */
static void without_the_cache_it_would_need_them(void **state)
{
	(void)state;
	must(CACHED "kcovctl symbolize " SAMPLE "<" PCS " 2>&1");
	hide_symbols();
	run(again, CACHED "kcovctl symbolize --no-cache <" PCS " 2>&1");
	show_symbols();
	assert_has_not(again, " vfs_write+0x");
	assert_has_not(again, " sample_path_a+0x");
}

static void modules_are_found_in_the_private_directory(void **state)
{
	(void)state;
	must("mkdir -p " PRIVATE " && cp ${KCOV_KO_DIR:-/kcov}/" MODULE ".ko " PRIVATE);
	must(CACHED "kcovctl symbolize <" PCS " 2>&1");
	assert_names(said);
}

/* Others in the place where it was. */
static bool move_module(unsigned long from)
{
	struct kcov_range text;

	if (kcov_unload(MODULE) || kcov_load("kcov_plain") || kcov_load(MODULE))
		return false;
	kcov_symbols_forget();
	return kcov_module_text(MODULE, &text) && text.first != from;
}

static void a_saved_run_is_named_when_the_module_has_moved(void **state)
{
	struct kcov_range text;
	bool moved;

	(void)state;
	must("(kcovctl symbolize --layout; cat " PCS ") >" WORK "/run");
	must("kcovctl symbolize --no-cache " SAMPLE "<" WORK "/run 2>&1");
	assert_names(said);
	assert_true(kcov_module_text(MODULE, &text));
	moved = move_module(text.first);
	run(again, "kcovctl symbolize --no-cache " SAMPLE "<" WORK "/run 2>&1");
	if (moved)
		assert_string_equal(again, said);
	/* the control: they are not its PCs any more */
	run(again, "kcovctl symbolize --no-cache " SAMPLE "<" PCS " 2>&1");
	kcov_unload("kcov_plain");
	assert_true(moved);
	assert_has_not(again, " sample_path_a+0x");
}

static void a_saved_run_is_named_when_the_module_is_gone(void **state)
{
	int status;

	(void)state;
	must("(kcovctl symbolize --layout; cat " PCS ") >" WORK "/run");
	must("kcovctl symbolize --no-cache " SAMPLE "<" WORK "/run 2>&1");
	assert_int_equal(kcov_unload(MODULE), 0);
	status = run(again, "kcovctl symbolize --no-cache " SAMPLE "<" WORK "/run 2>&1");
	assert_int_equal(kcov_load(MODULE), 0);
	assert_int_equal(status, 0);
	assert_names(again);
}

static void a_full_disk_costs_the_cache_alone(void **state)
{
	int status;

	(void)state;
	must("mkdir -p " FULL " && mount -t tmpfs -o size=4k tmpfs " FULL);
	must("head -c 8k /dev/zero >" FULL "/filled; [ -s " FULL "/filled ]");
	status = run(again, "KCOV_CACHE=" FULL "/cache kcovctl symbolize " SAMPLE "<" PCS " 2>&1");
	run(said, "find " FULL "/cache -type f");
	umount(FULL);
	assert_int_equal(status, 0);
	assert_names(again);
	assert_has(again, "ENOSPC");
	assert_string_equal(said, "");
}

/* Links in it are not for root to follow, nor files of root's for it. */
static void root_is_the_owner_of_a_strangers_cache(void **state)
{
	(void)state;
	must("mkdir -p " HIS "/kcov && chown -R nobody " HIS);
	must("KCOV_CACHE=" HIS "/kcov kcovctl symbolize " SAMPLE "<" PCS " 2>&1");
	assert_names(said);
	must("find " HIS "/kcov/symbols -type f -user nobody | grep -q .");
	must("! find " HIS " ! -user nobody | grep .");
}

static void root_does_not_follow_a_strangers_link(void **state)
{
	(void)state;
	must("mkdir -p -m 700 " MINE " " HIS " && ln -s " MINE " " HIS "/kcov");
	must("chown -h nobody " HIS " " HIS "/kcov");
	must("KCOV_CACHE=" HIS "/kcov kcovctl symbolize " SAMPLE "<" PCS " 2>&1");
	assert_names(said);
	must("! find " MINE " | grep -v '/mine$'");
}

/* The control: what is root's alone is. */
static void root_follows_links_of_its_own(void **state)
{
	(void)state;
	must("mkdir -p -m 700 " MINE " && ln -s " MINE " " WORK "/link");
	must("KCOV_CACHE=" WORK "/link kcovctl symbolize " SAMPLE "<" PCS " 2>&1");
	must("find " MINE "/symbols -type f | grep -q .");
}

static void nobody_is_told_why_there_are_no_names(void **state)
{
	(void)state;
	must("chmod 755 " WORK " && chmod 644 " PCS);
	must("echo 'PATH=/tools:/bin kcovctl symbolize <" PCS "' >" WORK "/script");
	assert_int_not_equal(run(said, "su -s /bin/sh nobody " WORK "/script 2>&1"), 0);
	assert_has(said, "all addresses are hidden");
	assert_has(said, "run as root");
}

static int setup(void **state)
{
	if (system("rm -rf " WORK " && mkdir -p " WORK) ||
	    kcov_test_setup_ready(state))
		return -1;
	return save_pcs(*state) ? 0 : -1;
}

static int teardown(void **state)
{
	if (system("rm -rf " WORK))
		return -1;
	return kcov_test_teardown(state);
}

/* Before kcov.ko chooses the functions of the stock kernel to record. */
static int load(void **state)
{
	(void)state;
	if (kcov_is_loaded("kcov") && (!kcov_wait_for(kcov_is_unused, "kcov") ||
				       kcov_unload("kcov") || kcov_load("kcov")))
		return -1;
	return kcov_load(MODULE) ? -1 : 0;
}

static int unload(void **state)
{
	(void)state;
	return kcov_unload(MODULE) ? -1 : 0;
}

#define NAMES_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest names[] = {
		NAMES_TEST(it_names_kernel_and_module),
		NAMES_TEST(second_call_reads_no_symbols_and_no_files),
		NAMES_TEST(without_the_cache_it_would_need_them),
		NAMES_TEST(modules_are_found_in_the_private_directory),
		NAMES_TEST(a_saved_run_is_named_when_the_module_has_moved),
		NAMES_TEST(a_saved_run_is_named_when_the_module_is_gone),
		NAMES_TEST(a_full_disk_costs_the_cache_alone),
		NAMES_TEST(root_is_the_owner_of_a_strangers_cache),
		NAMES_TEST(root_does_not_follow_a_strangers_link),
		NAMES_TEST(root_follows_links_of_its_own),
		NAMES_TEST(nobody_is_told_why_there_are_no_names),
	};
	const int failed = cmocka_run_group_tests(names, load, unload);

	return failed != 0;
}
