// SPDX-License-Identifier: GPL-2.0-only
/*
 * Children of an actor: forked, by vfork(), that execute a program, that are killed.
 *
 * A child has its parent's descriptors and nothing enabled; it may be in its parent's tree. The
 * parent waits for its end, and then all that the child had is free.
 */
#include "stress.h"

#include "kcov_remote.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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

/* It has its parent's memory, so it only asks. */
void stress_vfork(struct stress_actor *a)
{
	const struct stress_actor child = as_child(a, 0);
	const int fd = stress_slot(a)->fd;
	int got = 0;
	pid_t pid;

	if (fd < 0)
		return;
	pid = vfork();
	if (pid == 0) {
		__atomic_store_n(&got, kcov_enable(fd), __ATOMIC_SEQ_CST);
		_exit(0);
	}
	reap(a, pid, 0);
	stress_expect(a, stress_may_enable(&child, KCOV_TRACE_PC),
		      __atomic_load_n(&got, __ATOMIC_SEQ_CST));
}

/* The program of stress_executed(): goes on with what is enabled. */
static void execute(int fd)
{
	char number[16], *arguments[] = { "test_stress", "executed", number, NULL };

	snprintf(number, sizeof(number), "%d", fd);
	fcntl(fd, F_SETFD, 0);
	execv("/proc/self/exe", arguments);
	_exit(127);
}

static void enable_and_execute(struct stress_actor *child)
{
	const int fd = stress_slot(child)->fd;
	const int got = kcov_enable(fd);

	stress_expect(child, stress_may_enable(child, KCOV_TRACE_PC), got);
	if (!got)
		execute(fd);
	_exit(0);
}

void stress_exec(struct stress_actor *a)
{
	struct stress_actor child = as_child(a, 0);
	pid_t pid;

	if (stress_slot(a)->fd < 0)
		return;
	pid = make_child();
	if (pid == 0) {
		child.task.tid = getpid();
		enable_and_execute(&child);
	}
	reap(a, pid, 0);
}

/* In the program: it is the same task, so it has the descriptor enabled. Answers what was wrong. */
int stress_executed(char **arguments)
{
	const int fd = atoi(arguments[0]);

	if (kcov_enable(fd) != EINVAL)
		return 1;
	if (kcov_ioctl(fd, KCOV_RESET_TRACE, 0))
		return 2;
	syscall(SYS_getppid);
	if (kcov_disable(fd))
		return 3;
	return kcov_disable(fd) == EINVAL ? 0 : 4;
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
	if (stress_desc(child)->state != STRESS_READY)
		return MAY(EINVAL);
	return child->model->registered[STRESS_HANDLE_B] ? MAY(EEXIST) : MAY(0);
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
