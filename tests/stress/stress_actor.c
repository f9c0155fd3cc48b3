// SPDX-License-Identifier: GPL-2.0-only
/*
 * The steps of an actor: a thread of some in a process, or a process with children.
 *
 * A thread that ends leaves its descriptors to the next one of the same actor, which learns of the
 * end by pthread_join(). A process that ends leaves nothing.
 *
 * Two things no thread does. It executes no program itself, only its children do: that would end
 * its siblings inside calls, and nobody would learn the answers. And it is in no tree: a tree ends
 * with its last file, and when a thread closes it a sibling's child may still have it.
 */
#include "stress.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

/* Whose step it is. */
enum who {
	THREAD,
	PROCESS,
	CHILD,
	WHO
};

static void end(struct stress_actor *a)
{
	stress_expect(a, MAY(0), 0);
	a->has_ended = true;
}

/* With how often each makes it; threads have others to do what takes long, such as a fork. */
static const struct step {
	enum stress_call call;
	void (*make)(struct stress_actor *a);
	unsigned int weight[WHO];
} steps[] = {
	{ STRESS_OPEN, stress_open, { 24, 12, 12 } },
	{ STRESS_CLOSE, stress_close, { 4, 2, 2 } },
	{ STRESS_INIT, stress_init, { 24, 12, 12 } },
	{ STRESS_MAP, stress_map, { 20, 10, 10 } },
	{ STRESS_UNMAP, stress_unmap, { 2, 1, 1 } },
	{ STRESS_ENABLE, stress_enable, { 24, 12, 12 } },
	{ STRESS_REMOTE_ENABLE, stress_remote_enable, { 20, 10, 10 } },
	{ STRESS_TREE_ENABLE, stress_enable_tree, { 0, 6, 6 } },
	{ STRESS_DISABLE, stress_disable, { 16, 8, 8 } },
	{ STRESS_RESET, stress_reset, { 8, 4, 4 } },
	{ STRESS_ODD_IOCTL, stress_odd_ioctl, { 4, 2, 2 } },
	{ STRESS_ODD_FILE, stress_odd_file, { 4, 2, 2 } },
	{ STRESS_TRACE, stress_trace, { 24, 12, 12 } },
	{ STRESS_OVERFLOW, stress_overflow, { 12, 6, 6 } },
	{ STRESS_SECTION, stress_section, { 16, 8, 8 } },
	{ STRESS_SECTION_START, stress_section_start, { 8, 4, 4 } },
	{ STRESS_SECTION_STOP, stress_section_stop, { 6, 3, 3 } },
	{ STRESS_SHARED_INIT, stress_shared_init, { 4, 0, 0 } },
	{ STRESS_SHARED_ENABLE, stress_shared_enable, { 16, 0, 0 } },
	{ STRESS_SHARED_DISABLE, stress_shared_disable, { 16, 0, 0 } },
	{ STRESS_FORK, stress_fork, { 1, 2, 0 } },
	{ STRESS_VFORK, stress_vfork, { 1, 1, 0 } },
	{ STRESS_VFORK_COMMON, stress_vfork, { 1, 1, 0 } },
	{ STRESS_VFORK_TREE, stress_vfork, { 0, 1, 0 } },
	{ STRESS_EXEC, stress_exec, { 1, 1, 0 } },
	{ STRESS_EXEC_COMMON, stress_exec, { 0, 1, 0 } },
	{ STRESS_EXEC_TREE, stress_exec, { 1, 1, 0 } },
	{ STRESS_VFORK_BELOW_COMMON, stress_hand_down, { 0, 1, 0 } },
	{ STRESS_VFORK_BELOW_TREE, stress_hand_down, { 0, 1, 0 } },
	{ STRESS_EXEC_BELOW_COMMON, stress_hand_down, { 0, 1, 0 } },
	{ STRESS_EXEC_BELOW_TREE, stress_hand_down, { 0, 1, 0 } },
	{ STRESS_KILL, stress_kill, { 1, 2, 0 } },
	{ STRESS_MOVE, stress_move, { 6, 3, 3 } },
	{ STRESS_END, end, { 2, 1, 0 } },
};

bool stress_goes_on(void)
{
	return !__atomic_load_n(&stress_world->stop, __ATOMIC_RELAXED);
}

static const struct step *draw_step(struct stress_actor *a, enum who who)
{
	unsigned int all = 0, drawn;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		all += steps[i].weight[who];
	drawn = stress_draw(a, all);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (drawn < steps[i].weight[who])
			return &steps[i];
		drawn -= steps[i].weight[who];
	}
	return &steps[0];
}

/* The watchdog sees where it is. */
void stress_begin(struct stress_actor *a, enum stress_call call)
{
	a->call = call;
	a->what = NULL;
	a->seen->step++;
	a->seen->call = call;
}

