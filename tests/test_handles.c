// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owners of handles: one thread with descriptors of several kinds, and how handles become free.
 */
#include "kcov_instances.h"
#include "kcov_remote.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static int enable_in_thread(void *fd)
{
	return kcov_enable(*(int *)fd);
}

static int disable_in_thread(void *fd)
{
	return kcov_disable(*(int *)fd);
}

static void only_the_owner_disables(void **state)
{
	const struct kcov_test *t = *state;
	int fd = t->fd;

	assert_int_equal(kcov_enable_usb(fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_in_thread(disable_in_thread, &fd), EINVAL);
	assert_int_equal(kcov_ioctl(fd, KCOV_DISABLE, 1), EINVAL);
	assert_int_equal(kcov_deferred("kthread %#llx", KCOV_USB_A), 0);
	assert_true(kcov_count(t) > 0);
	assert_int_equal(kcov_disable(fd), 0);
	assert_int_equal(kcov_disable(fd), EINVAL);
}

/* Whether the thread records by itself, into which nothing remote comes. */
static bool records_locally(const struct kcov_test *local)
{
	kcov_set_count(local, 0);
	kcov_read_nothing(NULL);
	const size_t count = kcov_count(local);

	return count && !kcov_reached(local, count, "deferred_in_kthread");
}

static bool gets_sections(const struct kcov_test *t, __u64 handle)
{
	kcov_set_count(t, 0);
	return !kcov_deferred("kthread %#llx", handle) &&
	       kcov_reached(t, kcov_count(t), "deferred_in_kthread");
}

static void thread_has_both_kinds_local_first(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test local;

	assert_true(kcov_make(&local, KCOV_TEST_SIZE));
	assert_int_equal(kcov_enable(local.fd), 0);
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_true(gets_sections(t, KCOV_USB_A));
	assert_true(records_locally(&local));
	assert_int_equal(kcov_disable(local.fd), 0);
	assert_true(gets_sections(t, KCOV_USB_A));
	kcov_release(&local);
}

static void thread_has_both_kinds_remote_first(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test local;

	assert_true(kcov_make(&local, KCOV_TEST_SIZE));
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_enable(local.fd), 0);
	assert_true(gets_sections(t, KCOV_USB_A));
	assert_true(records_locally(&local));
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_true(records_locally(&local));
	kcov_release(&local);
}

/* The entries that the two lend each other must be enough for any order. */
static void both_kinds_come_and_go_in_any_order(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test local;
	int failed = 0;

	assert_true(kcov_make(&local, KCOV_TEST_SIZE));
	for (int i = 0; i < 10 * kcov_rounds(); i++) {
		failed += kcov_enable_common(t->fd, KCOV_COMMON_A);
		failed += kcov_enable(local.fd);
		failed += kcov_disable(i & 1 ? t->fd : local.fd);
		failed += i & 1 ? kcov_enable_usb(t->fd, KCOV_USB_A) : kcov_enable(local.fd);
		failed += kcov_disable(i & 2 ? t->fd : local.fd);
		failed += kcov_disable(i & 2 ? local.fd : t->fd);
	}
	kcov_release(&local);
	assert_int_equal(failed, 0);
}

