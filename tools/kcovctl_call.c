// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words of the command line as a system call: name, arguments, opened file.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl_call.h"

/* What a call whose first parameter is a descriptor does with the second. */
enum buffer {
	BUFFER_NONE,
	BUFFER_TEXT,	/* reads it: text, its length is the third */
	BUFFER_SPACE,	/* fills it: space of ours, its size is the third */
	BUFFER_STRUCT,	/* fills it: space of ours, there is no third */
};

struct fd_call {
	const char *name;
	int flags;
	enum buffer buffer;
};

/* Calls that take a path as first word: it is opened and its fd passed. */
static const struct fd_call fd_calls[] = {
	{ "copy_file_range", O_RDONLY, BUFFER_NONE },
	{ "dup", O_RDONLY, BUFFER_NONE },
	{ "fadvise64", O_RDONLY, BUFFER_NONE },
	{ "fallocate", O_WRONLY, BUFFER_NONE },
	{ "fchdir", O_RDONLY, BUFFER_NONE },
	{ "fchmod", O_RDONLY, BUFFER_NONE },
	{ "fchown", O_RDONLY, BUFFER_NONE },
	{ "fcntl", O_RDONLY, BUFFER_NONE },
	{ "fdatasync", O_RDONLY, BUFFER_NONE },
	{ "fgetxattr", O_RDONLY, BUFFER_NONE },
	{ "flistxattr", O_RDONLY, BUFFER_SPACE },
	{ "flock", O_RDONLY, BUFFER_NONE },
	{ "fremovexattr", O_RDONLY, BUFFER_NONE },
	{ "fsetxattr", O_RDONLY, BUFFER_NONE },
	{ "fstat", O_RDONLY, BUFFER_STRUCT },
	{ "fstatfs", O_RDONLY, BUFFER_STRUCT },
	{ "fsync", O_RDONLY, BUFFER_NONE },
	{ "ftruncate", O_WRONLY, BUFFER_NONE },
	{ "getdents64", O_RDONLY, BUFFER_SPACE },
	{ "ioctl", O_RDWR, BUFFER_NONE },
	{ "lseek", O_RDONLY, BUFFER_NONE },
	{ "mkdirat", O_RDONLY, BUFFER_NONE },
	{ "newfstatat", O_RDONLY, BUFFER_NONE },
	{ "openat", O_RDONLY, BUFFER_NONE },
	{ "pread64", O_RDONLY, BUFFER_SPACE },
	{ "pwrite64", O_WRONLY, BUFFER_TEXT },
	{ "read", O_RDONLY, BUFFER_SPACE },
	{ "readahead", O_RDONLY, BUFFER_NONE },
	{ "sync_file_range", O_RDONLY, BUFFER_NONE },
	{ "syncfs", O_RDONLY, BUFFER_NONE },
	{ "unlinkat", O_RDONLY, BUFFER_NONE },
	{ "write", O_WRONLY, BUFFER_TEXT },
};

/* Calls after which there is nobody left to print, or two on one stack. */
static const char *const refused_calls[] = {
	"clone", "clone3", "execve", "execveat", "exit", "exit_group",
	"rt_sigreturn", "vfork",
};

static const struct fd_call *find_fd_call(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(fd_calls); i++)
		if (!strcmp(fd_calls[i].name, name))
			return &fd_calls[i];
	return NULL;
}

static bool is_refused(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused_calls); i++)
		if (!strcmp(refused_calls[i], name))
			return true;
	return false;
}

/* A number fills one register: from LONG_MIN to ULONG_MAX. */
static bool parse_number(const char *word, unsigned long *value)
{
	char *end;

	errno = 0;
	if (*word == '-')
		*value = (unsigned long)strtol(word, &end, 0);
	else
		*value = strtoul(word, &end, 0);
	return !errno && end != word && !*end;
}

