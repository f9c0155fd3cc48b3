// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deferred work follows its task: what a task with a common handle, or a child
 * of it, hands over to workqueues and timers is recorded for that handle, with
 * no annotation anywhere. With the stock kernel's ext4 on a loop device.
 */
#include "kcov_remote.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PARAMETER	"/sys/module/kcov/parameters/follow"
#define WRITEBACK	"/proc/sys/vm/dirty_writeback_centisecs"
#define IMAGE		"/dev/shm/kcov_follow.img"
#define PLACE		"/tmp/kcov_follow"
#define FILE_NAME	PLACE "/file"

#define AREA_WORDS	(64UL << 10)
#define BUFFER_WORDS	(512UL << 10)
#define HANDLE		0x4b43UL

static int remote_enable(int fd, unsigned long handle)
{
	struct kcov_remote_arg argument = {
		.trace_mode = KCOV_TRACE_PC,
		.area_size = AREA_WORDS,
		.common_handle = handle,
	};

	return kcov_ioctl(fd, KCOV_REMOTE_ENABLE, (unsigned long)&argument);
}

static bool write_some(void)
{
	const int fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
	char data[8192];
	bool good;

	memset(data, 'k', sizeof(data));
	good = fd >= 0 && write(fd, data, sizeof(data)) == sizeof(data);
	close(fd);
	return good;
}

static bool write_and_sync(void)
{
	const int fd = open(PLACE, O_RDONLY | O_DIRECTORY);
	bool good = write_some() && fd >= 0 && !syncfs(fd);

	close(fd);
	return good;
}

static int write_in_child(void *unused)
{
	(void)unused;
	return !write_and_sync();
}

/* Of the flusher and of the loop device's worker. */
static bool has_writeback(const struct kcov_test *t)
{
	return kcov_reached(t, kcov_count(t), "wb_workfn");
}

static bool has_loop(const struct kcov_test *t)
{
	return kcov_reached(t, kcov_count(t), "loop_process_work");
}

static bool writeback_is_recorded(void *test)
{
	return has_writeback(test);
}

static bool loop_is_recorded(void *test)
{
	return has_loop(test);
}

static void own_writeback_is_recorded(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(remote_enable(t->fd, HANDLE), 0);
	assert_true(write_and_sync());
	assert_true(kcov_wait_for(writeback_is_recorded, (void *)t));
}

/* Handed over by the flusher, not by the task. */
static void what_the_work_hands_over_is_recorded(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(remote_enable(t->fd, HANDLE), 0);
	assert_true(write_and_sync());
	assert_true(kcov_wait_for(loop_is_recorded, (void *)t));
}

static void writeback_for_a_child_is_recorded(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(remote_enable(t->fd, HANDLE), 0);
	assert_int_equal(kcov_in_child(write_in_child, NULL), 0);
	assert_true(kcov_wait_for(writeback_is_recorded, (void *)t));
}

static void records_are_in_range(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(remote_enable(t->fd, HANDLE), 0);
	assert_true(write_and_sync());
	assert_true(kcov_wait_for(loop_is_recorded, (void *)t));
	assert_true(kcov_in_range(t, kcov_count(t)));
}

static void own_calls_are_not_recorded(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(remote_enable(t->fd, HANDLE), 0);
	assert_true(write_and_sync());
	assert_true(kcov_wait_for(writeback_is_recorded, (void *)t));
	assert_false(kcov_reached(t, kcov_count(t), "__x64_sys_write"));
	assert_false(kcov_reached(t, kcov_count(t), "__x64_sys_syncfs"));
}

static int do_nothing(void *unused)
{
	(void)unused;
	return 0;
}

/* Nobody's work: of a task that is no child of the owner. */
static void work_of_another_task_is_not_recorded(void **state)
{
	const struct kcov_test *t = *state;
	int go[2], done[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(go) | pipe(done), 0);
	pid = fork();
	if (pid == 0) {
		const bool good = read(go[0], &byte, 1) == 1 && write_and_sync();

		byte = good;
		_exit(write(done[1], &byte, 1) != 1);
	}
	assert_int_equal(remote_enable(t->fd, HANDLE), 0);
	assert_int_equal(write(go[1], &byte, 1), 1);
	assert_int_equal(read(done[0], &byte, 1), 1);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(byte, 1);
	assert_false(has_writeback(t));
	assert_false(has_loop(t));
}

