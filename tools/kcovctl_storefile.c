// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file of a store: reading and replacing it.
 *
 * A file is read as a whole: who may write to it may also cut it short, and
 * what is mapped would be gone then. It is written under another name first, so
 * that others see the old one or the new one; two who write at once lose what
 * one of them has found, which is found again.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_cache.h"
#include "kcovctl_owner.h"
#include "kcovctl_prune.h"
#include "kcovctl_storefile.h"

#define NAME_ROOM (BUILDID_MAX * 2 + 16)

static uint64_t add(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return sum ^ sum >> 32;
}

uint64_t storefile_sum(const unsigned char *bytes, size_t size)
{
	size_t from = offsetof(struct storefile_header, source_size);
	uint64_t sum = size, word;

	for (; size - from >= sizeof(word); from += sizeof(word)) {
		memcpy(&word, bytes + from, sizeof(word));
		sum = add(sum, word);
	}
	word = 0;
	memcpy(&word, bytes + from, size - from);
	return add(sum, word);
}

/* Sums of 32-bit numbers times small sizes: no overflow. */
static uint64_t size_of(const struct storefile_header *header)
{
	return sizeof(*header) +
	       header->section_count * (uint64_t)sizeof(uint32_t) +
	       header->slot_count * (uint64_t)sizeof(uint32_t) +
	       header->entry_count * (uint64_t)sizeof(struct storefile_entry) +
	       header->frame_count * (uint64_t)sizeof(struct storefile_frame) +
	       header->text_size;
}

static bool is_of(const struct storefile_header *header,
		  const struct buildid *id)
{
	return header->id_length == id->length &&
	       !memcmp(header->id, id->bytes, id->length);
}

static void set_pointers(struct storefile *file)
{
	const unsigned char *next = file->bytes + sizeof(*file->header);

	file->sections = (const uint32_t *)next;
	next += file->header->section_count * sizeof(*file->sections);
	file->slots = (const uint32_t *)next;
	next += file->header->slot_count * sizeof(*file->slots);
	file->entries = (const struct storefile_entry *)next;
	next += file->header->entry_count * sizeof(*file->entries);
	file->frames = (const struct storefile_frame *)next;
	next += file->header->frame_count * sizeof(*file->frames);
	file->texts = (const char *)next;
}

bool storefile_parse(struct storefile *file, unsigned char *bytes, size_t size,
		     const struct buildid *id)
{
	const struct storefile_header *header = (const void *)bytes;

	*file = (struct storefile){ .bytes = bytes, .header = header };
	if (size < sizeof(*header) || header->magic != STOREFILE_MAGIC ||
	    size_of(header) != size || !header->text_size || bytes[size - 1] ||
	    header->source_path >= header->text_size || !is_of(header, id) ||
	    header->slot_count & (header->slot_count - 1) ||
	    storefile_sum(bytes, size) != header->sum)
		return false;
	set_pointers(file);
	return true;
}

void storefile_release(struct storefile *file)
{
	free(file->bytes);
	*file = (struct storefile){ 0 };
}

static bool name_file(const struct buildid *id, char *path, size_t room)
{
	char text[BUILDID_MAX * 2 + 1];
	size_t length;

	if (!cache_path("symbols", path, room - NAME_ROOM))
		return false;
	length = strlen(path);
	buildid_format(id, text);
	snprintf(path + length, room - length, "/%s", text);
	return true;
}

static bool read_whole(int fd, unsigned char *bytes, size_t size)
{
	ssize_t got;

	for (size_t done = 0; done < size; done += (size_t)got) {
		got = read(fd, bytes + done, size - done);
		if (got <= 0)
			return false;
	}
	return true;
}

static unsigned char *read_bytes(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	unsigned char *bytes = NULL;
	struct stat status;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) &&
	    status.st_size > 0 && (uint64_t)status.st_size <= STOREFILE_MAX) {
		*size = (size_t)status.st_size;
		bytes = malloc(*size);
	}
	if (bytes && !read_whole(fd, bytes, *size)) {
		free(bytes);
		bytes = NULL;
	}
	close(fd);
	return bytes;
}

bool storefile_read(struct storefile *file, const struct buildid *id)
{
	unsigned char *bytes = NULL;
	char path[CACHE_PATH];
	size_t size;

	*file = (struct storefile){ 0 };
	if (!name_file(id, path, sizeof(path)))
		return false;
	if (owner_enter(path)) {
		bytes = read_bytes(path, &size);
		owner_leave();
	}
	if (!bytes)
		return false;
	if (storefile_parse(file, bytes, size, id))
		return true;
	storefile_release(file);
	return false;
}

/* All directories up to the last slash. */
static bool make_directories(char *path)
{
	for (char *slash = path; (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		if (mkdir(path, 0755) && errno != EEXIST && access(path, X_OK)) {
			*slash = '/';
			return false;
		}
		*slash = '/';
	}
	return true;
}

static bool write_whole(int fd, const unsigned char *bytes, size_t size)
{
	ssize_t put;

	for (size_t done = 0; done < size; done += (size_t)put) {
		put = write(fd, bytes + done, size - done);
		if (put < 0 && errno == EINTR)
			put = 0;
		if (put < 0)
			return false;
	}
	return true;
}

/* False: errno. A file that was cut by a crash would be seen to be damaged. */
static bool write_file(const char *path, const unsigned char *bytes, size_t size)
{
	char temporary[CACHE_PATH + 16];
	int fd, failure = 0;

	snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return false;
	if (!write_whole(fd, bytes, size))
		failure = errno;
	if (close(fd) && !failure)
		failure = errno;
	if (!failure && rename(temporary, path))
		failure = errno;
	if (failure)
		unlink(temporary);
	errno = failure;
	return !failure;
}

static bool replace(char *path, const unsigned char *bytes, size_t size)
{
	if (!make_directories(path) || !write_file(path, bytes, size))
		return false;
	prune_around(path);
	return true;
}

/* Who has no directory of his own, or none to write to, does without. */
static bool is_worth_a_word(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EIO;
}

void storefile_replace(const struct buildid *id, const unsigned char *bytes,
		       size_t size)
{
	char path[CACHE_PATH];
	int failure = 0;

	if (!name_file(id, path, sizeof(path)) || !owner_enter(path))
		return;
	if (!replace(path, bytes, size))
		failure = errno;
	owner_leave();
	if (is_worth_a_word(failure))
		warnx("%s: %s: the next call has to find all this again", path,
		      error_text(failure));
}
