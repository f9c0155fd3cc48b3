/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of kcovctl run share: commands that it runs, and running it.
 *
 * A command is the program of the group run with a word: each makes a system call that no
 * other makes, whose function tells whose records are there.
 */
#ifndef KCOV_COMMAND_H
#define KCOV_COMMAND_H

#include "kcov_said.h"

#define KCOV_COMMAND		"/tests/test_run"

/* Where the tests put their files; it is there in each of them. */
#define KCOV_COMMAND_DIRECTORY	"/tmp/run"
#define KCOV_COMMAND_HERE	KCOV_COMMAND_DIRECTORY "/here"
#define KCOV_COMMAND_TOLD	KCOV_COMMAND_DIRECTORY "/told"
#define KCOV_COMMAND_GO		KCOV_COMMAND_DIRECTORY "/go"

/* A test with that directory, which is empty. */
#define KCOV_COMMAND_TEST(name) cmocka_unit_test_setup_teardown(name, \
		kcov_command_setup, kcov_command_teardown)

/* The command's side: its exit status. */
int kcov_command_act(const char *word);

/* kcovctl run with these arguments: the status; what was said, on both streams, is in kcov_said. */
int kcov_command(const char *arguments);

/* The same in a group of its own, as a shell's jobs are; what it says is in the file. */
pid_t kcov_command_start(const char *arguments, const char *output);
int kcov_command_status(pid_t pid);

/* The command "stay" is there (KCOV_COMMAND_HERE), was told SIGINT (_TOLD), may go (_GO). */
void kcov_command_touch(const char *path);
bool kcov_command_exists(void *path);

/* Whether the switch is on. */
bool kcov_is_followed(void);

int kcov_command_setup(void **state);
int kcov_command_teardown(void **state);

/* Group fixtures: kcov_remote.h's drivers, and kcov_sample. */
int kcov_command_load(void **state);
int kcov_command_unload(void **state);

#endif /* KCOV_COMMAND_H */
