// SPDX-License-Identifier: GPL-2.0-only
/*
 * An epoch: the module from insmod to rmmod.
 *
 * Somebody has the module all the time, each epoch in another way; actors do what they do, and are
 * killed and started anew at any moment. In the end all are gone, and then the module must unload
 * and leave nothing. An actor that does not end is named and killed: nobody waits for ever.
 */
#include "stress.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kcov_instances.h"
#include "kcov_remote.h"

/* An actor that is told to end makes its step, and the longest of these take some seconds. */
#define END_SECONDS	180
#define REPORT_SECONDS	10
#define MORE_SECONDS	48	/* for so many calls */
#define ENOUGH_CALLS	1000

static struct worker {
	int (*run)(unsigned int number);
	unsigned int number;		/* its first actor's */
	unsigned int actors;
	bool may_be_killed;
	pid_t pid;			/* and its group; 0: none */
	bool is_killed;
} workers[2 + STRESS_MANY_MAX + 3];

static size_t worker_count;

static struct kcov_random luck;		/* when whom to kill; nobody's decisions */

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static pid_t fork_group(int (*run)(unsigned int number), unsigned int number)
{
	const pid_t pid = fork();

	if (pid) {
		setpgid(pid, pid);
		return pid;
	}
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(run(number));
}

static void start(struct worker *worker)
{
	worker->is_killed = false;
	worker->pid = fork_group(worker->run, worker->number);
	stress_world->lives++;
}

static void judge(const struct worker *worker, int status)
{
	if (WIFSIGNALED(status) && !(worker->is_killed && WTERMSIG(status) == SIGKILL))
		stress_blame("seed %#lx, epoch %u, actor %u: died of signal %d in or behind %s",
			     stress_world->seed, stress_world->epoch, worker->number,
			     WTERMSIG(status),
			     stress_call_name(stress_world->seen[worker->number].call));
	else if (WIFEXITED(status) && WEXITSTATUS(status))
		stress_blame("seed %#lx, epoch %u, actor %u: left with status %d",
			     stress_world->seed, stress_world->epoch, worker->number,
			     WEXITSTATUS(status));
}

/* The leader has ended; its children, if any are left, are ours now, and end too. */
static void reap_group(struct worker *worker)
{
	kill(-worker->pid, SIGKILL);
	while (waitpid(-worker->pid, NULL, 0) > 0)
		;
	worker->pid = 0;
	for (unsigned int i = 0; i < worker->actors; i++)
		stress_world->seen[worker->number + i].life++;
}

static bool collect(struct worker *worker)
{
	int status;

	if (!worker->pid || waitpid(worker->pid, &status, WNOHANG) != worker->pid)
		return !worker->pid;
	judge(worker, status);
	reap_group(worker);
	return true;
}

static void kill_worker(struct worker *worker)
{
	worker->is_killed = true;
	stress_world->kills++;
	kill(-worker->pid, SIGKILL);
}

/* Whoever has ended begins a new life; now and then one is killed. */
static void tend(double *next_kill)
{
	struct worker *victim = &workers[kcov_random_below(&luck, worker_count)];

	for (size_t i = 0; i < worker_count; i++)
		if (collect(&workers[i]) && stress_goes_on())
			start(&workers[i]);
	if (now() < *next_kill)
		return;
	*next_kill = now() + 0.5 + kcov_random_below(&luck, 3000) / 1000.0;
	if (victim->may_be_killed && victim->pid)
		kill_worker(victim);
}

unsigned long stress_count_calls(void)
{
	unsigned long made = 0;

	for (int call = 0; call < STRESS_RMMOD_LAST; call++)
		made += __atomic_load_n(&stress_world->made[call], __ATOMIC_RELAXED);
	return made;
}

static void report(void)
{
	printf("# seed %#lx, epoch %u: %lu calls, %lu lives, %lu kills\n", stress_world->seed,
	       stress_world->epoch, stress_count_calls(), stress_world->lives, stress_world->kills);
	fflush(stdout);
}

