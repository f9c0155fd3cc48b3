// SPDX-License-Identifier: GPL-2.0-only
/*
 * One input: the process that runs it, the thread that scribbles, and what is left afterwards.
 */
#include "fuzz.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kcov_instances.h"

/* An input takes at most some seconds, each of them in a call that ends. */
#define SECONDS		180
#define CHILD_OPS	8

struct fuzz_world *fuzz_world;

static void fork_child(struct fuzz_process *p, const struct fuzz_op *op);

static const struct {
	const char *name;
	void (*run)(struct fuzz_process *p, const struct fuzz_op *op);
} codes[] = {
	{ "open", fuzz_open },
	{ "init", fuzz_init },
	{ "enable", fuzz_enable },
	{ "remote", fuzz_remote },
	{ "tree", fuzz_tree },
	{ "disable", fuzz_disable },
	{ "reset", fuzz_reset },
	{ "unknown", fuzz_unknown },
	{ "map", fuzz_map },
	{ "unmap", fuzz_unmap },
	{ "touch", fuzz_touch },
	{ "close", fuzz_close },
	{ "odd", fuzz_odd },
	{ "trace", fuzz_trace },
	{ "section", fuzz_section },
	{ "write", fuzz_write },
	{ "raw", fuzz_raw },
	{ "long", fuzz_long },
	{ "read", fuzz_read },
	{ "parameter", fuzz_parameter },
	{ "fork", fork_child },
};

const size_t fuzz_codes = ARRAY_SIZE(codes);

unsigned int fuzz_code(const struct fuzz_op *op)
{
	return op->code % ARRAY_SIZE(codes);
}

const char *fuzz_name(unsigned int code)
{
	return codes[code].name;
}

/* fuzz_codes if there is none of that name. */
unsigned int fuzz_code_of(const char *name)
{
	unsigned int code = 0;

	while (code < ARRAY_SIZE(codes) && strcmp(codes[code].name, name))
		code++;
	return code;
}

/* Counts the operation, and ends the process if what it answered is not in the set. */
void fuzz_expect(struct fuzz_process *p, uint64_t may, int got)
{
	const struct fuzz_op *op = &p->input->ops[p->at];
	const unsigned int code = fuzz_code(op);

	__atomic_fetch_add(&fuzz_world->made[code], 1, __ATOMIC_RELAXED);
	if (got)
		__atomic_fetch_add(&fuzz_world->refused[code], 1, __ATOMIC_RELAXED);
	if (may & MAY(got))
		return;
	snprintf(fuzz_world->failure, sizeof(fuzz_world->failure),
		 "operation %zu, %s %u %u %u, answers %s, which it is not documented to", p->at,
		 codes[code].name, op->slot, op->x, op->y, strerrorname_np(got));
	_exit(1);
}

void fuzz_step(struct fuzz_process *p)
{
	const struct fuzz_op *op = &p->input->ops[p->at];

	codes[fuzz_code(op)].run(p, op);
	p->at++;
}

static void run_until(struct fuzz_process *p, size_t end)
{
	while (p->at < end && p->at < p->input->count)
		fuzz_step(p);
}

/* The child makes some of the operations that follow, and exits with what it has. */
static void fork_child(struct fuzz_process *p, const struct fuzz_op *op)
{
	const size_t end = p->at + 1 + op->x % CHILD_OPS;
	const pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		/* the thread that scribbles is not here, and may have had it */
		pthread_mutex_init(&p->lock, NULL);
		p->at++;
		run_until(p, end);
		_exit(0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		_exit(1);
	fuzz_expect(p, MAY(0), 0);
}

static const unsigned long hostile[] = {
	0, 1, 510, 511, 512, 513, 4095, 4096, ~0UL, 1UL << 31, 1UL << 59, 1UL << 61, 1UL << 63,
};

static void scribble_over(struct fuzz_slot *slot, struct kcov_random *random)
{
	const size_t words = slot->bytes / sizeof(*slot->map);

	for (int i = 0; i < 16 && slot->map && words; i++) {
		const size_t at = i & 1 ? 0 : kcov_random_next(random) % words;
		const unsigned long word = hostile[kcov_random_below(random, ARRAY_SIZE(hostile))];

		__atomic_store_n(&slot->map[at], word, __ATOMIC_RELAXED);
		__atomic_fetch_add(&fuzz_world->scribbled, 1, __ATOMIC_RELAXED);
	}
}

/* All buffers all the time, and now and then what an ioctl is about to read. */
static void *scribble(void *data)
{
	struct kcov_random random = { 1 };
	struct fuzz_process *p = data;

	for (;;) {
		const uint64_t word = kcov_random_next(&random);

		pthread_mutex_lock(&p->lock);
		for (int i = 0; i < FUZZ_SLOTS; i++)
			scribble_over(&p->slots[i], &random);
		if (word >> 60 == 0)
			__atomic_fetch_xor(&p->argument[word & 7], 1ULL << (word >> 8 & 63),
					   __ATOMIC_RELAXED);
		pthread_mutex_unlock(&p->lock);
	}
	return NULL;
}

static int run_here(const struct fuzz_input *input)
{
	static struct fuzz_process p;
	pthread_t thread;

	p.input = input;
	pthread_mutex_init(&p.lock, NULL);
	for (int i = 0; i < FUZZ_SLOTS; i++)
		p.slots[i].fd = -1;
	if (pthread_create(&thread, NULL, scribble, &p))
		return 2;
	run_until(&p, input->count);
	return 0;
}

/* The status when it has ended, which it must; if it does not it is killed. */
static int wait_for(pid_t pid)
{
	int status = 0;

	for (int i = 0; i < SECONDS * 1000; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(1000);
	}
	snprintf(fuzz_world->failure, sizeof(fuzz_world->failure), "does not end");
	kill(-pid, SIGKILL);
	return 1;
}

static bool has_users_of_before(void *users)
{
	return kcov_read_number("/sys/module/kcov/refcnt", "") == *(unsigned long *)users;
}

static const char *look_behind(unsigned long users)
{
	if (!kcov_wait_for(kcov_has_no_rows, NULL))
		return "leaves a descriptor in kcov_mod/instances";
	if (!kcov_wait_for(has_users_of_before, &users))
		return "changes the number of the module's users";
	return NULL;
}

/* False if a rule was broken; then it is printed, and can be put into the corpus. */
bool fuzz_run(const struct fuzz_input *input)
{
	unsigned long users = kcov_read_number("/sys/module/kcov/refcnt", "");
	const char *left;
	int status;
	pid_t pid;

	fuzz_world->failure[0] = '\0';
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(run_here(input));
	}
	status = wait_for(pid);
	left = look_behind(users);
	if (!status && !left)
		return true;
	printf("# status %#x: this input %s %s\n", status, fuzz_world->failure, left ? left : "");
	fuzz_print(input);
	return false;
}
