// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the test programs share: the fixture, the ioctls as functions that
 * answer 0 or an errno, tasks to act in, the modules and the kernel's files.
 */
#include "kcov_mark.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * What user space sees of kernel and module text lies in [first, last); that of
 * user-mode Linux begins at its program and ends below the libraries.
 */
#define PC_FIRST	0xffffffff80000000UL
#define PC_LAST		0xffffffffff000000UL
#define PC_FIRST_OF_UML	0x60000000UL
#define PC_LAST_OF_UML	0x700000000000UL

/* A condition that is still false after this long will stay so. */
#define WAIT_SECONDS	30

/* Only there is a file that tells the kernel how to exit. */
static bool is_uml;

/* Whether the word stands in the list, or the list is "*". */
static bool is_listed(const char *list, const char *word)
{
	const size_t length = strlen(word);

	if (!strcmp(list, "*"))
		return true;
	for (const char *at = list; (at = strstr(at, word)); at += length)
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return true;
	return false;
}

#undef _cmocka_run_group_tests

/*
 * Runs a group without the tests that KCOV_TEST_SKIP lists, and names those. If it lists
 * all, nothing of the program runs: its set-up may need what is not there.
 */
int kcov_test_run(const char *group, const struct CMUnitTest *tests, const size_t count,
		  CMFixtureFunction setup, CMFixtureFunction teardown)
{
	const char *list = getenv("KCOV_TEST_SKIP");
	struct CMUnitTest wanted[count];
	size_t left = 0;

	is_uml = !access("/proc/exitcode", F_OK);
	/* before it has threads, and before anything is recorded */
	kcov_called();
	for (size_t i = 0; i < count; i++) {
		if (list && is_listed(list, tests[i].name))
			printf("not run - %s\n", tests[i].name);
		else
			wanted[left++] = tests[i];
	}
	if (!left)
		printf("1..0\n");
	fflush(stdout);
	return left ? _cmocka_run_group_tests(group, wanted, left, setup, teardown) : 0;
}

int kcov_test_setup_ready(void **state)
{
	static struct kcov_test test;

	if (!kcov_make(&test, KCOV_TEST_SIZE)) {
		print_error("%s: %s\n", KCOV_DEVICE, strerror(errno));
		return -1;
	}
	*state = &test;
	return 0;
}

int kcov_test_setup_new(void **state)
{
	static struct kcov_test test;

	test = (struct kcov_test){ .fd = kcov_open() };
	if (test.fd < 0) {
		print_error("%s: %s\n", KCOV_DEVICE, strerror(errno));
		return -1;
	}
	*state = &test;
	return 0;
}

int kcov_test_teardown(void **state)
{
	kcov_release(*state);
	return 0;
}

int kcov_open(void)
{
	return open(KCOV_DEVICE, O_RDWR | O_CLOEXEC);
}

int kcov_ioctl(int fd, unsigned long request, unsigned long argument)
{
	return ioctl(fd, request, argument) ? errno : 0;
}

int kcov_init(int fd, unsigned long size)
{
	return kcov_ioctl(fd, KCOV_INIT_TRACE, size);
}

int kcov_enable(int fd)
{
	return kcov_ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC);
}

int kcov_disable(int fd)
{
	return kcov_ioctl(fd, KCOV_DISABLE, 0);
}

