// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading and unloading: refused while anything uses the module, possible
 * right after, and nothing of it is left.
 */
#include "kcov_test.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DISARM_DELAY	"/sys/module/kcov/parameters/disarm_delay"
#define FTRACE_ENABLED	"/proc/sys/kernel/ftrace_enabled"
#define CACHES_MAX	512
#define ROUNDS		2000

static bool names_kcov(const char *line)
{
	return strstr(line, "kcov");
}

/* Callers of vmalloc() whose module is gone have lost their name. */
static bool has_no_name(const char *line)
{
	const char *behind_pages = strchr(line, ' ');

	while (behind_pages && isdigit(behind_pages[1]) && strncmp(behind_pages + 1, "0x", 2))
		behind_pages = strchr(behind_pages + 1, ' ');
	return behind_pages && !strncmp(behind_pages + 1, "0x", 2);
}

/* The number of things that remind of the module. */
static long left_over(void)
{
	return kcov_count_lines("/proc/slabinfo", names_kcov) +
	       kcov_count_lines("/proc/modules", names_kcov) +
	       kcov_count_lines("/proc/vmallocinfo", names_kcov) +
	       kcov_count_lines("/proc/vmallocinfo", has_no_name) +
	       kcov_count_patched() +
	       !access(KCOV_DEVICE, F_OK) + !access(KCOV_INSTANCES, F_OK);
}

static bool unload_when_unused(void)
{
	return kcov_wait_for(kcov_is_unused, "kcov") && kcov_unload("kcov") == 0;
}

static bool trace_once(void)
{
	struct kcov_test test;
	ssize_t count;

	if (!kcov_make(&test, KCOV_TEST_SIZE))
		return false;
	count = kcov_trace_read(&test);
	kcov_release(&test);
	return count > 0;
}

static int setup_loaded(void **state)
{
	(void)state;
	return kcov_is_loaded("kcov") || !kcov_load("kcov") ? 0 : -1;
}

/* Whatever a test left behind: the next one finds the module loaded and unused. */
static int teardown_loaded(void **state)
{
	kcov_unload("kcov_sample");
	kcov_write_file(FTRACE_ENABLED, "1");
	return setup_loaded(state) || !kcov_wait_for(kcov_is_unused, "kcov") ? -1 : 0;
}

static void second_load_is_eexist(void **state)
{
	(void)state;
	assert_int_equal(kcov_load("kcov"), EEXIST);
	assert_true(trace_once());
}

static void rmmod_while_a_descriptor_is_open_is_refused(void **state)
{
	const int fd = kcov_open();
	const int result = kcov_unload("kcov");

	(void)state;
	close(fd);
	assert_int_equal(result, EWOULDBLOCK);
	assert_true(kcov_wait_for(kcov_is_unused, "kcov"));
}

static void rmmod_while_a_mapping_lives_is_refused(void **state)
{
	struct kcov_test test;
	int result;

	(void)state;
	assert_true(kcov_make(&test, KCOV_TEST_SIZE));
	close(test.fd);
	result = kcov_unload("kcov");
	kcov_unmap(test.buffer, test.size);
	assert_int_equal(result, EWOULDBLOCK);
	assert_true(kcov_wait_for(kcov_is_unused, "kcov"));
}

static int enable_lose_and_unload(void *unused)
{
	struct kcov_test test;

	(void)unused;
	if (!kcov_make(&test, KCOV_TEST_SIZE) || kcov_enable(test.fd))
		return -1;
	close(test.fd);
	kcov_unmap(test.buffer, test.size);
	return kcov_unload("kcov");
}

static void rmmod_while_a_thread_is_enabled_is_refused(void **state)
{
	(void)state;
	assert_int_equal(kcov_in_thread(enable_lose_and_unload, NULL), EWOULDBLOCK);
	assert_true(kcov_wait_for(kcov_is_unused, "kcov"));
}

