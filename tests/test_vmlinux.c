// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl vmlinux, of the kernel that runs: what is recorded here is where its copy has
 * callbacks, and it knows whether a file is this kernel's.
 *
 * What it makes of other files, and refuses, is tested on the host: tests/unit.
 */
#include "kcov_vmlinux.h"
#include "kcov_said.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define PLACE		"/tmp/vmlinux"
#define KERNEL		PLACE "/kernel"		/* as the -dbg package has it */
#define COPY		PLACE "/copy"
#define FULL		PLACE "/full"
#define DEBUG		"/usr/lib/debug/boot"
#define CALLBACK	"__sanitizer_cov_trace_pc"

#define MANY		100

static char installed[256], package[256];

static bool ends(int status, const char *arguments, const char *words)
{
	char command[256];

	snprintf(command, sizeof(command), "vmlinux %s", arguments);
	return kcov_ends(status, command, words);
}

/* --- what is recorded ----------------------------------------------------------------------- */

static void open_and_read(void *unused)
{
	char text[4096];
	struct stat status;
	int fd;

	(void)unused;
	stat("/proc/self/maps", &status);
	fd = open("/proc/self/status", O_RDONLY);
	if (read(fd, text, sizeof(text)) > 0)
		lseek(fd, 0, SEEK_SET);
	close(fd);
}

/* The number of records that no call of the callback returns to, of so many. */
static size_t missing(const struct kcov_test *t, size_t count, const char *path, long distance)
{
	struct kcov_vmlinux file;
	size_t without = 0;

	assert_true(kcov_vmlinux_open(&file, path));
	for (size_t i = 1; i <= count; i++)
		without += !kcov_vmlinux_returns_to(&file, t->buffer[i] + distance, CALLBACK);
	kcov_vmlinux_close(&file);
	return without;
}

static void records_of_a_read_are_behind_callbacks(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = kcov_trace_read(t);

	assert_true(count > 0 && kcov_in_range(t, count));
	assert_int_equal(missing(t, count, COPY, 0), 0);
}

static void records_of_several_calls_are_behind_callbacks(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = kcov_trace(t, open_and_read, NULL);

	assert_true(count > MANY && kcov_in_range(t, count));
	assert_int_equal(missing(t, count, COPY, 0), 0);
}

/* The control: neither before there were callbacks, nor beside them. */
static void other_addresses_are_behind_none(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = kcov_trace_read(t);

	assert_true(count > 0);
	assert_int_equal(missing(t, count, KERNEL, 0), count);
	assert_int_equal(missing(t, count, COPY, 1), count);
	assert_int_equal(missing(t, count, COPY, -1), count);
}

/* Of those that the kernel itself calls, none is left out, and none is another function's. */
static void callbacks_are_as_many_as_calls_of_fentry(void **state)
{
	struct kcov_vmlinux kernel, copy;
	size_t calls, callbacks;
	char words[64];

	(void)state;
	assert_true(kcov_vmlinux_open(&kernel, KERNEL) && kcov_vmlinux_open(&copy, COPY));
	calls = kcov_vmlinux_calls(&kernel, "__fentry__");
	callbacks = kcov_vmlinux_calls(&copy, CALLBACK);
	assert_int_equal(kcov_vmlinux_symbol(&copy, CALLBACK), kcov_symbol("__fentry__"));
	kcov_vmlinux_close(&kernel);
	kcov_vmlinux_close(&copy);
	assert_true(calls > 0);
	assert_int_equal(callbacks, calls);
	snprintf(words, sizeof(words), "%zu functions call __fentry__ in .text", calls);
	assert_true(ends(0, "-f -o " COPY " " KERNEL, words));
}

/* --- whose it is ----------------------------------------------------------------------------- */

static void without_one_the_package_is_named(void **state)
{
	(void)state;
	assert_true(ends(1, "-o " PLACE "/other", package));
	assert_int_equal(access(PLACE "/other", F_OK), -1);
}

static void installed_one_is_found(void **state)
{
	(void)state;
	assert_int_equal(symlink(KERNEL, installed), 0);
	assert_true(ends(0, "-o " PLACE "/other", "that of the running kernel"));
	assert_non_null(strstr(kcov_said, installed));
	assert_null(strstr(kcov_said, "wrong places"));
	assert_int_equal(kcov_shell("cmp " COPY " " PLACE "/other"), 0);
}

/* Of the same release, and of another build: the kernel's notes are in no other place. */
static bool change_id(struct kcov_vmlinux *file)
{
	static const char header[] = "\4\0\0\0\24\0\0\0\3\0\0\0GNU";
	char notes[4096];
	const int fd = open("/sys/kernel/notes", O_RDONLY | O_CLOEXEC);
	const ssize_t length = read(fd, notes, sizeof(notes));
	const char *id;
	unsigned char *place;

	close(fd);
	id = length > 0 ? memmem(notes, length, header, sizeof(header)) : NULL;
	place = id ? memmem(file->bytes, file->length, notes, length) : NULL;
	if (!place)
		return false;
	place[id - notes + sizeof(header)] ^= 1;
	return true;
}