static void set_text(struct call *call, unsigned int i, const char *text)
{
	call->text[i] = text;
	call->arg[i] = (unsigned long)text;
}

static void parse_arguments(struct call *call, char *const *words)
{
	for (unsigned int i = 0; i < call->count; i++)
		if (!parse_number(words[i], &call->arg[i]))
			set_text(call, i, words[i]);
}

/* A device that may only be read still takes most ioctls. */
static int open_for(const char *path, int flags)
{
	int fd = open(path, flags | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 && flags == O_RDWR)
		fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	return fd;
}

/* Behind a path, what a call writes is text even if it looks like a number. */
static void complete_buffer(struct call *call, enum buffer buffer, char *const *words)
{
	static unsigned long space[512];

	if (buffer == BUFFER_TEXT && call->count > 1)
		set_text(call, 1, words[1]);
	if (buffer == BUFFER_TEXT && call->count == 2)
		call->arg[call->count++] = strlen(words[1]);
	if (buffer < BUFFER_SPACE || call->count != 1)
		return;
	call->arg[call->count++] = (unsigned long)space;
	if (buffer == BUFFER_SPACE)
		call->arg[call->count++] = sizeof(space);
}

static enum kcovctl_exit open_path(struct call *call, char *const *words)
{
	const struct fd_call *fd_call = find_fd_call(call->name);
	int fd;

	if (!call->count || *words[0] != '/' || !fd_call)
		return KCOVCTL_OK;
	fd = open_for(words[0], fd_call->flags);
	if (fd < 0) {
		warnx("%s: open for %s: %s", words[0], call->name,
		      error_text(errno));
		return KCOVCTL_FAILED;
	}
	call->path = words[0];
	call->arg[0] = (unsigned long)fd;
	call->text[0] = NULL;
	complete_buffer(call, fd_call->buffer, words);
	return KCOVCTL_OK;
}

/* libseccomp gives calls that x86-64 does not have negative numbers. */
static enum kcovctl_exit resolve(struct call *call,
				 const struct kcovctl_verb *verb)
{
	if (is_refused(call->name))
		return error_usage(verb,
				   "%s does not come back to kcovctl alone, so its trace cannot be shown",
				   call->name);
	call->number = seccomp_syscall_resolve_name(call->name);
	if (call->number < 0)
		return error_usage(verb,
				   "no system call '%s' here ('man 2 syscalls' lists their names)",
				   call->name);
	return KCOVCTL_OK;
}

enum kcovctl_exit call_parse(struct call *call,
			     const struct kcovctl_verb *verb, int argc,
			     char *const *argv)
{
	static char *const simplest[] = { "read", "-1", "0", "0" };
	enum kcovctl_exit code;

	if (!argc) {
		argc = ARRAY_SIZE(simplest);
		argv = simplest;
	}
	if (argc - 1 > CALL_ARGS)
		return error_usage(verb, "a system call takes at most %d arguments",
				   CALL_ARGS);
	memset(call, 0, sizeof(*call));
	call->name = argv[0];
	call->count = (unsigned int)argc - 1;
	code = resolve(call, verb);
	if (code)
		return code;
	parse_arguments(call, argv + 1);
	return open_path(call, argv + 1);
}

static void print_argument(const struct call *call, unsigned int i, FILE *out)
{
	unsigned long value = call->arg[i];

	if (i)
		fputs(", ", out);
	if (call->text[i])
		fprintf(out, "\"%s\"", call->text[i]);
	else if (!i && call->path)
		fprintf(out, "%ld<%s>", (long)value, call->path);
	else if ((long)value >= -4096 && (long)value <= 0xffff)
		fprintf(out, "%ld", (long)value);
	else
		fprintf(out, "0x%lx", value);
}

void call_print(const struct call *call, FILE *out)
{
	fprintf(out, "%s(", call->name);
	for (unsigned int i = 0; i < call->count; i++)
		print_argument(call, i, out);
	fputc(')', out);
}
