// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tests of the distribution's modules share: the module with callbacks in the place of
 * the stock one and back, images that are mounted, and what is recorded in a function.
 */
#include "kcov_instrumented.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_WORDS	4
#define ID_BYTES	256

/* --- the module ------------------------------------------------------------------------------ */

static size_t read_id(const char *module, char *id, size_t room)
{
	char path[PATH_MAX];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/sys/module/%s/notes/.note.gnu.build-id", module);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	length = read(fd, id, room);
	close(fd);
	return length > 0 ? length : 0;
}

static bool file_has(const char *path, const char *bytes, size_t length)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;
	void *file;
	bool has;

	if (fd < 0 || fstat(fd, &stat))
		return false;
	file = mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (file == MAP_FAILED)
		return false;
	has = memmem(file, stat.st_size, bytes, length);
	munmap(file, stat.st_size);
	return has;
}

/* A loaded module's note is a part of the file it was loaded from. */
bool kcov_is_swapped(const char *module)
{
	char path[PATH_MAX], id[ID_BYTES];
	const size_t length = read_id(module, id, sizeof(id));

	snprintf(path, sizeof(path), KCOV_INSTRUMENTED "/%s.ko", module);
	return length && file_has(path, id, length);
}

/* False, with what it said, if a command fails. */
static bool run(const char *format, const char *module)
{
	char command[128], said[1024];
	int status;

	snprintf(command, sizeof(command), format, module);
	status = kcov_run(command, said, sizeof(said));
	if (status)
		print_error("%s: status %d: %s\n", command, status, said);
	kcov_symbols_forget();
	return !status;
}

/* The stock one is there before, so that it is one that is swapped. */
bool kcov_swap_in(const char *module)
{
	return kcov_is_swapped(module) ||
	       (run("modprobe %s 2>&1", module) &&
		run("kcovctl load -d " KCOV_INSTRUMENTED " %s 2>&1", module) &&
		kcov_is_swapped(module));
}

bool kcov_swap_back(const char *module)
{
	return (!kcov_is_swapped(module) || run("kcovctl unload %s 2>&1", module)) &&
	       run("modprobe %s 2>&1", module) && !kcov_is_swapped(module);
}

/* --- images ---------------------------------------------------------------------------------- */

static int open_free_loop(char *path, size_t room)
{
	const int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	const int number = ioctl(control, LOOP_CTL_GET_FREE);

	close(control);
	if (number < 0)
		return -1;
	snprintf(path, room, "/dev/loop%d", number);
	return open(path, O_RDWR | O_CLOEXEC);
}