/* On a slow kernel an epoch is longer, so that actors come as far. */
static bool is_over(double end, unsigned long enough)
{
	return now() >= end && (now() >= end + MORE_SECONDS || stress_count_calls() >= enough);
}

static void run_actors(double end)
{
	const unsigned long enough = stress_count_calls() + ENOUGH_CALLS;
	double next_kill = now() + 1, next_report = now() + REPORT_SECONDS;

	for (size_t i = 0; i < worker_count; i++)
		start(&workers[i]);
	while (stress_goes_on() && !is_over(end, enough)) {
		usleep(20000);
		tend(&next_kill);
		if (now() < next_report)
			continue;
		report();
		next_report += REPORT_SECONDS;
	}
	__atomic_store_n(&stress_world->stop, true, __ATOMIC_RELAXED);
}

static size_t collect_all(void)
{
	size_t left = 0;

	for (size_t i = 0; i < worker_count; i++)
		left += !collect(&workers[i]);
	return left;
}

static void wait_for_ends(double end)
{
	while (collect_all() && now() < end)
		usleep(20000);
}

static void name_who_hangs(void)
{
	const struct worker *worker;

	for (worker = workers; worker < &workers[worker_count]; worker++)
		for (unsigned int i = 0; worker->pid && i < worker->actors; i++) {
			const struct stress_seen *seen = &stress_world->seen[worker->number + i];

			stress_blame("seed %#lx, epoch %u, actor %u, life %u, step %lu: %s %s",
				     stress_world->seed, stress_world->epoch, worker->number + i,
				     seen->life, seen->step, stress_call_name(seen->call),
				     "does not end");
		}
}

/* False if not even SIGKILL ends them; then the module must stay. */
static bool end_actors(void)
{
	wait_for_ends(now() + END_SECONDS);
	if (!collect_all())
		return true;
	name_who_hangs();
	for (size_t i = 0; i < worker_count; i++)
		if (workers[i].pid)
			kill_worker(&workers[i]);
	wait_for_ends(now() + END_SECONDS);
	return !collect_all();
}

/* The ways to have the module. The last three leave the drivers with sections out. */
enum hold {
	HOLD_BY_DRIVERS,
	HOLD_BY_DESCRIPTOR,
	HOLD_BY_MAPPING,
	HOLD_BY_TASK,
	HOLDS
};

static enum hold hold;
static struct kcov_test held;
static pid_t guard;
static bool *guard_is_ready;

/* Has one enabled that nobody can reach. */
static int run_guard(unsigned int unused)
{
	struct kcov_test test;

	(void)unused;
	if (!kcov_make(&test, KCOV_TEST_SIZE) || kcov_enable(test.fd))
		return 1;
	close(test.fd);
	kcov_unmap(test.buffer, test.size);
	__atomic_store_n(guard_is_ready, true, __ATOMIC_RELEASE);
	for (;;)
		pause();
}

static bool is_guarded(void *unused)
{
	(void)unused;
	return __atomic_load_n(guard_is_ready, __ATOMIC_ACQUIRE);
}

static bool take_hold(void)
{
	if (hold == HOLD_BY_DRIVERS)
		return !kcov_load("kcov_deferred") && !kcov_load("kcov_sections");
	if (hold == HOLD_BY_DESCRIPTOR) {
		held.fd = kcov_open();
		return held.fd >= 0;
	}
	if (hold == HOLD_BY_MAPPING)
		return kcov_make(&held, KCOV_TEST_SIZE) && !close(held.fd);
	guard_is_ready = kcov_shared(sizeof(*guard_is_ready));
	guard = fork_group(run_guard, 0);
	return kcov_wait_for(is_guarded, NULL);
}

