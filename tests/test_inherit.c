// SPDX-License-Identifier: GPL-2.0-only
/*
 * Common handles that children inherit, and how they lose them.
 */
#include "kcov_instances.h"
#include "kcov_remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN	300
#define FORKS		2000

static int hand_on_common(void *context)
{
	return kcov_deferred("%s common", (const char *)context);
}

static int hand_on_in_grandchild(void *context)
{
	return kcov_in_child(hand_on_common, context);
}

static int hand_on_in_childs_thread(void *context)
{
	return kcov_in_thread(hand_on_in_grandchild, context);
}

static int hand_on_after_exec(void *context)
{
	char command[128];

	snprintf(command, sizeof(command), "echo %s common >%s", (char *)context, KCOV_DEFERRED);
	execl("/bin/sh", "sh", "-c", command, NULL);
	return 127;
}

static int hand_on_in_vfork(void *context)
{
	int status = -1;
	const pid_t pid = vfork();

	if (pid == 0) {
		hand_on_after_exec(context);
		_exit(1);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool common_comes(const struct kcov_test *t, int (*act)(void *))
{
	kcov_set_count(t, 0);
	return !act("kthread") && kcov_reached(t, kcov_count(t), "deferred_in_kthread");
}

static void owner_has_its_common_handle(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_common(t->fd, KCOV_COMMON_A), 0);
	assert_true(common_comes(t, hand_on_common));
	assert_true(common_comes(t, hand_on_in_vfork));
}

static void task_without_one_has_handle_0(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_usb(t->fd, KCOV_USB_A), 0);
	assert_false(common_comes(t, hand_on_common));
}

static void children_inherit_the_common_handle(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_common(t->fd, KCOV_COMMON_A), 0);
	kcov_set_count(t, 0);
	assert_int_equal(kcov_in_child(hand_on_common, "work"), 0);
	assert_true(kcov_reached(t, kcov_count(t), "deferred_in_work"));
	assert_int_equal(kcov_in_child(hand_on_common, "here"), 0);
	assert_true(kcov_reached(t, kcov_count(t), "deferred_here"));
}

static void threads_inherit_the_common_handle(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_common(t->fd, KCOV_COMMON_A), 0);
	assert_int_equal(kcov_in_thread(hand_on_common, "timer"), 0);
	assert_true(kcov_reached(t, kcov_count(t), "deferred_in_timer"));
}

static void grandchildren_inherit_the_common_handle(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_common(t->fd, KCOV_COMMON_A), 0);
	assert_int_equal(kcov_in_child(hand_on_in_childs_thread, "tasklet"), 0);
	assert_true(kcov_reached(t, kcov_count(t), "deferred_in_tasklet"));
}

static void common_handle_stays_through_exec(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(kcov_enable_common(t->fd, KCOV_COMMON_A), 0);
	assert_int_equal(kcov_in_child(hand_on_after_exec, "work"), 0);
	assert_true(kcov_reached(t, kcov_count(t), "deferred_in_work"));
}

struct early {
	int fd[2];
	pid_t pid;
};

/* A child that hands on when it is told. */
static void fork_early(struct early *early)
{
	char byte;

	assert_int_equal(pipe(early->fd), 0);
	early->pid = fork();
	if (early->pid == 0)
		_exit(read(early->fd[0], &byte, 1) == 1 ? hand_on_common("kthread") : 1);
}

static int end_early(struct early *early)
{
	int status = -1;

	assert_int_equal(write(early->fd[1], "", 1), 1);
	waitpid(early->pid, &status, 0);
	close(early->fd[0]);
	close(early->fd[1]);
	return status;
}

static void older_children_do_not_inherit(void **state)
{
	const struct kcov_test *t = *state;
	struct early child;

	fork_early(&child);
	assert_int_equal(kcov_enable_common(t->fd, KCOV_COMMON_A), 0);
	assert_int_equal(end_early(&child), 0);
	assert_int_equal(kcov_count(t), 0);
}

static void disable_takes_the_common_handle_from_the_owner(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_owner owner;

	assert_int_equal(kcov_enable_common(t->fd, KCOV_COMMON_A), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_owner_begin(&owner, t->fd, kcov_common(KCOV_COMMON_A)), 0);
	assert_int_equal(hand_on_common("kthread"), 0);
	kcov_owner_end(&owner);
	assert_int_equal(kcov_count(t), 0);
}

/* It is a number, without a reference: whoever enables it next gets their sections. */
static void children_keep_the_number_behind_disable(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_owner owner;
	struct early child;

	assert_int_equal(kcov_enable_common(t->fd, KCOV_COMMON_A), 0);
	fork_early(&child);
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_owner_begin(&owner, t->fd, kcov_common(KCOV_COMMON_A)), 0);
	assert_int_equal(end_early(&child), 0);
	kcov_owner_end(&owner);
	assert_true(kcov_reached(t, kcov_count(t), "deferred_in_kthread"));
}

