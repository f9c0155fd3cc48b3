/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Others that hook the functions kcov hooks: what they have in common, and the
 * tests that each of them has to pass.
 *
 * All of them watch read_null(), which nobody but these tests calls, so that
 * their calls can be counted to the last one; those that can watch do_exit()
 * as well, where kcov sees the end of tasks.
 */
#ifndef KCOV_NEIGHBOUR_H
#define KCOV_NEIGHBOUR_H

#include "kcov_test.h"

#define TRACEFS		"/sys/kernel/tracing/"

struct kcov_neighbour {
	int (*start)(void);	/* 0 or an errno */
	int (*stop)(void);	/* the same; harmless when it is not there */
	long (*calls)(void);	/* of read_null() since it was last asked */
};

/*
 * The three tests of a neighbour. Those while armed come first in a group, as
 * arming takes longer than all the rest.
 */
#define KCOV_NEIGHBOUR_DURING(name) { #name "_comes_and_goes_while_armed", \
	kcov_test_neighbour_during, kcov_test_setup_stay_armed, \
	kcov_test_teardown_neighbour, (void *)&(name) }
#define KCOV_NEIGHBOUR_BEFORE(name) { #name "_is_there_before_and_stays", \
	kcov_test_neighbour_before, kcov_test_setup_disarmed, \
	kcov_test_teardown_neighbour, (void *)&(name) }
#define KCOV_NEIGHBOUR_AFTER(name) { #name "_comes_when_all_is_disarmed", \
	kcov_test_neighbour_after, kcov_test_setup_disarmed, \
	kcov_test_teardown_neighbour, (void *)&(name) }

int kcov_test_setup_neighbours(void **state);
int kcov_test_teardown_neighbours(void **state);
int kcov_test_setup_disarmed(void **state);
int kcov_test_setup_stay_armed(void **state);
int kcov_test_teardown_neighbour(void **state);
void kcov_test_neighbour_before(void **state);
void kcov_test_neighbour_during(void **state);
void kcov_test_neighbour_after(void **state);

bool kcov_disarm_at_once(void);
bool kcov_disarm_late(void);
bool kcov_sees_exits(const struct kcov_test *t);
int kcov_rewrite_file(const char *path, const char *text);
int kcov_start_tracer(const char *tracer, const char *functions);
int kcov_stop_tracer(void);

#endif /* KCOV_NEIGHBOUR_H */