static bool let_go(void)
{
	if (hold == HOLD_BY_DRIVERS)
		return !kcov_unload("kcov_sections") && !kcov_unload("kcov_deferred");
	if (hold == HOLD_BY_DESCRIPTOR)
		return !close(held.fd);
	if (hold == HOLD_BY_MAPPING)
		return !munmap(held.buffer, held.size * sizeof(*held.buffer));
	kill(guard, SIGKILL);
	munmap(guard_is_ready, sizeof(*guard_is_ready));
	return waitpid(guard, NULL, 0) == guard;
}

static const char *load_again(void)
{
	if (system("/vm/leftovers"))
		return "rmmod has left what stands above";
	return kcov_load("kcov") ? "insmod after rmmod was refused" : NULL;
}

/* What the end of an epoch must find, in this order. */
static const char *clean_up(void)
{
	if (kcov_is_loaded("kcov_sample"))
		kcov_unload("kcov_sample");
	if (kcov_unload("kcov") != EWOULDBLOCK)
		return "rmmod with the last user still there was not refused";
	if (!let_go())
		return "the last user did not go";
	if (!kcov_wait_for(kcov_has_no_rows, NULL))
		return "descriptors are left in kcov_mod/instances, and nobody has them";
	if (!kcov_wait_for(kcov_is_unused, "kcov"))
		return "the module has users, and nobody has it";
	if (kcov_unload("kcov"))
		return "rmmod with no user was refused";
	return load_again();
}

/* To patch all functions again and again would take most of the time. */
static bool make_small(void)
{
	return kcov_make_areas_small() && !kcov_write_file(KCOV_FUNCTIONS, "=vfs_* +ksys_*");
}

/* Once without haste, so that nothing is left, and once with rmmod beside the last users. */
static const char *end_epoch(void)
{
	const char *wrong = clean_up();

	if (wrong || stress_world->has_failed)
		return wrong;
	wrong = make_small() ? stress_race_unload(&luck) : "the module does not take its rules";
	return wrong ? wrong : load_again();
}

/* Actors are numbered in this order. */
static void add_worker(int (*run)(unsigned int number), unsigned int many, bool may_be_killed)
{
	const struct worker *before = worker_count ? &workers[worker_count - 1] : NULL;

	workers[worker_count++] = (struct worker){
		.run = run,
		.number = before ? before->number + before->actors : 0,
		.actors = many,
		.may_be_killed = may_be_killed,
	};
}

static void make_workers(void)
{
	for (int i = 0; i < 2; i++)
		add_worker(stress_run_threads, stress_world->many, true);
	for (unsigned int i = 0; i < stress_world->many; i++)
		add_worker(stress_run_process, 1, true);
	add_worker(stress_run_functions, 1, false);
	add_worker(stress_run_machine, 1, false);
	add_worker(stress_run_modules, 1, false);
}

static void set_up(void)
{
	const struct kcov_random epoch = kcov_random_fork(stress_world->seed, stress_world->epoch);

	luck = kcov_random_fork(epoch.state, ~0ULL);
	hold = stress_world->epoch % 3 == 1 ? 1 + kcov_random_below(&luck, HOLDS - 1) :
					      HOLD_BY_DRIVERS;
	stress_world->has_sections = hold == HOLD_BY_DRIVERS;
	memset(stress_world->seen, 0, sizeof(stress_world->seen));
	if (!worker_count)
		make_workers();
	stress_world->stop = false;
}

/* False when it makes no sense to go on. */
bool stress_run_epoch(unsigned int seconds)
{
	const char *wrong;

	set_up();
	if (!make_small() || !take_hold()) {
		stress_blame("epoch %u: no use of the module could be made", stress_world->epoch);
		return false;
	}
	run_actors(now() + seconds);
	if (!end_actors())
		return false;
	wrong = end_epoch();
	if (wrong)
		stress_blame("seed %#lx, epoch %u: %s", stress_world->seed, stress_world->epoch,
			     wrong);
	stress_world->epoch++;
	return !stress_world->has_failed;
}
