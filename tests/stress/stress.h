/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the stress share.
 *
 * Many actors, each a thread or a process, make calls at random. An actor keeps a model of its
 * descriptors and of its own task, and knows from that what each call may answer. What it decides
 * follows from the seed, its number and its life alone; how the actors meet is luck.
 *
 *	stress.c		the group: runs all of it, and what must hold at the end
 *	stress_epoch.c		the module from insmod to rmmod: actors, their ends, watchdog
 *	stress_actor.c		the steps of an actor
 *	stress_oracle.c		what a call may answer, and what it changes
 *	stress_descriptor.c	calls on descriptors
 *	stress_shared.c		calls on descriptors that threads share
 *	stress_records.c	what stands in the buffers
 *	stress_section.c	sections of the sample drivers
 *	stress_child.c		forks, vforks, executed programs, kills
 *	stress_program.c	what is executed
 *	stress_surroundings.c	what else happens to the kernel meanwhile
 *	stress_unload.c		rmmod against the last users
 *	stress_report.c		counters, and the first failure
 */
#ifndef STRESS_H
#define STRESS_H

#include "kcov_test.h"

#include "kcov_random.h"

#define STRESS_SLOTS	3
#define STRESS_SHARED	2

/* Two processes of as many threads, as many other processes, and three more actors. */
#define STRESS_CPUS_MAX	16
#define STRESS_MANY_MAX	(STRESS_CPUS_MAX + 1)
#define STRESS_ACTORS	(3 * STRESS_MANY_MAX + 3)

/* What may be answered: a set of errno, with 0 for success. */
#define MAY(error)	(1ULL << (error))

enum stress_call {
	STRESS_OPEN,
	STRESS_CLOSE,
	STRESS_INIT,
	STRESS_MAP,
	STRESS_UNMAP,
	STRESS_ENABLE,
	STRESS_REMOTE_ENABLE,
	STRESS_TREE_ENABLE,
	STRESS_DISABLE,
	STRESS_RESET,
	STRESS_ODD_IOCTL,
	STRESS_ODD_FILE,
	STRESS_TRACE,
	STRESS_OVERFLOW,
	STRESS_SECTION,
	STRESS_SECTION_START,
	STRESS_SECTION_STOP,
	STRESS_SHARED_INIT,
	STRESS_SHARED_ENABLE,
	STRESS_SHARED_DISABLE,
	STRESS_FORK,
	STRESS_VFORK,
	STRESS_VFORK_COMMON,
	STRESS_VFORK_TREE,
	STRESS_EXEC,
	STRESS_EXEC_COMMON,
	STRESS_EXEC_TREE,
	STRESS_VFORK_BELOW_COMMON,
	STRESS_VFORK_BELOW_TREE,
	STRESS_EXEC_BELOW_COMMON,
	STRESS_EXEC_BELOW_TREE,
	STRESS_KILL,
	STRESS_MOVE,
	STRESS_END,
	STRESS_FUNCTIONS,
	STRESS_FOLLOW,
	STRESS_PARAMETER,
	STRESS_INSTANCES,
	STRESS_CPU,
	STRESS_PREEMPT,
	STRESS_LOAD,
	STRESS_UNLOAD,
	STRESS_INSMOD,
	STRESS_RMMOD,
	STRESS_RMMOD_LAST,
	STRESS_CALLS
};

/* What a program has enabled, or that it has nothing but what is its parent's. */
enum stress_way {
	STRESS_WAY_LOCAL,
	STRESS_WAY_COMMON,
	STRESS_WAY_TREE,
	STRESS_WAY_INHERITED,
};

#define STRESS_EXECUTED "executed"

enum stress_state {
	STRESS_NEW,
	STRESS_READY,
	STRESS_LOCAL,
	STRESS_REMOTE,
	STRESS_TREE,
};

/* The model of a descriptor. Children of its actor see the same. */
struct stress_desc {
	unsigned int serial;		/* of the actor's; 0: there is none */
	enum stress_state state;
	size_t words;			/* 0 before KCOV_INIT_TRACE */
	unsigned int mode;
	pid_t owner;			/* while LOCAL or REMOTE */
	unsigned int area;		/* of sections, in words */
	bool own_handle;		/* gets sections of the actor's first handle */
	bool others;			/* gets sections that others run, too */
};

/* How a process reaches it. */
struct stress_slot {
	int fd;
	unsigned long *map;
};

/* The model of a task. */
struct stress_task {
	pid_t tid;
	struct stress_desc *local;	/* with LOST for one that nobody can reach */
	struct stress_desc *remote;
	unsigned int tree;		/* serial of the tree's descriptor; 0: none */
	bool tree_is_sure;
	bool in_section;		/* that nobody has stopped */
	unsigned int refused;		/* starts inside it */
};

#define STRESS_LOST ((struct stress_desc *)-1)

/* The handles an actor has, and who has registered them. */
enum stress_handle {
	STRESS_HANDLE_A,
	STRESS_HANDLE_B,
	STRESS_HANDLE_COMMON,
	STRESS_HANDLES
};

/* What an actor and its children share. */
struct stress_model {
	struct stress_desc descs[STRESS_SLOTS];
	pid_t registered[STRESS_HANDLES];
	unsigned int serials;
};

/* Descriptors of all threads of a process; nobody knows their state. */
struct stress_common {
	int fds[STRESS_SHARED];
	pid_t owners[STRESS_SHARED];	/* 0 before the call that gives it up */
};

/* What the watchdog and the report see of an actor. */
struct stress_seen {
	unsigned int life;
	unsigned long step;
	enum stress_call call;
	int answer;		/* of a child that is to be killed, plus 1 */
};

