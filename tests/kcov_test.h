/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the test programs share: the fixture, the ioctls as functions that
 * answer 0 or an errno, tasks to act in, the kernel's symbols, the modules.
 *
 * Only functions named kcov_test_* assert; all others may run in children and
 * threads, where a failed assertion would unwind the wrong stack.
 */
#ifndef KCOV_TEST_H
#define KCOV_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <kcov_ioctl.h>
#include <linux/kcov.h>
#include <sys/ioctl.h>
#include <sys/types.h>

#define KCOV_DEVICE	"/sys/kernel/debug/kcov"
#define KCOV_MOD	"/sys/kernel/debug/kcov_mod"
#define KCOV_INSTANCES	KCOV_MOD "/instances"
#define KCOV_FUNCTIONS	KCOV_MOD "/functions"
#define KCOV_FOLLOW	KCOV_MOD "/follow"
#define KCOV_LOST	KCOV_MOD "/lost"

/* A recorded function entry is the return address of its fentry call. */
#define KCOV_FENTRY	5UL
#define KCOV_ENDBR	4UL

/* Words in the fixture's buffer: whole pages, far more than one call fills. */
#define KCOV_TEST_SIZE	4096UL

#define KCOV_PAGE	4096UL
#define KCOV_PAGE_WORDS	(KCOV_PAGE / sizeof(unsigned long))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* What cmocka_run_group_tests() calls: ours leaves out what KCOV_TEST_SKIP lists. */
#define _cmocka_run_group_tests kcov_test_run

struct kcov_test {
	int fd;
	unsigned long *buffer;	/* NULL while not mapped */
	size_t size;		/* in words; 0 before KCOV_INIT_TRACE */
};

/* Addresses as they are recorded. */
struct kcov_range {
	unsigned long first, behind;
};

/* Records in a module, as distances from its start. */
struct kcov_places {
	size_t count;
	unsigned long at[64];	/* more are not kept */
};

/* A test with a descriptor that is initialised and mapped. */
#define KCOV_TEST(name) cmocka_unit_test_setup_teardown(name, \
		kcov_test_setup_ready, kcov_test_teardown)
/* A test with a descriptor that is only open. */
#define KCOV_TEST_NEW(name) cmocka_unit_test_setup_teardown(name, \
		kcov_test_setup_new, kcov_test_teardown)

int kcov_test_run(const char *group, const struct CMUnitTest *tests, const size_t count,
		  CMFixtureFunction setup, CMFixtureFunction teardown);

int kcov_test_setup_ready(void **state);
int kcov_test_setup_new(void **state);
int kcov_test_teardown(void **state);

/* Descriptors. */
int kcov_open(void);
int kcov_ioctl(int fd, unsigned long request, unsigned long argument);
int kcov_init(int fd, unsigned long size);
int kcov_enable(int fd);
int kcov_disable(int fd);
unsigned long *kcov_map(int fd, size_t size);
void kcov_unmap(unsigned long *buffer, size_t size);
bool kcov_make(struct kcov_test *t, size_t size);
void kcov_release(struct kcov_test *t);

/* Records. */
size_t kcov_count(const struct kcov_test *t);
void kcov_set_count(const struct kcov_test *t, unsigned long count);
ssize_t kcov_trace(const struct kcov_test *t, void (*act)(void *), void *data);
ssize_t kcov_trace_read(const struct kcov_test *t);
void kcov_read_nothing(void *unused);
bool kcov_is_pc(unsigned long word);
bool kcov_in_range(const struct kcov_test *t, size_t count);

/* Tasks to act in: each answers what act() returned, -1 if it did not. */
int kcov_in_child(int (*act)(void *), void *data);
int kcov_in_thread(int (*act)(void *), void *data);
bool kcov_pin(int cpu);
void *kcov_shared(size_t bytes);
bool kcov_wait_for(bool (*condition)(void *), void *data);
int kcov_rounds(void);

/* The kernel's symbols, at the addresses they have without KASLR. */
unsigned long kcov_offset(void);
unsigned long kcov_symbol(const char *name);
const char *kcov_symbol_at(unsigned long pc);
const char *kcov_fdget_pos(void);
const char *kcov_rseq_update(void);
bool kcov_is_entry(unsigned long pc);
bool kcov_enters(const struct kcov_test *t, size_t count, const char *name);
bool kcov_reached(const struct kcov_test *t, size_t count, const char *name);
const unsigned long *kcov_comparison_with(const struct kcov_test *t, unsigned long constant);
bool kcov_module_text(const char *module, struct kcov_range *text);
bool kcov_is_within(const struct kcov_range *text, unsigned long pc);
void kcov_symbols_forget(void);

/* Modules and other files of the kernel. */
int kcov_load_file(const char *path, const char *parameters);
int kcov_load(const char *module);
int kcov_load_with(const char *module, const char *parameters);
int kcov_load_stock(const char *path);
int kcov_unload(const char *module);
bool kcov_is_loaded(const char *module);
bool kcov_find_places(const struct kcov_test *t, size_t count, const char *module,
		      struct kcov_places *places);
bool kcov_same_places(const struct kcov_places *a, const struct kcov_places *b);
bool kcov_is_unused(void *module);
int kcov_write_bytes(const char *path, const void *bytes, size_t count);
int kcov_write_file(const char *path, const char *text);
int kcov_write_number(const char *path, unsigned long number);
int kcov_read_file(const char *path);
long kcov_count_lines(const char *path, bool (*wanted)(const char *line));
long kcov_count_patched(void);
unsigned long kcov_read_number(const char *path, const char *key);

/* Programs. */
int kcov_run(const char *command, char *said, size_t room);

#endif /* KCOV_TEST_H */
