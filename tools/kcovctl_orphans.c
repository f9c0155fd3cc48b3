// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a command has left behind: our descendants, as /proc has them.
 */
#define _GNU_SOURCE 1
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl_orphans.h"

struct process {
	pid_t pid, parent;
	char state;
	bool ours;
};

struct processes {
	struct process *process;
	size_t count;
};

/* PID (COMM) STATE PPID: a name may hold anything, a parenthesis, too. */
static bool read_process(const char *name, struct process *process)
{
	char path[64], text[512] = "";
	const char *rest;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", name);
	file = fopen(path, "re");
	if (!file)
		return false;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	rest = strrchr(text, ')');
	process->ours = false;
	process->pid = atoi(name);
	return rest && sscanf(rest, ") %c %d", &process->state,
			      &process->parent) == 2;
}

static void add(struct processes *all, const struct process *process)
{
	struct process *more = reallocarray(all->process, all->count + 1,
					    sizeof(*more));

	if (!more)
		return;
	all->process = more;
	all->process[all->count++] = *process;
}

static struct processes read_processes(void)
{
	struct processes all = { 0 };
	struct process process;
	DIR *dir = opendir("/proc");

	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (strspn(entry->d_name, "0123456789") ==
		    strlen(entry->d_name) &&
		    read_process(entry->d_name, &process))
			add(&all, &process);
	if (dir)
		closedir(dir);
	return all;
}

static int compare(const void *left, const void *right)
{
	const struct process *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static bool is_parent_ours(const struct processes *all, pid_t parent)
{
	const struct process wanted = { .pid = parent };
	const struct process *found = bsearch(&wanted, all->process, all->count,
					      sizeof(wanted), compare);

	return found ? found->ours : parent == getpid();
}

static bool adopt(struct processes *all)
{
	bool more = false;

	for (size_t i = 0; i < all->count; i++) {
		struct process *process = &all->process[i];

		if (process->ours || (process->pid != getpid() &&
				      !is_parent_ours(all, process->parent)))
			continue;
		process->ours = true;
		more = true;
	}
	return more;
}

size_t orphans_count(void)
{
	struct processes all = read_processes();
	size_t count = 0;

	if (all.count)
		qsort(all.process, all.count, sizeof(*all.process), compare);
	while (adopt(&all))
		;
	for (size_t i = 0; i < all.count; i++)
		count += all.process[i].ours && all.process[i].pid != getpid() &&
			 all.process[i].state != 'Z' && all.process[i].state != 'X';
	free(all.process);
	return count;
}