struct stress_actor {
	unsigned int number;
	struct kcov_random random;
	enum stress_call call;		/* the one under way */
	unsigned int slot;
	const char *what;		/* more about it */
	bool is_child;
	struct stress_model *model;
	struct stress_slot slots[STRESS_SLOTS];
	struct stress_task task;
	struct stress_common *common;	/* of the threads of a process, else NULL */
	int shared;			/* the one it has enabled, -1: none */
	bool shared_is_remote;
	unsigned int rules;		/* of whoever changes the functions */
	bool has_ended;
	struct stress_seen *seen;
};

/* Memory of all processes. */
struct stress_world {
	uint64_t seed;
	unsigned int many;		/* threads of a process, and processes: CPUs and one */
	unsigned int epoch;
	bool has_sections;		/* the drivers with sections are loaded */
	bool stop;
	bool has_failed;
	char failure[512];
	unsigned long made[STRESS_CALLS], refused[STRESS_CALLS];
	unsigned long kills, lives, records;
	struct stress_seen seen[STRESS_ACTORS];
	struct stress_model models[STRESS_ACTORS];
};

extern struct stress_world *stress_world;

/* stress_report.c */
const char *stress_call_name(enum stress_call call);
void stress_describe(char *text, size_t room, uint64_t set);
void stress_fail(const struct stress_actor *a, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));
void stress_blame(const char *format, ...) __attribute__((format(printf, 1, 2)));
void stress_count(enum stress_call call, int got);
void stress_expect(const struct stress_actor *a, uint64_t may, int got);
void stress_print_counts(void);

/* stress_oracle.c */
uint64_t stress_may_enable(const struct stress_actor *a, unsigned long mode);
uint64_t stress_may_enable_tree(const struct stress_actor *a, unsigned long argument);
uint64_t stress_may_disable(const struct stress_actor *a, unsigned long argument);
uint64_t stress_may_reset(const struct stress_actor *a, unsigned long argument);
uint64_t stress_may_init(const struct stress_actor *a, unsigned long words);
uint64_t stress_may_map(const struct stress_actor *a, size_t bytes, size_t offset);
bool stress_is_mine(const struct stress_actor *a);
bool stress_is_busy(const struct stress_actor *a);
void stress_learn_busy(struct stress_actor *a, int got);
void stress_did_enable(struct stress_actor *a, unsigned int mode);
void stress_did_disable(struct stress_actor *a);
void stress_did_release(struct stress_actor *a);
void stress_did_end(struct stress_model *model, pid_t tid);

/* The one the call under way is about. */
static inline struct stress_desc *stress_desc(const struct stress_actor *a)
{
	return &a->model->descs[a->slot];
}

static inline struct stress_slot *stress_slot(struct stress_actor *a)
{
	return &a->slots[a->slot];
}

static inline unsigned int stress_draw(struct stress_actor *a, unsigned int limit)
{
	return kcov_random_below(&a->random, limit);
}

/* Calls. Each draws the same number of words whatever the model says. */
void stress_open(struct stress_actor *a);
void stress_close(struct stress_actor *a);
void stress_init(struct stress_actor *a);
void stress_make_ready(struct stress_actor *a);
void stress_map(struct stress_actor *a);
void stress_unmap(struct stress_actor *a);
void stress_enable(struct stress_actor *a);
void stress_enable_tree(struct stress_actor *a);
void stress_disable(struct stress_actor *a);
void stress_reset(struct stress_actor *a);
void stress_odd_ioctl(struct stress_actor *a);
void stress_odd_file(struct stress_actor *a);
void stress_remote_enable(struct stress_actor *a);
void stress_enable_common(struct stress_actor *a);
void stress_trace(struct stress_actor *a);
void stress_overflow(struct stress_actor *a);
void stress_section(struct stress_actor *a);
void stress_section_start(struct stress_actor *a);
void stress_section_stop(struct stress_actor *a);
void stress_shared_init(struct stress_actor *a);
void stress_shared_enable(struct stress_actor *a);
void stress_shared_disable(struct stress_actor *a);
void stress_shared_end(struct stress_actor *a);
void stress_fork(struct stress_actor *a);
void stress_vfork(struct stress_actor *a);
void stress_exec(struct stress_actor *a);
void stress_hand_down(struct stress_actor *a);
void stress_kill(struct stress_actor *a);
void stress_move(struct stress_actor *a);

/* stress_records.c */
void stress_fill(const struct stress_actor *a);
size_t stress_check_records(struct stress_actor *a);

/* stress_section.c: the actor's own handles. */
uint64_t stress_handle(const struct stress_actor *a, enum stress_handle which);
int stress_run_here(unsigned int rounds);
int stress_run_inherited(void);

/* stress_actor.c */
void stress_start_actor(struct stress_actor *a, unsigned int number);
void stress_begin(struct stress_actor *a, enum stress_call call);
void stress_choose_ready(struct stress_actor *a);
void stress_child_step(struct stress_actor *a);
int stress_run_threads(unsigned int first);
int stress_run_process(unsigned int number);
bool stress_goes_on(void);

/* stress_program.c */
void stress_execute(const struct stress_actor *a, int fd, enum stress_way way, int got)
	__attribute__((noreturn));
int stress_executed(char **texts);

/* stress_surroundings.c */
int stress_run_functions(unsigned int number);
int stress_run_machine(unsigned int number);
void stress_read_models(char *line, size_t room);
bool stress_has_models(void);
bool stress_has_hotplug(void);
int stress_run_modules(unsigned int number);

/* stress_unload.c */
const char *stress_race_unload(struct kcov_random *luck);

/* stress_epoch.c */
bool stress_run_epoch(unsigned int seconds);
unsigned long stress_count_calls(void);

#endif /* STRESS_H */
