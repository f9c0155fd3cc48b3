// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inputs: from a file, made from others, as text.
 *
 * A file has an operation a line: its name, and three numbers from 0 to 255; what follows a # is
 * for people.
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

static bool parse(char *line, struct fuzz_op *op)
{
	unsigned int slot, x, y;
	char name[16];

	if (sscanf(line, "%15s %u %u %u", name, &slot, &x, &y) != 4)
		return false;
	op->code = fuzz_code_of(name);
	op->slot = slot;
	op->x = x;
	op->y = y;
	return op->code < fuzz_codes;
}

/* False if the file has a line that is no operation, or too many. */
bool fuzz_read_input(const char *path, struct fuzz_input *input)
{
	FILE *file = fopen(path, "re");
	bool fine = file;
	char line[128];

	input->count = 0;
	while (fine && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "#\n")] = '\0';
		if (line[strspn(line, " \t")])
			fine = input->count < FUZZ_OPS && parse(line, &input->ops[input->count++]);
	}
	if (file)
		fclose(file);
	return fine && input->count;
}

void fuzz_print(const struct fuzz_input *input)
{
	for (size_t i = 0; i < input->count; i++) {
		const struct fuzz_op *op = &input->ops[i];

		printf("# %s %u %u %u\n", fuzz_name(fuzz_code(op)), op->slot, op->x, op->y);
	}
	fflush(stdout);
}

static struct fuzz_op any_op(struct kcov_random *random)
{
	const uint64_t word = kcov_random_next(random);

	return (struct fuzz_op){ word, word >> 8, word >> 16, word >> 24 };
}

static void insert(struct fuzz_input *input, size_t at, struct fuzz_op op)
{
	if (input->count == FUZZ_OPS)
		return;
	memmove(&input->ops[at + 1], &input->ops[at], (input->count - at) * sizeof(op));
	input->ops[at] = op;
	input->count++;
}

static void take_out(struct fuzz_input *input, size_t at)
{
	if (input->count < 2)
		return;
	input->count--;
	memmove(&input->ops[at], &input->ops[at + 1], (input->count - at) * sizeof(*input->ops));
}

/* The end of the other in place of its own. */
static void splice(struct fuzz_input *input, const struct fuzz_input *other, size_t at, size_t from)
{
	size_t count = other->count - from;

	if (count > FUZZ_OPS - at)
		count = FUZZ_OPS - at;
	memcpy(&input->ops[at], &other->ops[from], count * sizeof(*input->ops));
	input->count = at + count;
}

static void mutate_once(struct fuzz_input *input, const struct fuzz_input *other,
			struct kcov_random *random)
{
	const size_t at = kcov_random_below(random, input->count);
	const size_t from = kcov_random_below(random, other->count);
	const struct fuzz_op op = any_op(random);
	uint8_t *bytes = (uint8_t *)&input->ops[at];

	switch (kcov_random_below(random, 8)) {
	case 0:
		return insert(input, at, op);
	case 1:
		return take_out(input, at);
	case 2:
		return insert(input, at, input->ops[at]);
	case 3:
		return splice(input, other, at, from);
	case 4:
		return insert(input, at, other->ops[from]);
	case 5:
		bytes[op.slot % sizeof(op)] ^= 1 << (op.x & 7);
		return;
	default:
		bytes[1 + op.slot % (sizeof(op) - 1)] = op.x;
	}
}

void fuzz_mutate(struct fuzz_input *input, const struct fuzz_input *other,
		 struct kcov_random *random)
{
	unsigned int times = 1 + kcov_random_below(random, 8);

	while (times--)
		mutate_once(input, other, random);
}
