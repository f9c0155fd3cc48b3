/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the fuzzer share.
 *
 * An input is a sequence of operations of four bytes; any bytes are an input. Each runs in a
 * process of its own, where a second thread scribbles over all buffers. Asserted is what holds for
 * every input: each call answers 0 or one of the errno that it is documented to have, and when
 * the process is gone so is all that it had.
 *
 *	fuzz.c		the group: the corpus, and inputs made from it
 *	fuzz_input.c	inputs: from a file, at random from others, as text
 *	fuzz_run.c	one input: its process, the thread that scribbles, what it leaves
 *	fuzz_calls.c	operations on descriptors
 *	fuzz_files.c	operations on other files: debugfs, parameters, sample drivers
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "kcov_test.h"

#include "kcov_random.h"

#include <pthread.h>

#define FUZZ_SLOTS	4
#define FUZZ_OPS	48

/* A set of errno, with 0 for success; those above 63 share a bit with one below. */
#define MAY(error)	(1ULL << (error) % 64)

/* The place in an array that a byte stands for. */
#define AT(array, byte)	((byte) % ARRAY_SIZE(array))

struct fuzz_op {
	uint8_t code, slot, x, y;
};

struct fuzz_input {
	struct fuzz_op ops[FUZZ_OPS];
	size_t count;
};

struct fuzz_slot {
	int fd;
	unsigned long *map;
	size_t bytes;
};

/* What a process that runs an input has. */
struct fuzz_process {
	const struct fuzz_input *input;
	size_t at;			/* the operation under way */
	struct fuzz_slot slots[FUZZ_SLOTS];
	uint64_t argument[8];		/* of KCOV_REMOTE_ENABLE, scribbled over, too */
	pthread_mutex_t lock;		/* of what the other thread looks at */
};

/* Memory of all processes. */
struct fuzz_world {
	char failure[256];
	unsigned long made[256], refused[256];
	unsigned long scribbled;
};

extern struct fuzz_world *fuzz_world;

/* fuzz_input.c */
bool fuzz_read_input(const char *path, struct fuzz_input *input);
void fuzz_mutate(struct fuzz_input *input, const struct fuzz_input *other,
		 struct kcov_random *random);
void fuzz_print(const struct fuzz_input *input);

/* fuzz_run.c */
bool fuzz_run(const struct fuzz_input *input);
void fuzz_step(struct fuzz_process *p);
void fuzz_expect(struct fuzz_process *p, uint64_t may, int got);
const char *fuzz_name(unsigned int code);

/* The codes, modulo their number. */
extern const size_t fuzz_codes;
unsigned int fuzz_code_of(const char *name);
unsigned int fuzz_code(const struct fuzz_op *op);

/* fuzz_calls.c */
void fuzz_open(struct fuzz_process *p, const struct fuzz_op *op);
void fuzz_close(struct fuzz_process *p, const struct fuzz_op *op);
void fuzz_init(struct fuzz_process *p, const struct fuzz_op *op);
void fuzz_enable(struct fuzz_process *p, const struct fuzz_op *op);
void fuzz_disable(struct fuzz_process *p, const struct fuzz_op *op);
void fuzz_reset(struct fuzz_process *p, const struct fuzz_op *op);
void fuzz_tree(struct fuzz_process *p, const struct fuzz_op *op);
void fuzz_remote(struct fuzz_process *p, const struct fuzz_op *op);
void fuzz_unknown(struct fuzz_process *p, const struct fuzz_op *op);
void fuzz_map(struct fuzz_process *p, const struct fuzz_op *op);
void fuzz_unmap(struct fuzz_process *p, const struct fuzz_op *op);
void fuzz_touch(struct fuzz_process *p, const struct fuzz_op *op);
void fuzz_odd(struct fuzz_process *p, const struct fuzz_op *op);
void fuzz_trace(struct fuzz_process *p, const struct fuzz_op *op);

/* fuzz_files.c */
void fuzz_write(struct fuzz_process *p, const struct fuzz_op *op);
void fuzz_raw(struct fuzz_process *p, const struct fuzz_op *op);
void fuzz_long(struct fuzz_process *p, const struct fuzz_op *op);
void fuzz_read(struct fuzz_process *p, const struct fuzz_op *op);
void fuzz_parameter(struct fuzz_process *p, const struct fuzz_op *op);
void fuzz_section(struct fuzz_process *p, const struct fuzz_op *op);

#endif /* FUZZ_H */
