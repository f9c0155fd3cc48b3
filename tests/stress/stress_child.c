// SPDX-License-Identifier: GPL-2.0-only
/*
 * Children of an actor: forked, by vfork(), that execute a program, that are killed.
 *
 * A child has its parent's descriptors and nothing enabled; it may be in its parent's tree. The
 * parent waits for its end, and then all that the child had is free.
 */
#include "stress.h"

#include "kcov_remote.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS_MAX	12
#define PAUSES_MAX	200

/* The actor as its child is. */
static struct stress_actor as_child(const struct stress_actor *a, uint64_t stream)
{
	struct stress_actor child = *a;

	child.random = kcov_random_fork(stream, 0);
	child.is_child = true;
	child.task = (struct stress_task){ .tree = a->task.tree };
	return child;
}

static pid_t make_child(void)
{
	const pid_t pid = fork();

	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static void reap(struct stress_actor *a, pid_t pid, int signal)
{
	int status = 0;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		stress_fail(a, "no child: %s", strerrorname_np(errno));
	stress_did_end(a->model, pid);
	if (WIFSIGNALED(status) ? WTERMSIG(status) != signal : WEXITSTATUS(status))
		stress_fail(a, "the child ended with status %#x", status);
}

void stress_fork(struct stress_actor *a)
{
	struct stress_actor child = as_child(a, kcov_random_next(&a->random));
	unsigned int steps = stress_draw(&child, STEPS_MAX);
	const pid_t pid = make_child();

	if (pid == 0) {
		child.task.tid = getpid();
		while (steps--)
			stress_child_step(&child);
		_exit(0);
	}
	reap(a, pid, 0);
	stress_expect(a, MAY(0), 0);
}

static enum stress_way way_of(enum stress_call call)
{
	if (call == STRESS_VFORK_COMMON || call == STRESS_EXEC_COMMON)
		return STRESS_WAY_COMMON;
	if (call == STRESS_VFORK_TREE || call == STRESS_EXEC_TREE)
		return STRESS_WAY_TREE;
	return STRESS_WAY_LOCAL;
}

static int enable(const struct stress_actor *child, int fd)
{
	const enum stress_way way = way_of(child->call);

	if (way == STRESS_WAY_COMMON)
		return kcov_enable_common(fd, stress_handle(child, STRESS_HANDLE_COMMON));
	if (way == STRESS_WAY_TREE)
		return kcov_ioctl(fd, KCOV_TREE_ENABLE, 0);
	return kcov_enable(fd);
}

static uint64_t may_register(const struct stress_actor *child, enum stress_handle handle)
{
	if (stress_desc(child)->state != STRESS_READY)
		return MAY(EINVAL);
	return child->model->registered[handle] ? MAY(EEXIST) : MAY(0);
}

static uint64_t may_enable(const struct stress_actor *child)
{
	const enum stress_way way = way_of(child->call);

	if (way == STRESS_WAY_COMMON)
		return may_register(child, STRESS_HANDLE_COMMON);
	if (way == STRESS_WAY_TREE)
		return stress_may_enable_tree(child, 0);
	return stress_may_enable(child, KCOV_TRACE_PC);
}

/* EBUSY says that the child is in its parent's tree; a common handle can be its parent's only. */
static void execute(const struct stress_actor *child, int fd, int got)
{
	if (!got)
		stress_execute(child, fd, way_of(child->call), got);
	if (got == EBUSY || child->model->registered[STRESS_HANDLE_COMMON])
		stress_execute(child, fd, STRESS_WAY_INHERITED, got);
	_exit(0);
}

/* The slot's buffer, also if nobody has mapped it yet; what is not whole pages cannot be. */
static unsigned long *see(struct stress_slot *slot, size_t words)
{
	if (!slot->map && slot->fd >= 0 && words % KCOV_PAGE_WORDS == 0)
		slot->map = kcov_map(slot->fd, words);
	return slot->map;
}

/* The buffer for the actor's common handle; NULL if it has none that it can see and read. */
static unsigned long *clear_common(struct stress_actor *a)
{
	const struct stress_desc *desc = a->task.remote;
	unsigned long *map = NULL;

	if (a->model->registered[STRESS_HANDLE_COMMON] != a->task.tid)
		return NULL;
	for (int i = 0; i < STRESS_SLOTS; i++)
		if (desc == &a->model->descs[i] && desc->mode == KCOV_TRACE_PC)
			map = see(&a->slots[i], desc->words);
	if (map)
		__atomic_store_n(&map[0], 0, __ATOMIC_RELAXED);
	return map;
}

static bool has_pc_of(const struct kcov_range *text, const unsigned long *map, size_t words)
{
	const size_t count = __atomic_load_n(&map[0], __ATOMIC_RELAXED);

	for (size_t i = 1; i <= count && i < words; i++)
		if (kcov_is_within(text, map[i]))
			return true;
	return false;
}

/*
 * Whether a child had it, too: the driver shows, not only work that is followed. It may be that
 * there was no entry for the child, or no buffer.
 */
static void note_common(const struct stress_actor *a, const unsigned long *map,
			enum stress_call call)
{
	struct kcov_range text;

	if (map && stress_world->has_sections && kcov_module_text("kcov_deferred", &text))
		stress_count(call, has_pc_of(&text, map, a->task.remote->words) ? 0 : ENOENT);
}

/* It has its parent's memory, and leaves all of that as it is but @got. */
static __attribute__((noinline, noreturn)) void run_vforked(const struct stress_actor *child,
							     int fd, bool executes, int *got)
{
	const int answer = enable(child, fd);

	__atomic_store_n(got, answer, __ATOMIC_SEQ_CST);
	if (executes)
		execute(child, fd, answer);
	_exit(stress_run_inherited() == (stress_world->has_sections ? 0 : ENOENT) ? 0 : 1);
}

/* A tree stays when the task that has made it is gone. */
void stress_vfork(struct stress_actor *a)
{
	const bool executes = stress_draw(a, 2);
	const struct stress_actor child = as_child(a, 0);
	const unsigned long *map = clear_common(a);
	const int fd = stress_slot(a)->fd;
	int got = 0;
	pid_t pid;

	if (fd < 0)
		return;
	pid = vfork();
	if (pid == 0)
		run_vforked(&child, fd, executes, &got);
	reap(a, pid, 0);
	got = __atomic_load_n(&got, __ATOMIC_SEQ_CST);
	stress_expect(a, may_enable(&child), got);
	if (got == EBUSY)
		stress_count(STRESS_VFORK_BELOW_TREE, 0);
	note_common(a, map, STRESS_VFORK_BELOW_COMMON);
	if (!got && !executes && way_of(a->call) == STRESS_WAY_TREE)
		stress_desc(a)->state = STRESS_TREE;
}

static void enable_and_execute(struct stress_actor *child)
{
	const int fd = stress_slot(child)->fd;
	const int got = enable(child, fd);

	stress_expect(child, may_enable(child), got);
	if (got == EBUSY)
		stress_count(STRESS_EXEC_BELOW_TREE, 0);
	execute(child, fd, got);
}

void stress_exec(struct stress_actor *a)
{
	struct stress_actor child = as_child(a, 0);
	const unsigned long *map = clear_common(a);
	pid_t pid;

	if (stress_slot(a)->fd < 0)
		return;
	pid = make_child();
	if (pid == 0) {
		child.task.tid = getpid();
		enable_and_execute(&child);
	}
	reap(a, pid, 0);
	note_common(a, map, STRESS_EXEC_BELOW_COMMON);
}

/* The actor has something that a child inherits, if it can, and then a child that can ask. */
void stress_hand_down(struct stress_actor *a)
{
	const enum stress_call call = a->call;

	stress_make_ready(a);
	if (call == STRESS_VFORK_BELOW_COMMON || call == STRESS_EXEC_BELOW_COMMON) {
		stress_begin(a, STRESS_REMOTE_ENABLE);
		stress_enable_common(a);
	} else {
		stress_begin(a, STRESS_TREE_ENABLE);
		stress_enable_tree(a);
	}
	a->slot = (a->slot + 1) % STRESS_SLOTS;
	stress_make_ready(a);
	stress_choose_ready(a);
	if (call == STRESS_VFORK_BELOW_COMMON || call == STRESS_VFORK_BELOW_TREE) {
		stress_begin(a, STRESS_VFORK);
		stress_vfork(a);
	} else {
		stress_begin(a, STRESS_EXEC);
		stress_exec(a);
	}
}

static void enable_until_killed(struct stress_actor *child, bool is_remote)
{
	const int fd = stress_slot(child)->fd;
	const int got = is_remote ? kcov_enable_usb(fd, stress_handle(child, STRESS_HANDLE_B)) :
				    kcov_enable(fd);

	__atomic_store_n(&child->seen->answer, got + 1, __ATOMIC_RELEASE);
	for (;;) {
		syscall(SYS_read, -1, NULL, 0);
		if (is_remote)
			kcov_deferred("kthread %#lx", stress_handle(child, STRESS_HANDLE_B));
	}
}

static uint64_t may_answer(const struct stress_actor *child, bool is_remote)
{
	if (!is_remote)
		return stress_may_enable(child, KCOV_TRACE_PC);
	return may_register(child, STRESS_HANDLE_B);
}

/* Where it is when it is killed is luck. */
void stress_kill(struct stress_actor *a)
{
	const bool is_remote = stress_draw(a, 3) == 0;
	unsigned int pauses = stress_draw(a, PAUSES_MAX);
	struct stress_actor child = as_child(a, 0);
	pid_t pid;
	int answer;

	if (stress_slot(a)->fd < 0)
		return;
	a->seen->answer = 0;
	pid = make_child();
	if (pid == 0)
		enable_until_killed(&child, is_remote);
	while (!(answer = __atomic_load_n(&a->seen->answer, __ATOMIC_ACQUIRE)) && pid > 0)
		sched_yield();
	while (pauses--)
		sched_yield();
	if (pid > 0)
		kill(pid, SIGKILL);
	reap(a, pid, SIGKILL);
	stress_expect(a, may_answer(&child, is_remote), answer - 1);
}

/* One that is off just now is refused. */
void stress_move(struct stress_actor *a)
{
	const int cpus = sysconf(_SC_NPROCESSORS_CONF);
	const int cpu = (int)stress_draw(a, cpus + 1) - 1;

	stress_expect(a, MAY(0) | (cpu > 0 ? MAY(EINVAL) : 0), kcov_pin(cpu) ? 0 : errno);
}