/* NULL and errno where mmap() would answer MAP_FAILED. */
unsigned long *kcov_map(int fd, size_t size)
{
	void *buffer = mmap(NULL, size * sizeof(unsigned long),
			    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return buffer == MAP_FAILED ? NULL : buffer;
}

void kcov_unmap(unsigned long *buffer, size_t size)
{
	munmap(buffer, size * sizeof(*buffer));
}

/* Opens, initialises and maps; on failure errno says why. */
bool kcov_make(struct kcov_test *t, size_t size)
{
	*t = (struct kcov_test){ .fd = kcov_open() };
	if (t->fd < 0)
		return false;
	errno = kcov_init(t->fd, size);
	if (!errno) {
		t->size = size;
		t->buffer = kcov_map(t->fd, size);
	}
	if (t->buffer)
		return true;
	close(t->fd);
	return false;
}

/* Leaves the calling thread with nothing enabled, whatever the test did. */
void kcov_release(struct kcov_test *t)
{
	kcov_disable(t->fd);
	if (t->buffer)
		kcov_unmap(t->buffer, t->size);
	close(t->fd);
}

size_t kcov_count(const struct kcov_test *t)
{
	return __atomic_load_n(&t->buffer[0], __ATOMIC_RELAXED);
}

void kcov_set_count(const struct kcov_test *t, unsigned long count)
{
	__atomic_store_n(&t->buffer[0], count, __ATOMIC_RELAXED);
}

/*
 * Leaves the records of act() alone, and answers how many; -1 if an ioctl fails. It runs twice,
 * so that the page faults of a first call are not among them.
 */
ssize_t kcov_trace(const struct kcov_test *t, void (*act)(void *), void *data)
{
	size_t count = 0;

	for (int pass = 0; pass < 2; pass++) {
		if (kcov_enable(t->fd))
			return -1;
		kcov_set_count(t, 0);
		act(data);
		count = kcov_count(t);
		if (kcov_disable(t->fd))
			return -1;
	}
	kcov_set_count(t, count);
	return count;
}

ssize_t kcov_trace_read(const struct kcov_test *t)
{
	return kcov_trace(t, kcov_read_nothing, NULL);
}

/* A call that fails at once; where only modules are covered, of one of those. */
void kcov_read_nothing(void *unused)
{
	(void)unused;
	syscall(SYS_read, kcov_called(), NULL, 0);
}

bool kcov_is_pc(unsigned long word)
{
	if (is_uml)
		return word >= PC_FIRST_OF_UML && word < PC_LAST_OF_UML;
	return word >= PC_FIRST && word < PC_LAST;
}

bool kcov_in_range(const struct kcov_test *t, size_t count)
{
	for (size_t i = 1; i <= count && i < t->size; i++)
		if (!kcov_is_pc(t->buffer[i]))
			return false;
	return true;
}

int kcov_in_child(int (*act)(void *), void *data)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(act(data));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

struct thread_call {
	int (*act)(void *data);
	void *data;
	int result;
};

static void *run_call(void *data)
{
	struct thread_call *call = data;

	call->result = call->act(call->data);
	return NULL;
}

int kcov_in_thread(int (*act)(void *), void *data)
{
	struct thread_call call = { act, data, -1 };
	pthread_t thread;

	if (pthread_create(&thread, NULL, run_call, &call))
		return -1;
	pthread_join(thread, NULL);
	return call.result;
}

/* The calling thread runs on this CPU only; on any for -1. */
bool kcov_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (cpu < 0 || i == cpu)
			CPU_SET(i, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

/* Zeroed memory that this process and its children see alike. */
void *kcov_shared(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* Whether the condition came true in time. */
bool kcov_wait_for(bool (*condition)(void *), void *data)
{
	const struct timespec tick = { .tv_nsec = 1000000 };
	struct timespec now, end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += WAIT_SECONDS;
	while (!condition(data)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > end.tv_sec)
			return false;
		nanosleep(&tick, NULL);
	}
	return true;
}

/* How often what depends on luck is repeated: make check ROUNDS= says. */
int kcov_rounds(void)
{
	const char *rounds = getenv("KCOV_ROUNDS");

	return rounds && atoi(rounds) > 0 ? atoi(rounds) : 20;
}

int kcov_load_file(const char *path, const char *parameters)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	int result;

	if (fd < 0)
		return errno;
	result = syscall(SYS_finit_module, fd, parameters, 0) ? errno : 0;
	close(fd);
	kcov_symbols_forget();
	return result;
}

/* Module files lie where the runner says, else where the VM has them. */
int kcov_load_with(const char *module, const char *parameters)
{
	const char *directory = getenv("KCOV_KO_DIR");
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s.ko", directory ? directory : "/kcov", module);
	return kcov_load_file(path, parameters);
}

int kcov_load(const char *module)
{
	return kcov_load_with(module, "");
}

/* A module of the running kernel that needs no other, by its path below kernel/. */
int kcov_load_stock(const char *path)
{
	char whole[PATH_MAX];
	struct utsname kernel;

	uname(&kernel);
	snprintf(whole, sizeof(whole), "/lib/modules/%s/kernel/%s", kernel.release, path);
	return kcov_load_file(whole, "");
}

int kcov_unload(const char *module)
{
	kcov_symbols_forget();
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? errno : 0;
}

bool kcov_is_loaded(const char *module)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", module);
	return !access(path, F_OK);
}

