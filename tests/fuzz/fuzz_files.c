// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on other files: kcov_mod/ in debugfs, the module's parameters, and the drivers that
 * make sections; with the errno that each is documented to have.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFERRED	"/sys/kernel/debug/kcov_deferred/run"
#define SECTIONS	"/sys/kernel/debug/kcov_sections/run"

#define LONG_TEXT	20000

/* What can be written to each; the last two take nothing. */
static const struct {
	const char *path;
	uint64_t errors;
} files[] = {
	{ KCOV_FUNCTIONS, MAY(0) | MAY(EINVAL) | MAY(ENOENT) | MAY(E2BIG) | MAY(ENOMEM) },
	{ KCOV_FOLLOW, MAY(0) | MAY(EINVAL) | MAY(ERANGE) },
	{ KCOV_INSTANCES, MAY(EINVAL) },
	{ KCOV_LOST, MAY(EINVAL) },
};

/* A write of nothing is one that some files need not see. */
static void write_file(struct fuzz_process *p, unsigned int file, const void *bytes, size_t count)
{
	const uint64_t errors = files[AT(files, file)].errors;

	fuzz_expect(p, errors | (count ? 0 : MAY(0) | MAY(EINVAL)),
		    kcov_write_bytes(files[AT(files, file)].path, bytes, count));
}

/* Words that mean something, and nearly so; not all functions, which take long to patch. */
void fuzz_write(struct fuzz_process *p, const struct fuzz_op *op)
{
	static const char *const texts[] = {
		"none +ksys_*", "none", "=vfs_*", "+ksys_*", "-vfs_read", "+schedule", "+[", "+[a-",
		"=", "+", "-:*", "+:", "+a:", "vmlinux:vfs_*", "+vmlinux:vfs_read", "-*", "+\\",
		"none,,,-vfs_*\t\n+do_*", "+kcov_deferred:*", "=*:vfs_read", "default none",
		"0", "1", "2", "-1", "0x1", "18446744073709551616", "1\n", " 1", "y", "", "\n",
	};
	const char *text = texts[AT(texts, op->y)];

	write_file(p, op->x & 1, text, strlen(text));
}

/* The operations that follow are the bytes, and operations, too. */
void fuzz_raw(struct fuzz_process *p, const struct fuzz_op *op)
{
	const size_t left = (p->input->count - p->at) * sizeof(*op);
	const size_t wanted = op->y & 31;

	write_file(p, op->x, op, wanted < left ? wanted : left);
}

/* Around a page, around the lengths of names and of the list of rules. */
void fuzz_long(struct fuzz_process *p, const struct fuzz_op *op)
{
	static const size_t lengths[] = {
		4095, 4096, 4097, 127, 128, 129, 130, 56, 57, 64, LONG_TEXT, 1000,
	};
	static const char *const words[] = { "+a", "-vfs_read ", "*", "+m:", " ", "\xff", "1" };
	const char *word = words[AT(words, op->y >> 4)];
	const size_t length = lengths[AT(lengths, op->y)];
	char text[LONG_TEXT] = "";

	for (size_t i = 0; i < length; i++)
		text[i] = op->slot & 1 ? word[i % strlen(word)] : i ? 'a' : '+';
	write_file(p, op->x, text, length);
}

/* Old kernels do not seek in files that hold a number. */
void fuzz_read(struct fuzz_process *p, const struct fuzz_op *op)
{
	static const size_t lengths[] = { 1, 0, 7, 4096, 4095, 60000 };
	static const off_t offsets[] = { 0, 0, 1, 4096, 1 << 20, 0x7fffffffffffffff };
	const int fd = open(files[AT(files, op->x)].path, O_RDONLY | O_CLOEXEC);
	const bool is_number = files[AT(files, op->x)].path == files[1].path;
	char text[60000];

	fuzz_expect(p, MAY(0) | MAY(ENOMEM), fd < 0 ? errno : 0);
	if (fd < 0)
		return;
	if (op->slot & 1)
		fuzz_expect(p, MAY(0) | MAY(EINVAL) | (is_number ? MAY(ESPIPE) : 0),
			    lseek(fd, offsets[AT(offsets, op->y >> 4)], SEEK_SET) < 0 ? errno : 0);
	fuzz_expect(p, MAY(0) | MAY(ENOMEM) | MAY(EINVAL) | MAY(EOVERFLOW),
		    read(fd, text, lengths[AT(lengths, op->y)]) < 0 ? errno : 0);
	close(fd);
}

/* Small ones: large areas are real memory. */
void fuzz_parameter(struct fuzz_process *p, const struct fuzz_op *op)
{
	static const char *const names[] = {
		"remote_areas", "softirq_areas", "disarm_delay", "tree_sets", "follow_depth",
		"tree_set_size", "softirq_area_size", "follow", "function_entries", "functions",
	};
	static const char *const values[] = {
		"0", "1", "2", "8", "100", "300", "-1", "4294967296", "x", "", " 3 ", "0x10",
		"Y", "n\n",
	};
	const char *value = values[AT(values, op->y)];
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/kcov/parameters/%s", names[AT(names, op->x)]);
	fuzz_expect(p, MAY(0) | MAY(EINVAL) | MAY(ERANGE) | MAY(EACCES),
		    kcov_write_file(path, value));
}

/* Good sections, and those of a bad driver; none that stays when the writer is gone. */
void fuzz_section(struct fuzz_process *p, const struct fuzz_op *op)
{
	static const char *const lines[] = {
		"dkthread", "dworker", "dwork", "ddelayed", "dtimer", "dtasklet", "dhere",
		"snested", "snested_softirq", "sstart", "sstop", "sstop_kthread", "sstop_softirq",
		"shard", "sinterrupted", "dnowhere", "snothing",
	};
	static const char *const numbers[] = {
		"0x100000000000001", "0x100000000000002", "common", "1", "0", "0x200000000000000",
		"0xffffffffffffffff", "x",
	};
	const char *line = lines[AT(lines, op->x)];
	char text[64];
	int length;

	length = snprintf(text, sizeof(text), "%s %s %u", line + 1, numbers[AT(numbers, op->y)],
			  1U << (op->y >> 5));
	fuzz_expect(p, MAY(0) | MAY(EINVAL) | MAY(ENOENT),
		    kcov_write_bytes(*line == 'd' ? DEFERRED : SECTIONS, text, length));
}
