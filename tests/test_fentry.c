// SPDX-License-Identifier: GPL-2.0-only
/*
 * Beside BPF programs attached to entries that kcov hooks, do_exit() among
 * them. BPF's trampoline is called directly, not through ftrace's list of
 * hooks; a function that has both needs both.
 */
#include "kcov_neighbour.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BTF		"/sys/kernel/btf/vmlinux"
#define LOG_SIZE	4096

static int counter = -1, watched_link = -1, exit_link = -1;
static unsigned long hits_before;

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* The bytes of a type behind its struct btf_type; -1 for a kind of the future. */
static ssize_t extra_size(const struct btf_type *type)
{
	const size_t count = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(__u32);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return count * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return count * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return count * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return count * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return count * sizeof(struct btf_var_secinfo);
	default:
		return BTF_INFO_KIND(type->info) <= BTF_KIND_ENUM64 ? 0 : -1;
	}
}

/* Types are numbered from 1 in the order of the file; 0 if there is none. */
static int find_function(const struct btf_header *btf, const char *name)
{
	const char *types = (const char *)btf + btf->hdr_len + btf->type_off;
	const char *names = (const char *)btf + btf->hdr_len + btf->str_off;
	const char *end = types + btf->type_len;

	for (int id = 1; types < end; id++) {
		const struct btf_type *type = (const struct btf_type *)types;
		const ssize_t extra = extra_size(type);

		if (extra < 0)
			return 0;
		if (BTF_INFO_KIND(type->info) == BTF_KIND_FUNC &&
		    !strcmp(names + type->name_off, name))
			return id;
		types += sizeof(*type) + extra;
	}
	return 0;
}

/* To be freed; NULL if the kernel has none. */
static struct btf_header *read_btf(void)
{
	const int fd = open(BTF, O_RDONLY | O_CLOEXEC);
	size_t size = 0, done = 0;
	struct stat status;
	char *btf = NULL;
	ssize_t got = 1;

	if (fd >= 0 && !fstat(fd, &status)) {
		size = status.st_size;
		btf = malloc(size);
	}
	for (; btf && done < size && got > 0; done += got)
		got = read(fd, btf + done, size - done);
	if (fd >= 0)
		close(fd);
	if (got > 0)
		return (struct btf_header *)btf;
	free(btf);
	return NULL;
}

static int btf_id(const char *name)
{
	struct btf_header *btf = read_btf();
	const int id = btf && btf->magic == BTF_MAGIC ? find_function(btf, name) : 0;

	free(btf);
	return id;
}

static int make_counter(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(__u32),
		.value_size = sizeof(__u64),
		.max_entries = 1,
	};

	return bpf(BPF_MAP_CREATE, &attr);
}

/* A program that adds 1 to the counter whenever the function is entered. */
static int load_program(int id, int map)
{
	const struct bpf_insn program[] = {
		{ BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_VALUE, 0, map },
		{ 0 },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 1 },
		{ BPF_STX | BPF_DW | BPF_ATOMIC, BPF_REG_1, BPF_REG_2, 0, BPF_ADD },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0 },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};
	static char log[LOG_SIZE];
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_TRACING,
		.expected_attach_type = BPF_TRACE_FENTRY,
		.attach_btf_id = id,
		.insns = (uintptr_t)program,
		.insn_cnt = ARRAY_SIZE(program),
		.license = (uintptr_t)"GPL",
		.log_buf = (uintptr_t)log,
		.log_size = sizeof(log),
		.log_level = 1,
	};
	const int fd = bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		print_error("bpf(BPF_PROG_LOAD): %s\n%s\n", strerror(errno), log);
	return fd;
}

/* The program lives as long as the link that is answered; -1 if it fails. */
static int attach(const char *function, int map)
{
	union bpf_attr attr = { 0 };
	const int id = btf_id(function);
	int link;

	if (!id) {
		print_error(BTF ": no function %s\n", function);
		errno = ENOENT;
		return -1;
	}
	attr.raw_tracepoint.prog_fd = load_program(id, map);
	if ((int)attr.raw_tracepoint.prog_fd < 0)
		return -1;
	link = bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
	close(attr.raw_tracepoint.prog_fd);
	return link;
}

static void close_again(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int stop_fentry(void)
{
	close_again(&exit_link);
	close_again(&watched_link);
	close_again(&counter);
	return 0;
}

static int start_fentry(void)
{
	hits_before = 0;
	counter = make_counter();
	if (counter >= 0)
		watched_link = attach("read_null", counter);
	return watched_link < 0 ? errno : 0;
}

static long count_hits(void)
{
	unsigned long hits = 0, since;
	__u32 key = 0;
	union bpf_attr attr = {
		.map_fd = counter,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&hits,
	};

	if (bpf(BPF_MAP_LOOKUP_ELEM, &attr))
		return -1;
	since = hits - hits_before;
	hits_before = hits;
	return since;
}

/* Exits have a counter of their own, which nobody asks. */
static int start_fentry_at_exit(void)
{
	int err = start_fentry();
	int exits;

	if (err)
		return err;
	exits = make_counter();
	if (exits >= 0)
		exit_link = attach("do_exit", exits);
	if (exit_link < 0)
		err = errno;
	close_again(&exits);
	return err;
}

static const struct kcov_neighbour fentry = {
	start_fentry, stop_fentry, count_hits
};

static const struct kcov_neighbour fentry_at_exit = {
	start_fentry_at_exit, stop_fentry, count_hits
};

int main(void)
{
	const struct CMUnitTest programs[] = {
		KCOV_NEIGHBOUR_DURING(fentry),
		KCOV_NEIGHBOUR_DURING(fentry_at_exit),
		KCOV_NEIGHBOUR_BEFORE(fentry),
		KCOV_NEIGHBOUR_AFTER(fentry),
	};
	const int failed = cmocka_run_group_tests(programs, kcov_test_setup_neighbours,
						  kcov_test_teardown_neighbours);

	return failed != 0;
}