/* As above, with the tree that the thread joins as the one that needs the entry longest. */
static void owner_that_joins_a_tree_leaves_its_descriptor_usable(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test tree;
	int fd = t->fd;

	assert_true(kcov_make(&tree, KCOV_TEST_SIZE));
	assert_int_equal(kcov_enable_usb(fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_ioctl(tree.fd, KCOV_TREE_ENABLE, 0), 0);
	assert_int_equal(kcov_disable(fd), 0);
	assert_int_equal(kcov_in_thread(enable_in_thread, &fd), EBUSY);
	assert_int_equal(kcov_disable(tree.fd), 0);
	assert_true(kcov_trace_read(t) > 0);
	kcov_release(&tree);
}

static void mode_is_shown(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_remote remote = kcov_usb(KCOV_USB_A);
	struct kcov_row row;

	assert_int_equal(kcov_remote_enable(t->fd, &remote), 0);
	assert_int_equal(kcov_read_rows(&row), 1);
	assert_string_equal(row.mode, "remote-pc");
	assert_int_equal(atoi(row.pid), getpid());
	assert_int_equal(kcov_disable(t->fd), 0);
	remote.trace_mode = KCOV_TRACE_CMP;
	assert_int_equal(kcov_remote_enable(t->fd, &remote), 0);
	assert_int_equal(kcov_read_rows(&row), 1);
	assert_string_equal(row.mode, "remote-cmp");
}

static void reset_starts_anew(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_int_equal(kcov_deferred("kthread %#llx", KCOV_USB_A), 0);
	assert_int_equal(kcov_ioctl(t->fd, KCOV_RESET_TRACE, 0), 0);
	assert_int_equal(kcov_count(t), 0);
	assert_true(gets_sections(t, KCOV_USB_A));
}

static int enable_a(void *fd)
{
	return kcov_enable_usb(*(int *)fd, KCOV_USB_A);
}

static int enable_a_and_die(void *fd)
{
	if (enable_a(fd))
		return 1;
	raise(SIGKILL);
	return 2;
}

static void disable_frees_the_handle(void **state)
{
	const struct kcov_test *t = *state;
	int fd = t->fd;

	assert_int_equal(enable_a(&fd), 0);
	assert_int_equal(kcov_disable(fd), 0);
	assert_int_equal(kcov_in_thread(enable_a, &fd), 0);
}

static void exit_of_a_thread_frees_the_handle(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_test other;
	int fd = t->fd;

	assert_true(kcov_make(&other, KCOV_TEST_SIZE));
	assert_int_equal(kcov_in_thread(enable_a, &fd), 0);
	assert_int_equal(kcov_enable_usb(other.fd, KCOV_USB_A), 0);
	assert_true(gets_sections(&other, KCOV_USB_A));
	kcov_release(&other);
}

static void exit_and_sigkill_of_a_process_free_the_handle(void **state)
{
	const struct kcov_test *t = *state;
	int fd = t->fd;

	assert_int_equal(kcov_in_child(enable_a, &fd), 0);
	assert_int_equal(kcov_in_child(enable_a_and_die, &fd), -1);
	assert_int_equal(enable_a(&fd), 0);
	assert_true(gets_sections(t, KCOV_USB_A));
}

static int close_enabled(void *fd)
{
	return enable_a(fd) || close(*(int *)fd) || kcov_deferred("kthread %#llx", KCOV_USB_A);
}

/* As with local collection: the thread keeps what nobody else can name. */
static void close_keeps_the_handle_until_the_owner_exits(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_owner owner;
	const int other = kcov_open();

	assert_int_equal(kcov_init(other, KCOV_TEST_SIZE), 0);
	assert_int_equal(kcov_owner_begin(&owner, other, kcov_usb(KCOV_USB_A)), 0);
	close(other);
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), EEXIST);
	kcov_owner_end(&owner);
	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
}

static void mapping_gets_sections_behind_close(void **state)
{
	struct kcov_test *t = *state;

	assert_int_equal(kcov_in_child(close_enabled, &t->fd), 0);
	assert_true(kcov_reached(t, kcov_count(t), "deferred_in_kthread"));
}

int main(void)
{
	const struct CMUnitTest handles[] = {
		KCOV_TEST(only_the_owner_disables),
		KCOV_TEST(thread_has_both_kinds_local_first),
		KCOV_TEST(thread_has_both_kinds_remote_first),
		KCOV_TEST(both_kinds_come_and_go_in_any_order),
		KCOV_TEST(owner_that_joins_a_tree_leaves_its_descriptor_usable),
		KCOV_TEST(mode_is_shown),
		KCOV_TEST(reset_starts_anew),
		KCOV_TEST(disable_frees_the_handle),
		KCOV_TEST(exit_of_a_thread_frees_the_handle),
		KCOV_TEST(exit_and_sigkill_of_a_process_free_the_handle),
		KCOV_TEST(close_keeps_the_handle_until_the_owner_exits),
		KCOV_TEST(mapping_gets_sections_behind_close),
	};
	const int failed = cmocka_run_group_tests(handles, kcov_load_drivers,
						  kcov_unload_drivers);

	return failed != 0;
}