/* False if the module is not loaded. */
bool kcov_find_places(const struct kcov_test *t, size_t count, const char *module,
		      struct kcov_places *places)
{
	struct kcov_range text;

	places->count = 0;
	if (!kcov_module_text(module, &text))
		return false;
	for (size_t i = 1; i <= count && places->count < ARRAY_SIZE(places->at); i++)
		if (kcov_is_within(&text, t->buffer[i]))
			places->at[places->count++] = t->buffer[i] - text.first;
	return true;
}

bool kcov_same_places(const struct kcov_places *a, const struct kcov_places *b)
{
	return a->count == b->count && !memcmp(a->at, b->at, a->count * sizeof(a->at[0]));
}

bool kcov_is_unused(void *module)
{
	/* The driver that is called all the time uses kcov.ko. */
	const unsigned long users = kcov_called() >= 0 && !strcmp(module, "kcov");
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", (const char *)module);
	return kcov_read_number(path, "") == users;
}

/* In one call of write(). */
int kcov_write_bytes(const char *path, const void *bytes, size_t count)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int result = 0;

	if (fd < 0)
		return errno;
	if (write(fd, bytes, count) < 0)
		result = errno;
	close(fd);
	return result;
}

int kcov_write_file(const char *path, const char *text)
{
	return kcov_write_bytes(path, text, strlen(text));
}

int kcov_write_number(const char *path, unsigned long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lu", number);
	return kcov_write_file(path, text);
}

/* What reading a file, its first 64 KiB at most, answers; what it holds does not matter. */
int kcov_read_file(const char *path)
{
	static _Thread_local char text[1 << 16];
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;

	const int err = read(fd, text, sizeof(text)) < 0 ? errno : 0;

	close(fd);
	return err;
}

/* The wanted lines of a file, -1 if it cannot be read. */
long kcov_count_lines(const char *path, bool (*wanted)(const char *line))
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	long count = 0;

	if (!file)
		return -1;
	while (getline(&line, &room, file) > 0)
		count += wanted(line);
	free(line);
	fclose(file);
	return count;
}

/* The number behind the key that starts a line; ULONG_MAX if there is none. */
unsigned long kcov_read_number(const char *path, const char *key)
{
	unsigned long number = ULONG_MAX;
	FILE *file = fopen(path, "re");
	char line[256];

	if (!file)
		return ULONG_MAX;
	while (number == ULONG_MAX && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			number = strtoul(line + strlen(key), NULL, 10);
	fclose(file);
	return number;
}

static bool is_any(const char *line)
{
	(void)line;
	return true;
}

/* Functions that ftrace has patched, for whomever. */
long kcov_count_patched(void)
{
	return kcov_count_lines("/sys/kernel/tracing/enabled_functions", is_any);
}

/* The exit status of a shell's command, -1 if it has none; and what it wrote. */
int kcov_run(const char *command, char *said, size_t room)
{
	FILE *output = popen(command, "re");
	int status;

	said[0] = '\0';
	if (!output)
		return -1;
	said[fread(said, 1, room - 1, output)] = '\0';
	status = pclose(output);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
