// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages of the program present, so that recording meets no page fault of its own.
 *
 * Not mlockall(): that has all present that is mapped, and sanitizers map terabytes.
 * Here it is the program and its libraries, with the zeroes behind their data, heap
 * and stack, and small memory without a name, such as that of a thread's variables.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <libkcov.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* 512 MiB. A longer file is data: no program is, and reading it in would take its time. */
#define LONGEST		536870912UL
/* 1 MiB. Stacks of threads are longer, and never used as a whole. */
#define LONGEST_NAMELESS 1048576UL

struct mapping {
	unsigned long start, end;
	char rights[5];		/* rwxp */
	char name[16];		/* its beginning */
};

static bool parse(const char *line, struct mapping *mapping)
{
	mapping->name[0] = '\0';
	return sscanf(line, "%lx-%lx %4s %*s %*s %*s %15s", &mapping->start, &mapping->end,
		      mapping->rights, mapping->name) >= 3;
}

static bool is_file(const struct mapping *mapping)
{
	return mapping->name[0] == '/';
}

/* What is zero at first has no place in the file: it lies behind what has. */
static bool is_of_program(const struct mapping *mapping, const struct mapping *before)
{
	const unsigned long size = mapping->end - mapping->start;

	if (mapping->rights[0] != 'r' || size > LONGEST)
		return false;
	if (!mapping->name[0])
		return size <= LONGEST_NAMELESS ||
		       (is_file(before) && before->end == mapping->start);
	return is_file(mapping) || !strcmp(mapping->name, "[heap]") ||
	       !strcmp(mapping->name, "[stack]");
}

/*
 * A page that the program may change is copied now instead of at the first change. Not
 * one that others share: the file would count as changed. What the kernel cannot do, and
 * one before 5.14 can do nothing of this, is a page fault later, as said in the header.
 */
static void populate(const struct mapping *mapping)
{
	const bool is_private = mapping->rights[1] == 'w' && mapping->rights[3] == 'p';

	madvise((void *)mapping->start, mapping->end - mapping->start,
		is_private ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
}

void kcov_settle(void)
{
	const int err = errno;
	FILE *maps = fopen("/proc/self/maps", "re");
	struct mapping mapping, before = { .name = "" };
	char *line = NULL;
	size_t room = 0;

	while (maps && getline(&line, &room, maps) > 0 && parse(line, &mapping)) {
		if (is_of_program(&mapping, &before))
			populate(&mapping);
		before = mapping;
	}
	free(line);
	if (maps)
		fclose(maps);
	errno = err;
}
