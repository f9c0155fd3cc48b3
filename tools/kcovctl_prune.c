// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeping a directory of files that can be made again within bounds.
 */
#define _GNU_SOURCE 1
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kcovctl_prune.h"

/* Nobody writes that long: what is unfinished then was left behind. */
#define UNFINISHED_SECONDS 3600

struct file {
	char *name;
	uint64_t size;
	struct timespec time;
};

struct files {
	struct file *file;
	size_t count;
	uint64_t bytes;
};

static int compare_files(const void *a, const void *b)
{
	const struct timespec *x = &((const struct file *)a)->time;
	const struct timespec *y = &((const struct file *)b)->time;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

static bool add_file(struct files *files, const char *name,
		     const struct stat *status)
{
	struct file *larger = reallocarray(files->file, files->count + 1,
					   sizeof(*larger));

	if (!larger)
		return false;
	files->file = larger;
	larger[files->count] = (struct file){ strdup(name),
		(uint64_t)status->st_size, status->st_mtim };
	if (!larger[files->count].name)
		return false;
	files->count++;
	files->bytes += (uint64_t)status->st_size;
	return true;
}

/* A build id, and behind a dot what makes an unfinished one unique. */
static bool is_ours(const char *name)
{
	size_t digits = strspn(name, "0123456789abcdef");

	return digits >= 8 && (!name[digits] || name[digits] == '.');
}

static void list(struct files *files, DIR *dir)
{
	for (struct dirent *entry; (entry = readdir(dir));) {
		struct stat status;

		if (!is_ours(entry->d_name) ||
		    fstatat(dirfd(dir), entry->d_name, &status,
			    AT_SYMLINK_NOFOLLOW) || !S_ISREG(status.st_mode))
			continue;
		if (strchr(entry->d_name, '.') &&
		    status.st_mtim.tv_sec + UNFINISHED_SECONDS < time(NULL))
			unlinkat(dirfd(dir), entry->d_name, 0);
		else if (!add_file(files, entry->d_name, &status))
			return;
	}
}

void prune_around(const char *path)
{
	char *directory = strdup(path);
	struct files files = { 0 };
	DIR *dir;

	if (!directory)
		return;
	*strrchr(directory, '/') = '\0';
	dir = opendir(directory);
	free(directory);
	if (!dir)
		return;
	list(&files, dir);
	if (files.count)
		qsort(files.file, files.count, sizeof(*files.file),
		      compare_files);
	/* the newest stays, whatever its size */
	for (size_t i = 0; i + 1 < files.count; i++) {
		if (files.bytes <= PRUNE_BYTES && files.count - i <= PRUNE_FILES)
			break;
		unlinkat(dirfd(dir), files.file[i].name, 0);
		files.bytes -= files.file[i].size;
	}
	for (size_t i = 0; i < files.count; i++)
		free(files.file[i].name);
	free(files.file);
	closedir(dir);
}
