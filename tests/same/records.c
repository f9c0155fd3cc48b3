// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints what is recorded of known inputs, to be compared with what another
 * kernel prints: see tests/vm/same.
 *
 *   fixed MODE INPUT: offsets into fixed_code.c, or type,arg1,arg2,offset
 *   sample pc INPUT: symbol+offset into kcov_sample
 *   kernel pc read: addresses
 *   moved: how far KASLR moved the kernel
 */
#include "kcov_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIXED		"/sys/kernel/debug/kcov_fixed/run"
#define SAMPLE		"/sys/kernel/debug/kcov_sample/input"
#define FIRST_FUNCTION	"fixed_cmp1"
#define RECORD_WORDS	4

static const char *const fixed_inputs[] = {
	"cmp1 1 2", "cmp2 1 2", "cmp4 -1 2", "cmp8 -1 2", "signed1 -1 2", "signed4 -1 2",
	"const1 1 2", "const2 0x5152 2", "const4 1 2", "const8 1 2",
	"switch1 3 9", "switch1 50 9", "switch2 101 9", "switch4 4 9", "switch8 50 9",
	"odd_switch 24 1", "odd_switch 32 1", "empty_switch 7 1",
	"blocks 1 0", "blocks 1 1", "blocks 3 20", "blocks -5 100",
	"cmp1 1 2\nblocks 7 7\nswitch4 50 1",
};

static const char *const sample_inputs[] = { "a", "b", "bb", "c", "" };

struct input {
	const char *path;
	const char *text;
	unsigned int mode;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void write_input(const struct input *input)
{
	const int fd = open(input->path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, input->text, strlen(input->text)) < 0)
		die(input->path);
	close(fd);
}

/* The number of words that hold records. Twice, as the first call may fault pages in. */
static size_t trace(const struct kcov_test *t, const struct input *input)
{
	size_t count = 0;

	for (int pass = 0; pass < 2; pass++) {
		if (kcov_ioctl(t->fd, KCOV_ENABLE, input->mode))
			die("KCOV_ENABLE");
		kcov_set_count(t, 0);
		write_input(input);
		count = kcov_count(t);
		if (kcov_disable(t->fd))
			die("KCOV_DISABLE");
	}
	return input->mode == KCOV_TRACE_CMP ? RECORD_WORDS * count : count;
}

/* Input on one line. */
static void print_head(const char *kind, const struct input *input)
{
	printf("%s %s ", kind, input->mode == KCOV_TRACE_CMP ? "cmp" : "pc");
	for (const char *at = input->text; *at; at++)
		putchar(*at == '\n' ? ';' : *at);
	putchar(':');
}

static void print_fixed(const struct kcov_test *t, const struct input *input)
{
	const size_t words = input->mode == KCOV_TRACE_CMP ? RECORD_WORDS : 1;
	const unsigned long base = kcov_symbol(FIRST_FUNCTION);
	struct kcov_range text;
	size_t count;

	if (!kcov_module_text("kcov_fixed", &text))
		die("kcov_fixed");
	count = trace(t, input);
	print_head("fixed", input);
	for (const unsigned long *at = t->buffer + 1; at < t->buffer + 1 + count; at += words) {
		if (!kcov_is_within(&text, at[words - 1]))
			continue;
		putchar(' ');
		for (size_t i = 0; i < words - 1; i++)
			printf("%#lx,", at[i]);
		printf("%+ld", (long)(at[words - 1] - base));
	}
	putchar('\n');
}

static void print_sample(const struct kcov_test *t, const struct input *input)
{
	struct kcov_range text;
	size_t count;

	if (!kcov_module_text("kcov_sample", &text))
		die("kcov_sample");
	count = trace(t, input);
	print_head("sample", input);
	for (size_t i = 1; i <= count; i++) {
		const char *name = kcov_symbol_at(t->buffer[i]);

		if (kcov_is_within(&text, t->buffer[i]))
			printf(" %s+%#lx", name, t->buffer[i] - kcov_symbol(name));
	}
	putchar('\n');
}

static void print_kernel(const struct kcov_test *t)
{
	const ssize_t count = kcov_trace_read(t);

	printf("kernel pc read:");
	for (ssize_t i = 1; i <= count; i++)
		printf(" %#lx", t->buffer[i]);
	printf("\nmoved %#lx\n", kcov_offset());
}

int main(void)
{
	struct kcov_test t;

	if (kcov_load("kcov_fixed") || kcov_load("kcov_sample"))
		die("loading kcov_fixed and kcov_sample");
	if (!kcov_make(&t, 64 * KCOV_TEST_SIZE))
		die(KCOV_DEVICE);
	for (size_t i = 0; i < ARRAY_SIZE(fixed_inputs); i++) {
		print_fixed(&t, &(struct input){ FIXED, fixed_inputs[i], KCOV_TRACE_PC });
		print_fixed(&t, &(struct input){ FIXED, fixed_inputs[i], KCOV_TRACE_CMP });
	}
	for (size_t i = 0; i < ARRAY_SIZE(sample_inputs); i++)
		print_sample(&t, &(struct input){ SAMPLE, sample_inputs[i], KCOV_TRACE_PC });
	print_kernel(&t);
	kcov_release(&t);
	return kcov_unload("kcov_sample") || kcov_unload("kcov_fixed");
}
