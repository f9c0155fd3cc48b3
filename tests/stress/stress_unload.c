// SPDX-License-Identifier: GPL-2.0-only
/*
 * rmmod against the last users of the module: processes that have it in different ways let go at
 * nearly the same time, while a thread tries to unload it all the time. Which of them is the last
 * one, and so whose way out of the module rmmod meets, is luck.
 *
 * Nobody opens a file of the module meanwhile: DESIGN.md, section 10.
 */
#include "stress.h"

#include "kcov_remote.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DISARM_DELAY	"/sys/module/kcov/parameters/disarm_delay"
#define TRY_SECONDS	120
#define CHILDREN	3
#define PAUSE_MAX	20000	/* us */

/* What a process that has the module, and its children, know. */
struct leaver {
	struct kcov_test test;
	unsigned int number;
	unsigned int pause;	/* us, from the word to the end */
	pthread_t thread;
	int enabled;		/* errno of the thread's call */
};

static int word[2];		/* a pipe: closing its end is the word to let go */
static unsigned int *ready;	/* who waits for it */

static void wait_for_word(unsigned int pause)
{
	char byte;

	__atomic_fetch_add(ready, 1, __ATOMIC_RELEASE);
	if (read(word[0], &byte, 1))
		_exit(1);
	usleep(pause);
}

static int give_up_map(struct leaver *leaver)
{
	return munmap(leaver->test.buffer, leaver->test.size * sizeof(*leaver->test.buffer));
}

static int give_up_file(struct leaver *leaver)
{
	return close(leaver->test.fd);
}

static int enable(struct leaver *leaver)
{
	return kcov_enable(leaver->test.fd);
}

static int enable_and_lose(struct leaver *leaver)
{
	return enable(leaver) || give_up_file(leaver) || give_up_map(leaver);
}

static int disable(struct leaver *leaver)
{
	return kcov_disable(leaver->test.fd) || give_up_map(leaver) || give_up_file(leaver);
}

static int end(struct leaver *leaver)
{
	(void)leaver;
	return 0;
}

static int be_killed(struct leaver *leaver)
{
	(void)leaver;
	return kill(getpid(), SIGKILL);
}

static void *run_thread(void *data)
{
	struct leaver *leaver = data;

	leaver->enabled = enable_and_lose(leaver);
	wait_for_word(leaver->pause);
	return NULL;
}

static int enable_in_thread(struct leaver *leaver)
{
	return pthread_create(&leaver->thread, NULL, run_thread, leaver);
}

static int join(struct leaver *leaver)
{
	return pthread_join(leaver->thread, NULL) || leaver->enabled;
}

/* They end one after the other, the last of them behind their parent. */
static int make_children(struct leaver *leaver)
{
	for (unsigned int i = 1; i <= CHILDREN; i++) {
		const pid_t pid = fork();

		if (pid < 0)
			return errno;
		if (pid)
			continue;
		wait_for_word(leaver->pause * i / (CHILDREN - 1));
		_exit(0);
	}
	return give_up_file(leaver) || give_up_map(leaver);
}

static int enable_tree(struct leaver *leaver)
{
	return kcov_ioctl(leaver->test.fd, KCOV_TREE_ENABLE, 0) || make_children(leaver);
}

static int enable_common(struct leaver *leaver)
{
	return kcov_enable_common(leaver->test.fd, KCOV_COMMON_A + leaver->number) ||
	       make_children(leaver);
}

static const struct way {
	int (*take)(struct leaver *leaver);
	int (*leave)(struct leaver *leaver);
	unsigned int waiting;	/* with its threads and children */
} ways[] = {
	{ give_up_map, give_up_file, 1 },
	{ give_up_file, give_up_map, 1 },
	{ enable, disable, 1 },
	{ enable, end, 1 },
	{ enable_and_lose, end, 1 },
	{ enable, be_killed, 1 },
	{ enable_and_lose, be_killed, 1 },
	{ enable_in_thread, join, 2 },
	{ enable_tree, end, 1 + CHILDREN },
	{ enable_common, end, 1 + CHILDREN },
};