static void rmmod_while_an_instrumented_module_lives_is_refused(void **state)
{
	(void)state;
	assert_int_equal(kcov_load("kcov_sample"), 0);
	assert_int_equal(kcov_unload("kcov"), EWOULDBLOCK);
	assert_int_equal(kcov_unload("kcov_sample"), 0);
	assert_true(kcov_wait_for(kcov_is_unused, "kcov"));
}

/* The control for all that follow. */
static void something_is_there_while_it_is_loaded(void **state)
{
	(void)state;
	assert_true(trace_once());
	assert_true(kcov_count_lines("/proc/slabinfo", names_kcov) > 0);
	assert_true(kcov_count_patched() > 0);
	assert_int_equal(kcov_count_lines("/proc/modules", names_kcov), 1);
}

static void unload_before_any_use_leaves_nothing(void **state)
{
	(void)state;
	assert_true(unload_when_unused());
	for (int i = 0; i < 10; i++) {
		assert_int_equal(kcov_load("kcov"), 0);
		assert_int_equal(kcov_unload("kcov"), 0);
	}
	assert_int_equal(left_over(), 0);
}

static void unload_while_disarming_is_delayed_leaves_nothing(void **state)
{
	(void)state;
	assert_true(trace_once());
	assert_true(kcov_count_patched() > 0);
	assert_true(unload_when_unused());
	assert_int_equal(left_over(), 0);
}

static bool is_disarmed(void *unused)
{
	(void)unused;
	return kcov_count_patched() == 0;
}

static void last_close_disarms_at_once_without_a_delay(void **state)
{
	(void)state;
	assert_int_equal(kcov_write_file(DISARM_DELAY, "0"), 0);
	assert_true(trace_once());
	assert_true(kcov_wait_for(is_disarmed, NULL));
	assert_int_equal(kcov_write_file(DISARM_DELAY, "10"), 0);
	assert_true(unload_when_unused());
	assert_int_equal(left_over(), 0);
}

/* A kernel that cannot tell us of exits is not traced, until it can. */
static void init_without_ftrace_is_busy(void **state)
{
	int fd, off;

	(void)state;
	assert_true(unload_when_unused());
	assert_int_equal(kcov_write_file(FTRACE_ENABLED, "0"), 0);
	assert_int_equal(kcov_load("kcov"), 0);
	fd = kcov_open();
	off = kcov_init(fd, KCOV_TEST_SIZE);
	assert_int_equal(kcov_write_file(FTRACE_ENABLED, "1"), 0);
	assert_int_equal(off, EBUSY);
	assert_int_equal(kcov_init(fd, KCOV_TEST_SIZE), 0);
	close(fd);
}

static void ftrace_stays_on_while_a_descriptor_is_initialised(void **state)
{
	struct kcov_test test;

	(void)state;
	assert_true(kcov_make(&test, KCOV_TEST_SIZE));
	assert_int_equal(kcov_write_file(FTRACE_ENABLED, "0"), EBUSY);
	assert_true(kcov_trace_read(&test) > 0);
	kcov_release(&test);
}

struct cache {
	char name[64];
	long objects;
};

static bool is_area_in_use(const char *line)
{
	return !strstr(line, "unpurged");
}

/*
 * Freed areas of address space wait for the next flush of all TLBs, and since
 * 6.9 for another user: of these, what vmalloc() itself calls used.
 */
static void read_cache(const char *line, struct cache *cache)
{
	if (sscanf(line, "%63s %ld", cache->name, &cache->objects) != 2)
		cache->name[0] = '\0';
	else if (!strcmp(cache->name, "vmap_area"))
		cache->objects = kcov_count_lines("/proc/vmallocinfo", is_area_in_use);
}

/* Every slab cache and the objects in use; the number of caches. */
static int read_caches(struct cache *caches)
{
	FILE *file = fopen("/proc/slabinfo", "re");
	char line[512];
	int count = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) && count < CACHES_MAX) {
		read_cache(line, &caches[count]);
		count += caches[count].name[0] != '\0';
	}
	fclose(file);
	return count;
}