/* One that can be enabled, if there is one. */
void stress_choose_ready(struct stress_actor *a)
{
	for (unsigned int i = 0; i < STRESS_SLOTS; i++)
		if (a->model->descs[i].state == STRESS_READY && a->slots[i].fd >= 0)
			a->slot = i;
}

/* What a call is about that is of use with an enabled descriptor only, if there is one. */
static void choose_slot(struct stress_actor *a, enum stress_call call)
{
	const struct stress_desc *enabled = NULL;

	if (call == STRESS_TRACE || call == STRESS_OVERFLOW)
		enabled = a->task.local;
	else if (call == STRESS_SECTION || call == STRESS_SECTION_START)
		enabled = a->task.remote;
	else if (call >= STRESS_VFORK && call <= STRESS_KILL && stress_slot(a)->fd < 0)
		stress_choose_ready(a);	/* a child can do nothing with an empty one */
	for (unsigned int i = 0; i < STRESS_SLOTS; i++)
		if (enabled == &a->model->descs[i])
			a->slot = i;
}

static void make_step(struct stress_actor *a, enum who who)
{
	const struct step *step = draw_step(a, who);

	a->slot = stress_draw(a, STRESS_SLOTS);
	choose_slot(a, step->call);
	stress_begin(a, step->call);
	step->make(a);
}

void stress_child_step(struct stress_actor *a)
{
	make_step(a, CHILD);
}

/* The stream is that of the actor's life in this epoch, and nobody else's. */
void stress_start_actor(struct stress_actor *a, unsigned int number)
{
	struct stress_seen *seen = &stress_world->seen[number];
	struct kcov_random epoch = kcov_random_fork(stress_world->seed, stress_world->epoch);
	struct kcov_random actor = kcov_random_fork(epoch.state, number);

	*a = (struct stress_actor){
		.number = number,
		.random = kcov_random_fork(actor.state, seen->life),
		.model = &stress_world->models[number],
		.seen = seen,
		.shared = -1,
	};
	*a->model = (struct stress_model){ 0 };
	seen->step = 0;
	for (int i = 0; i < STRESS_SLOTS; i++)
		a->slots[i].fd = -1;
	a->task.tid = gettid();
}

int stress_run_process(unsigned int number)
{
	struct stress_actor a;

	stress_start_actor(&a, number);
	while (stress_goes_on() && !a.has_ended)
		make_step(&a, PROCESS);
	return 0;
}

static struct stress_actor actors[STRESS_MANY_MAX];
static struct stress_common common;
static sem_t one_has_ended;

static void *run_thread(void *data)
{
	struct stress_actor *a = data;

	a->task = (struct stress_task){ .tid = gettid() };
	while (stress_goes_on() && !a->has_ended)
		make_step(a, THREAD);
	stress_shared_end(a);
	a->has_ended = true;
	sem_post(&one_has_ended);
	return NULL;
}

static int open_common(void)
{
	for (int i = 0; i < STRESS_SHARED; i++) {
		common.fds[i] = kcov_open();
		if (common.fds[i] < 0)
			return errno;
	}
	return 0;
}

static bool start_thread(pthread_t *thread, struct stress_actor *a)
{
	a->has_ended = false;
	return !pthread_create(thread, NULL, run_thread, a);
}

/* Joins whoever has ended, and starts the next one of that actor. */
static bool renew_threads(pthread_t *threads)
{
	for (unsigned int i = 0; i < stress_world->many; i++) {
		if (!__atomic_load_n(&actors[i].has_ended, __ATOMIC_ACQUIRE))
			continue;
		pthread_join(threads[i], NULL);
		stress_did_end(actors[i].model, actors[i].task.tid);
		if (!start_thread(&threads[i], &actors[i]))
			return false;
	}
	return true;
}

int stress_run_threads(unsigned int first)
{
	const unsigned int many = stress_world->many;
	pthread_t threads[STRESS_MANY_MAX];
	bool fine = !open_common();

	sem_init(&one_has_ended, 0, 0);
	for (unsigned int i = 0; i < many && fine; i++) {
		stress_start_actor(&actors[i], first + i);
		actors[i].common = &common;
		fine = start_thread(&threads[i], &actors[i]);
	}
	while (fine && stress_goes_on()) {
		while (sem_wait(&one_has_ended))
			;
		fine = !stress_goes_on() || renew_threads(threads);
	}
	if (!fine)
		stress_blame("actor %u: threads or descriptors could not be made: %s", first,
			     strerrorname_np(errno));
	for (unsigned int i = 0; i < many && fine; i++)
		pthread_join(threads[i], NULL);
	return !fine;
}