static void run_leaver(const struct way *way, unsigned int number, unsigned int pause)
{
	struct leaver leaver = { .number = number, .pause = pause };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(word[1]);
	if (!kcov_make(&leaver.test, KCOV_TEST_SIZE) || way->take(&leaver))
		_exit(1);
	wait_for_word(pause);
	_exit(way->leave(&leaver) ? 1 : 0);
}

/* All ways for each two CPUs. Answers how many will wait for the word. */
static unsigned int start_leavers(struct kcov_random *luck)
{
	const unsigned int leavers = ARRAY_SIZE(ways) * (stress_world->many - 1) / 2;
	unsigned int waiting = 0;

	for (unsigned int i = 0; i < leavers; i++) {
		const unsigned int pause = kcov_random_below(luck, PAUSE_MAX);
		const struct way *way = &ways[i % ARRAY_SIZE(ways)];

		if (fork() == 0)
			run_leaver(way, i, pause);
		waiting += way->waiting;
	}
	return waiting;
}

/* Answers how many went wrong. All children of this process are leavers, or theirs. */
static unsigned int reap_leavers(void)
{
	unsigned int wrong = 0;
	int status;

	while (waitpid(-1, &status, 0) > 0)
		wrong += WIFSIGNALED(status) ? WTERMSIG(status) != SIGKILL : status != 0;
	return wrong;
}

static unsigned long tries;	/* that were refused */

static int count_try(void)
{
	const int got = kcov_unload("kcov");

	stress_count(STRESS_RMMOD_LAST, got);
	if (got == EWOULDBLOCK)
		__atomic_fetch_add(&tries, 1, __ATOMIC_RELEASE);
	return got;
}

/* Until it works, which it must when all are gone. */
static void *unload(void *answer)
{
	const time_t end = time(NULL) + TRY_SECONDS;
	int got;

	do
		got = count_try();
	while (got == EWOULDBLOCK && time(NULL) < end);
	*(int *)answer = got;
	return NULL;
}

static bool are_ready(void *waiting)
{
	return __atomic_load_n(ready, __ATOMIC_ACQUIRE) == *(unsigned int *)waiting;
}

static bool is_tried(void *unused)
{
	(void)unused;
	return __atomic_load_n(&tries, __ATOMIC_ACQUIRE) > 0;
}

/* The word is given while rmmod is being refused already. Answers what it did in the end. */
static int unload_meanwhile(void)
{
	pthread_t thread;
	int answer;

	tries = 0;
	if (pthread_create(&thread, NULL, unload, &answer))
		return -1;
	kcov_wait_for(is_tried, NULL);
	close(word[1]);
	pthread_join(thread, NULL);
	return answer;
}

static const char *let_go_at_once(unsigned int waiting)
{
	const int answer = kcov_wait_for(are_ready, &waiting) ? unload_meanwhile() : -1;

	if (answer < 0)
		close(word[1]);
	if (reap_leavers())
		return "who was to let go of the module ended in another way";
	if (answer < 0)
		return "not all who were to let go of the module had it";
	if (answer == EWOULDBLOCK)
		return "rmmod was refused when the last users had gone";
	if (answer)
		return "rmmod beside the last users was not refused with EWOULDBLOCK";
	return tries ? NULL : "rmmod was not refused while there were users";
}

/* Whatever is to be done when the last one has gone is done at once, or still waits. */
static bool set_delay(struct kcov_random *luck)
{
	return !kcov_write_file(DISARM_DELAY, kcov_random_below(luck, 2) ? "0" : "10");
}

/* The module is loaded and has no user; after that it is unloaded. Answers what was wrong. */
const char *stress_race_unload(struct kcov_random *luck)
{
	const char *wrong;

	ready = kcov_shared(sizeof(*ready));
	if (!ready || pipe2(word, O_CLOEXEC) || !set_delay(luck))
		return "the last users could not be made";
	wrong = let_go_at_once(start_leavers(luck));
	close(word[0]);
	munmap(ready, sizeof(*ready));
	return wrong;
}