static void nothing_is_followed_while_it_is_off(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_write_file(KCOV_FOLLOW, "0"), 0);
	assert_int_equal(remote_enable(t->fd, HANDLE), 0);
	assert_true(write_and_sync());
	assert_int_equal(kcov_in_child(do_nothing, NULL), 0);
	assert_int_equal(kcov_count(t), 0);
}

static void switch_acts_on_who_is_enabled(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_write_file(KCOV_FOLLOW, "0"), 0);
	assert_int_equal(remote_enable(t->fd, HANDLE), 0);
	assert_int_equal(kcov_write_file(KCOV_FOLLOW, "1"), 0);
	assert_true(write_and_sync());
	assert_true(kcov_wait_for(writeback_is_recorded, (void *)t));
}

static void parameter_and_switch_are_the_same(void **state)
{
	(void)state;
	assert_int_equal(kcov_write_file(PARAMETER, "N"), 0);
	assert_int_equal(kcov_read_number(KCOV_FOLLOW, ""), 0);
	assert_int_equal(kcov_write_file(PARAMETER, "Y"), 0);
	assert_int_equal(kcov_read_number(KCOV_FOLLOW, ""), 1);
	assert_int_equal(kcov_write_file(KCOV_FOLLOW, "2"), EINVAL);
}

static void nothing_is_followed_without_a_common_handle(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(remote_enable(t->fd, 0), 0);
	assert_true(write_and_sync());
	assert_int_equal(kcov_count(t), 0);
}

/* Nobody syncs: the flusher comes by its timer. */
static void delayed_work_is_recorded(void **state)
{
	const struct kcov_test *t = *state;
	const unsigned long before = kcov_read_number(WRITEBACK, "");

	assert_true(write_and_sync());
	assert_int_equal(kcov_write_number(WRITEBACK, 10), 0);
	assert_int_equal(remote_enable(t->fd, HANDLE), 0);
	assert_true(write_some());
	assert_true(kcov_wait_for(writeback_is_recorded, (void *)t));
	assert_int_equal(kcov_write_number(WRITEBACK, before), 0);
}

struct visit {
	const struct kcov_test *t;
	const char *function;
};

static bool is_visited(void *data)
{
	const struct visit *visit = data;

	return kcov_reached(visit->t, kcov_count(visit->t), visit->function);
}

/* With a handle that nobody has: its annotation adds nothing. */
static void assert_followed(const struct kcov_test *t, const char *context)
{
	char function[32];
	struct visit visit = { t, function };

	snprintf(function, sizeof(function), "deferred_in_%s", context);
	assert_int_equal(kcov_deferred("%s %#llx", context, KCOV_USB_A), 0);
	assert_true(kcov_wait_for(is_visited, &visit));
}

static void each_way_to_hand_work_over_is_followed(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(remote_enable(t->fd, HANDLE), 0);
	assert_followed(t, "work");
	assert_followed(t, "delayed");
	assert_followed(t, "timer");
	assert_followed(t, "worker");
}

/*
 * On PREEMPT_RT that section is below the task itself, and what comes later ends it: but not here,
 * where locks are held that its end takes.
 */
static void work_handed_over_above_a_softirqs_section_is_followed(void **state)
{
	const struct kcov_test *t = *state;

	assert_true(kcov_pin(0));
	assert_int_equal(remote_enable(t->fd, HANDLE), 0);
	assert_int_equal(kcov_sections("start_softirq %#lx", HANDLE), 0);
	assert_false(kcov_reached(t, kcov_count(t), "sections_inside"));
	assert_followed(t, "work");
	assert_followed(t, "delayed");
	assert_int_equal(kcov_sections("stop_softirq"), 0);
	kcov_pin(-1);
	assert_true(kcov_reached(t, kcov_count(t), "sections_inside"));
}

