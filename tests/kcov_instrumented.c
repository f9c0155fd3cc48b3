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

struct bytes {
	const char *at;
	size_t count;
};

/* Nothing if there is no such file. */
static struct bytes map_file(const char *module)
{
	struct bytes file = { NULL, 0 };
	char path[PATH_MAX];
	struct stat stat;
	void *memory;
	int fd;

	snprintf(path, sizeof(path), KCOV_INSTRUMENTED "/%s.ko", module);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return file;
	memory = fstat(fd, &stat) ? MAP_FAILED :
		 mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (memory != MAP_FAILED)
		file = (struct bytes){ memory, stat.st_size };
	close(fd);
	return file;
}

static void unmap_file(struct bytes file)
{
	if (file.count)
		munmap((void *)file.at, file.count);
}

/* What a file calls x-y is loaded as x_y. */
static void loaded_name(const char *module, char *name, size_t room)
{
	snprintf(name, room, "%s", module);
	for (char *at = name; (at = strchr(at, '-')); )
		*at = '_';
}

static size_t read_id(const char *module, char *id, size_t room)
{
	char path[PATH_MAX], name[64];
	ssize_t length;
	int fd;

	loaded_name(module, name, sizeof(name));
	snprintf(path, sizeof(path), "/sys/module/%s/notes/.note.gnu.build-id", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	length = read(fd, id, room);
	close(fd);
	return length > 0 ? length : 0;
}

/* A loaded module's note is a part of the file it was loaded from. */
bool kcov_is_swapped(const char *module)
{
	const struct bytes file = map_file(module);
	char id[ID_BYTES];
	const size_t length = read_id(module, id, sizeof(id));
	const bool has = length && memmem(file.at, file.count, id, length);

	unmap_file(file);
	return has;
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

/*
 * What the file says that it needs: "depends=", and names with commas between them. Whoever tests
 * has kcov.ko loaded, or wants to see what happens without.
 */
static int load_needed(const char *module)
{
	static const char key[] = "\0depends=";
	const struct bytes file = map_file(module);
	const char *found = memmem(file.at, file.count, key, sizeof(key) - 1);
	char list[256] = "", *rest;
	int err = file.count ? 0 : ENOENT;

	if (found)
		snprintf(list, sizeof(list), "%s", found + sizeof(key) - 1);
	unmap_file(file);
	for (char *name = strtok_r(list, ",", &rest); name && !err;
	     name = strtok_r(NULL, ",", &rest))
		err = strcmp(name, "kcov") && !run("modprobe %s 2>&1", name) ? ENOENT : 0;
	return err;
}

/* The runner's table knows by this who uses what. */
static void say_swapped(const char *module)
{
	printf("with callbacks: %s\n", module);
	fflush(stdout);
}

int kcov_insert(const char *module)
{
	char path[PATH_MAX];
	const int err = load_needed(module);

	if (err)
		return err;
	say_swapped(module);
	snprintf(path, sizeof(path), KCOV_INSTRUMENTED "/%s.ko", module);
	return kcov_load_file(path, "");
}

int kcov_swap_out(const char *module)
{
	char name[64];

	loaded_name(module, name, sizeof(name));
	return kcov_is_loaded(name) ? kcov_unload(name) : 0;
}

/* The stock one is there before, if there is one, so that it is one that is swapped. */
int kcov_swap_in(const char *module)
{
	char said[256], command[128];

	if (kcov_is_swapped(module))
		return 0;
	say_swapped(module);
	snprintf(command, sizeof(command), "modprobe %s 2>&1", module);
	kcov_run(command, said, sizeof(said));
	return run("kcovctl load -d " KCOV_INSTRUMENTED " %s 2>&1", module) &&
	       kcov_is_swapped(module) ? 0 : ENOENT;
}

int kcov_swap_back(const char *module)
{
	return (!kcov_is_swapped(module) || run("kcovctl unload %s 2>&1", module)) &&
	       run("modprobe %s 2>&1", module) && !kcov_is_swapped(module) ? 0 : ENOENT;
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

/* A part that the compiler has moved away begins with a callback, a function with its entry. */
static bool is_entry(unsigned long pc)
{
	return kcov_is_entry(pc) && !strstr(kcov_symbol_at(pc), ".cold");
}

size_t kcov_blocks(const struct kcov_test *t, size_t count, const char *function)
{
	unsigned long *pcs = calloc(count + 1, sizeof(*pcs));
	size_t found = 0;

	for (size_t i = 1; pcs && i <= count && i < t->size; i++)
		if (!is_entry(t->buffer[i]) &&
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
			 is_entry(t->buffer[i]) == entries;
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