static struct cache before[CACHES_MAX];
static int caches_before;

static long objects_before(const char *name)
{
	for (int i = 0; i < caches_before; i++)
		if (!strcmp(before[i].name, name))
			return before[i].objects;
	return 0;
}

static char grown[64];

/* What was freed is used again at the earliest when KASAN lets go of it: then, or now. */
static void make_tight(const char *cache)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", cache);
	kcov_write_file(path, "1");
}

/* An object a round would be ROUNDS of them; freeing by RCU takes its time. */
static bool no_cache_has_grown(void *unused)
{
	static struct cache now[CACHES_MAX];
	const int count = read_caches(now);

	(void)unused;
	grown[0] = '\0';
	for (int i = 0; i < count && !grown[0]; i++)
		if (now[i].objects >= objects_before(now[i].name) + ROUNDS * 3 / 4)
			strcpy(grown, now[i].name);
	if (grown[0])
		make_tight(grown);
	return !grown[0];
}

static int use_and_lose(void *unused)
{
	struct kcov_test test;

	(void)unused;
	if (!kcov_make(&test, KCOV_PAGE_WORDS) || kcov_enable(test.fd))
		return 1;
	close(test.fd);
	kcov_unmap(test.buffer, test.size);
	return 0;
}

/* Threads that take their descriptor with them when they exit. */
static void two_thousand_owners_leave_no_object(void **state)
{
	int good = 0;

	(void)state;
	assert_true(trace_once());
	caches_before = read_caches(before);
	for (int i = 0; i < ROUNDS; i++)
		good += kcov_in_thread(use_and_lose, NULL) == 0;
	assert_int_equal(good, ROUNDS);
	if (!kcov_wait_for(no_cache_has_grown, NULL))
		fail_msg("%s has grown", grown);
}

static bool is_kcov_buffer(const char *line)
{
	return strstr(line, "[kcov]") && strstr(line, "pages=1 ");
}

static void closed_descriptors_leave_no_buffer(void **state)
{
	struct kcov_test test;
	long with;

	(void)state;
	assert_true(kcov_wait_for(kcov_is_unused, "kcov"));
	const long without = kcov_count_lines("/proc/vmallocinfo", is_kcov_buffer);

	assert_true(kcov_make(&test, KCOV_PAGE_WORDS));
	with = kcov_count_lines("/proc/vmallocinfo", is_kcov_buffer);
	kcov_release(&test);
	assert_int_equal(with, without + 1);
	assert_true(kcov_wait_for(kcov_is_unused, "kcov"));
	assert_int_equal(kcov_count_lines("/proc/vmallocinfo", is_kcov_buffer), without);
}

#define LOADED_TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup_loaded, teardown_loaded)

int main(void)
{
	const struct CMUnitTest module[] = {
		LOADED_TEST(second_load_is_eexist),
		LOADED_TEST(rmmod_while_a_descriptor_is_open_is_refused),
		LOADED_TEST(rmmod_while_a_mapping_lives_is_refused),
		LOADED_TEST(rmmod_while_a_thread_is_enabled_is_refused),
		LOADED_TEST(rmmod_while_an_instrumented_module_lives_is_refused),
		LOADED_TEST(something_is_there_while_it_is_loaded),
		LOADED_TEST(closed_descriptors_leave_no_buffer),
		LOADED_TEST(two_thousand_owners_leave_no_object),
		LOADED_TEST(ftrace_stays_on_while_a_descriptor_is_initialised),
		LOADED_TEST(unload_while_disarming_is_delayed_leaves_nothing),
		LOADED_TEST(unload_before_any_use_leaves_nothing),
		LOADED_TEST(last_close_disarms_at_once_without_a_delay),
		LOADED_TEST(init_without_ftrace_is_busy),
	};
	const int failed = cmocka_run_group_tests(module, NULL, NULL);

	return failed != 0;
}