/* As README says. What is followed comes last, so the others have run. */
static void kthreads_and_tasklets_are_not_followed(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(remote_enable(t->fd, HANDLE), 0);
	assert_int_equal(kcov_deferred("kthread %#llx", KCOV_USB_A), 0);
	assert_int_equal(kcov_deferred("tasklet %#llx", KCOV_USB_A), 0);
	assert_followed(t, "work");
	assert_false(kcov_reached(t, kcov_count(t), "deferred_in_kthread"));
	assert_false(kcov_reached(t, kcov_count(t), "deferred_in_tasklet"));
}

static void write_and_follow(const struct kcov_test *t)
{
	assert_int_equal(kcov_write_file(KCOV_FOLLOW, "1"), 0);
	assert_int_equal(remote_enable(t->fd, HANDLE), 0);
	kcov_set_count(t, 0);
	assert_true(write_and_sync());
	assert_true(kcov_wait_for(writeback_is_recorded, (void *)t));
	assert_true(kcov_wait_for(loop_is_recorded, (void *)t));
	assert_int_equal(kcov_disable(t->fd), 0);
}

static void write_and_follow_not(const struct kcov_test *t)
{
	assert_int_equal(kcov_write_file(KCOV_FOLLOW, "0"), 0);
	assert_int_equal(remote_enable(t->fd, HANDLE), 0);
	kcov_set_count(t, 0);
	assert_true(write_and_sync());
	assert_int_equal(kcov_count(t), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
}

static void every_write_is_followed_while_it_is_on(void **state)
{
	for (int round = 0; round < kcov_rounds(); round++) {
		write_and_follow(*state);
		write_and_follow_not(*state);
	}
}

static bool run(const char *command)
{
	return system(command) == 0;
}

static int start(void **state)
{
	if (kcov_load_drivers(state))
		return -1;
	if (!run("modprobe loop") || !run("modprobe ext4"))
		return -1;
	mkdir(PLACE, 0700);
	/* busybox makes ext2, which ext4 mounts as well */
	if (!run("dd if=/dev/zero of=" IMAGE " bs=1M count=8 2>/dev/null") ||
	    !run("mke2fs -F " IMAGE " >/dev/null 2>&1") ||
	    !run("mount -t ext4 -o loop " IMAGE " " PLACE))
		return -1;
	kcov_symbols_forget();
	return kcov_write_file(KCOV_FOLLOW, "1") ? -1 : 0;
}

static int stop(void **state)
{
	kcov_write_file(KCOV_FOLLOW, "0");
	umount(PLACE);
	unlink(IMAGE);
	return kcov_unload_drivers(state);
}

static int setup_large(void **state)
{
	static struct kcov_test test;

	*state = &test;
	if (!kcov_make(&test, BUFFER_WORDS))
		return -1;
	/* what others have left is not ours */
	sync();
	return kcov_write_file(KCOV_FOLLOW, "1") ? -1 : 0;
}

#define FOLLOW_TEST(name) cmocka_unit_test_setup_teardown(name, setup_large, kcov_test_teardown)

int main(void)
{
	const struct CMUnitTest follow[] = {
		FOLLOW_TEST(own_writeback_is_recorded),
		FOLLOW_TEST(what_the_work_hands_over_is_recorded),
		FOLLOW_TEST(writeback_for_a_child_is_recorded),
		FOLLOW_TEST(records_are_in_range),
		FOLLOW_TEST(own_calls_are_not_recorded),
		FOLLOW_TEST(work_of_another_task_is_not_recorded),
		FOLLOW_TEST(nothing_is_followed_while_it_is_off),
		FOLLOW_TEST(switch_acts_on_who_is_enabled),
		FOLLOW_TEST(parameter_and_switch_are_the_same),
		FOLLOW_TEST(nothing_is_followed_without_a_common_handle),
		FOLLOW_TEST(delayed_work_is_recorded),
		FOLLOW_TEST(each_way_to_hand_work_over_is_followed),
		FOLLOW_TEST(work_handed_over_above_a_softirqs_section_is_followed),
		FOLLOW_TEST(kthreads_and_tasklets_are_not_followed),
		FOLLOW_TEST(every_write_is_followed_while_it_is_on),
	};
	const int failed = cmocka_run_group_tests(follow, start, stop);

	return failed != 0;
}