int kcov_mount_image(const char *image, const char *place, const char *type,
		     unsigned long flags, const char *options)
{
	const int file = open(image, (flags & MS_RDONLY ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	const struct loop_config config = { .fd = file, .info.lo_flags = LO_FLAGS_AUTOCLEAR };
	char path[32];
	const int loop = open_free_loop(path, sizeof(path));
	const int err = file < 0 || loop < 0 || ioctl(loop, LOOP_CONFIGURE, &config) ||
			mount(path, place, type, flags, options) ? errno : 0;

	close(loop);
	close(file);
	return err;
}

/* --- files ----------------------------------------------------------------------------------- */

static struct {
	char *text;
	size_t length, room;
} description;

/* FNV-1a, of a file or a link's target. */
static uint64_t sum_bytes(uint64_t sum, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sum = (sum ^ (unsigned char)bytes[i]) * 0x100000001b3ULL;
	return sum;
}

/* False for one that cannot be read to its end. */
static bool sum_file(const char *path, uint64_t *sum)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	char bytes[4096];
	ssize_t count;

	if (fd < 0)
		return false;
	while ((count = read(fd, bytes, sizeof(bytes))) > 0)
		*sum = sum_bytes(*sum, bytes, count);
	close(fd);
	return count == 0;
}

static bool sum_link(const char *path, uint64_t *sum)
{
	char target[PATH_MAX];
	const ssize_t length = readlink(path, target, sizeof(target));

	if (length < 0)
		return false;
	*sum = sum_bytes(*sum, target, length);
	return true;
}

static int describe_one(const char *path, const struct stat *stat, int type, struct FTW *where)
{
	uint64_t sum = 0xcbf29ce484222325ULL;

	if ((type == FTW_F && !sum_file(path, &sum)) || (type == FTW_SL && !sum_link(path, &sum)) ||
	    type == FTW_DNR || type == FTW_NS)
		return -1;
	description.length += snprintf(description.text + description.length,
				       description.room - description.length,
				       "%d %s %o %lld %016llx\n", where->level,
				       where->level ? path + where->base : ".", stat->st_mode,
				       type == FTW_F ? (long long)stat->st_size : 0,
				       (unsigned long long)sum);
	return description.length < description.room ? 0 : -1;
}

bool kcov_describe(const char *directory, char *text, size_t room)
{
	text[0] = '\0';
	description.text = text;
	description.length = 0;
	description.room = room;
	return !nftw(directory, describe_one, 16, FTW_PHYS);
}

/* --- records --------------------------------------------------------------------------------- */

ssize_t kcov_record(const struct kcov_test *t, unsigned long mode, struct kcov_call *call)
{
	size_t count;

	if (kcov_ioctl(t->fd, KCOV_ENABLE, mode))
		return -1;
	kcov_set_count(t, 0);
	call->result = call->act(call->data);
	count = kcov_count(t);
	return kcov_disable(t->fd) ? -1 : (ssize_t)count;
}

static int by_value(const void *left, const void *right)
{
	const unsigned long a = *(unsigned long *)left, b = *(unsigned long *)right;

	return (a > b) - (a < b);
}

static size_t count_distinct(unsigned long *pcs, size_t count)
{
	size_t distinct = 0;

	qsort(pcs, count, sizeof(*pcs), by_value);
	for (size_t i = 0; i < count; i++)
		distinct += i == 0 || pcs[i] != pcs[i - 1];
	return distinct;
}

size_t kcov_blocks(const struct kcov_test *t, size_t count, const char *function)
{
	unsigned long *pcs = calloc(count + 1, sizeof(*pcs));
	size_t found = 0;

	for (size_t i = 1; pcs && i <= count && i < t->size; i++)
		if (!kcov_is_entry(t->buffer[i]) &&
		    !strcmp(kcov_symbol_at(t->buffer[i]), function))
			pcs[found++] = t->buffer[i];
	found = count_distinct(pcs, found);
	free(pcs);
	return found;
}

static size_t count_within(const struct kcov_test *t, size_t count, const char *module,
			   bool entries)
{
	struct kcov_range text;
	size_t found = 0;

	if (!kcov_module_text(module, &text))
		return 0;
	for (size_t i = 1; i <= count && i < t->size; i++)
		found += kcov_is_within(&text, t->buffer[i]) &&
			 kcov_is_entry(t->buffer[i]) == entries;
	return found;
}

size_t kcov_entries_within(const struct kcov_test *t, size_t count, const char *module)
{
	return count_within(t, count, module, /*entries=*/true);
}

size_t kcov_blocks_within(const struct kcov_test *t, size_t count, const char *module)
{
	return count_within(t, count, module, /*entries=*/false);
}

/* A comparison with a constant has that as its first operand. */
bool kcov_compared(const struct kcov_test *t, size_t count, const char *function,
		   unsigned long constant, unsigned long value)
{
	for (size_t i = 0; i < count && RECORD_WORDS * (i + 1) < t->size; i++) {
		const unsigned long *record = &t->buffer[1 + RECORD_WORDS * i];

		if (record[0] & KCOV_CMP_CONST && record[1] == constant && record[2] == value &&
		    !strcmp(kcov_symbol_at(record[3]), function))
			return true;
	}
	return false;
}