static bool make_rebuilt(void)
{
	struct kcov_vmlinux file;
	FILE *out = fopen(PLACE "/rebuilt", "we");
	bool made;

	if (!out)
		return false;
	made = kcov_vmlinux_open(&file, KERNEL) && change_id(&file) &&
	       fwrite(file.bytes, 1, file.length, out) == file.length;
	kcov_vmlinux_close(&file);
	return !fclose(out) && made;
}

static void one_of_another_build_is_told_and_not_found(void **state)
{
	(void)state;
	assert_true(make_rebuilt());
	assert_true(ends(0, "-o " PLACE "/other " PLACE "/rebuilt",
			 "not that of the running kernel"));
	assert_non_null(strstr(kcov_said, "wrong places"));
	unlink(PLACE "/other");
	assert_int_equal(symlink(PLACE "/rebuilt", installed), 0);
	assert_true(ends(1, "-o " PLACE "/other", package));
}

static void what_was_booted_is_refused(void **state)
{
	(void)state;
	assert_true(ends(1, "-o " PLACE "/other " KCOV_STRIPPED, "no table of symbols"));
	assert_non_null(strstr(kcov_said, "linux-image-RELEASE-dbg"));
	assert_int_equal(access(PLACE "/other", F_OK), -1);
}

/* --- an end that comes too early ---------------------------------------------------------- */

static void full_disk_leaves_nothing(void **state)
{
	(void)state;
	assert_int_equal(mount("kcov", FULL, "tmpfs", 0, "size=8m"), 0);
	assert_true(ends(1, "-o " FULL "/vmlinux " KERNEL, "ENOSPC"));
	assert_int_equal(kcov_shell("ls -A " FULL), 0);
	assert_string_equal(kcov_said, "");
}

static bool has_a_file(void)
{
	return kcov_shell("ls -A " FULL " | grep -q .") == 0;
}

/* From one end of a system call to the next. */
static bool go_on(pid_t pid)
{
	int status;

	return !ptrace(PTRACE_SYSCALL, pid, NULL, NULL) && waitpid(pid, &status, 0) == pid &&
	       WIFSTOPPED(status);
}

/* Stopped where it has made its file, and has not written to it yet; or -1. */
static pid_t begin_to_copy(void)
{
	const pid_t child = fork();
	int status;

	if (!child) {
		signal(SIGINT, SIG_DFL);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execlp("kcovctl", "kcovctl", "vmlinux", "-o", FULL "/vmlinux", KERNEL, NULL);
		_exit(127);
	}
	if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
		return -1;
	while (!has_a_file()) {
		if (!go_on(child))
			return -1;
	}
	return child;
}

static void interrupted_copy_leaves_nothing(void **state)
{
	pid_t child;
	int status;

	(void)state;
	child = begin_to_copy();
	assert_true(child > 0);
	kill(child, SIGINT);
	assert_int_equal(ptrace(PTRACE_DETACH, child, NULL, NULL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	assert_false(has_a_file());
}

/* --- fixture -------------------------------------------------------------------------------- */

static int clean(void **state)
{
	(void)state;
	umount(FULL);
	unlink(installed);
	unlink(PLACE "/other");
	unlink(PLACE "/rebuilt");
	unlink(FULL "/vmlinux");
	return 0;
}

static int clean_and_release(void **state)
{
	return clean(NULL) || kcov_test_teardown(state) ? -1 : 0;
}

static int start(void **state)
{
	struct utsname kernel;

	(void)state;
	uname(&kernel);
	snprintf(installed, sizeof(installed), DEBUG "/vmlinux-%s", kernel.release);
	snprintf(package, sizeof(package), "apt-get install linux-image-%s-dbg", kernel.release);
	if (kcov_shell("mkdir -p " FULL " " DEBUG) ||
	    !kcov_vmlinux_make(KERNEL))
		return -1;
	return ends(0, "-o " COPY " " KERNEL, "that of the running kernel") ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	return kcov_shell("rm -r " PLACE " /usr/lib/debug") ? -1 : 0;
}

#define RECORDING(name) cmocka_unit_test_setup_teardown(name, kcov_test_setup_ready, \
		clean_and_release)
#define FILES(name) cmocka_unit_test_teardown(name, clean)

int main(void)
{
	const struct CMUnitTest vmlinux[] = {
		RECORDING(records_of_a_read_are_behind_callbacks),
		RECORDING(records_of_several_calls_are_behind_callbacks),
		RECORDING(other_addresses_are_behind_none),
		FILES(callbacks_are_as_many_as_calls_of_fentry),
		FILES(without_one_the_package_is_named),
		FILES(installed_one_is_found),
		FILES(one_of_another_build_is_told_and_not_found),
		FILES(what_was_booted_is_refused),
		FILES(full_disk_leaves_nothing),
		FILES(interrupted_copy_leaves_nothing),
	};

	return cmocka_run_group_tests(vmlinux, start, stop) != 0;
}