struct heir {
	struct kcov_test *test;
	struct kcov_test own;
	__u64 usb, common;	/* what it enables by itself */
	int result;
	bool disables;
};

static int enable_own_and_hand_on(void *data)
{
	struct heir *heir = data;
	struct kcov_remote remote = kcov_usb(heir->usb);

	remote.common_handle = heir->common;
	if (kcov_remote_enable(heir->own.fd, &remote) != heir->result)
		return -1;
	if (heir->disables && kcov_disable(heir->own.fd))
		return -1;
	return hand_on_common("kthread");
}

/* Whether a child's common handle leads to its parent; and to itself. */
static void child_is_heard(struct heir heir, bool by_parent, bool by_itself)
{
	assert_true(kcov_make(&heir.own, KCOV_TEST_SIZE));
	assert_int_equal(kcov_enable_common(heir.test->fd, KCOV_COMMON_A), 0);
	assert_int_equal(kcov_in_child(enable_own_and_hand_on, &heir), 0);
	assert_int_equal(kcov_count(heir.test) > 0, by_parent);
	assert_int_equal(kcov_count(&heir.own) > 0, by_itself);
	kcov_release(&heir.own);
}

static void childs_own_common_handle_takes_the_place_of_the_inherited(void **state)
{
	const struct heir heir = { .test = *state, .usb = KCOV_USB_A, .common = KCOV_COMMON_B };

	child_is_heard(heir, false, true);
}

static void childs_own_descriptor_without_one_leaves_the_inherited(void **state)
{
	const struct heir heir = { .test = *state, .usb = KCOV_USB_A };

	child_is_heard(heir, true, false);
}

static void childs_disable_clears_the_inherited(void **state)
{
	const struct heir heir = { .test = *state, .usb = KCOV_USB_A, .disables = true };

	child_is_heard(heir, false, false);
}

static void childs_refused_handle_clears_the_inherited(void **state)
{
	const struct heir heir = { .test = *state, .usb = KCOV_USB_A, .common = KCOV_COMMON_A,
				   .result = EEXIST };

	child_is_heard(heir, false, false);
}

static void many_children_at_once_inherit(void **state)
{
	const struct kcov_test *t = *state;
	struct early children[CHILDREN];
	int failed = 0;
	size_t each;

	assert_int_equal(kcov_enable_common(t->fd, KCOV_COMMON_A), 0);
	assert_int_equal(hand_on_common("kthread"), 0);
	each = kcov_count(t);
	kcov_set_count(t, 0);
	for (int i = 0; i < CHILDREN; i++)
		fork_early(&children[i]);
	for (int i = 0; i < CHILDREN; i++)
		failed += end_early(&children[i]) != 0;
	assert_int_equal(failed, 0);
	assert_in_range(each, 1, (KCOV_TEST_SIZE - 1) / CHILDREN);
	assert_int_equal(kcov_count(t), CHILDREN * each);
}

static int exit_at_once(void *unused)
{
	(void)unused;
	return 0;
}

/* More than are kept in store for them. */
static void no_child_of_thousands_is_forgotten(void **state)
{
	const struct kcov_test *t = *state;
	const unsigned long before = kcov_lost("children_without_the_common_handle");

	assert_int_equal(kcov_enable_common(t->fd, KCOV_COMMON_A), 0);
	for (int i = 0; i < FORKS; i++)
		assert_int_equal(kcov_in_child(exit_at_once, NULL), 0);
	assert_int_equal(kcov_lost("children_without_the_common_handle"), before);
	assert_true(common_comes(t, hand_on_in_grandchild));
}

int main(void)
{
	const struct CMUnitTest inherit[] = {
		KCOV_TEST(owner_has_its_common_handle),
		KCOV_TEST(task_without_one_has_handle_0),
		KCOV_TEST(children_inherit_the_common_handle),
		KCOV_TEST(threads_inherit_the_common_handle),
		KCOV_TEST(grandchildren_inherit_the_common_handle),
		KCOV_TEST(common_handle_stays_through_exec),
		KCOV_TEST(older_children_do_not_inherit),
		KCOV_TEST(disable_takes_the_common_handle_from_the_owner),
		KCOV_TEST(children_keep_the_number_behind_disable),
		KCOV_TEST(childs_own_common_handle_takes_the_place_of_the_inherited),
		KCOV_TEST(childs_own_descriptor_without_one_leaves_the_inherited),
		KCOV_TEST(childs_disable_clears_the_inherited),
		KCOV_TEST(childs_refused_handle_clears_the_inherited),
		KCOV_TEST(many_children_at_once_inherit),
		KCOV_TEST(no_child_of_thousands_is_forgotten),
	};
	const int failed = cmocka_run_group_tests(inherit, kcov_load_drivers,
						  kcov_unload_drivers);

	return failed != 0;
}
