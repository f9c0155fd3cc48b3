// SPDX-License-Identifier: GPL-2.0-only
/*
 * Beside kprobes and kretprobes at entries that kcov hooks, do_exit() among
 * them: they are hit, and their own machinery does not appear in a trace.
 */
#include "kcov_neighbour.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EVENTS		TRACEFS "kprobe_events"
#define ENABLE		TRACEFS "events/kcov_test/enable"
#define PROFILE		TRACEFS "kprobe_profile"

static unsigned long hits_before;

static int start_probes(const char *definitions)
{
	int err = kcov_rewrite_file(EVENTS, definitions);

	hits_before = 0;
	return err ? err : kcov_write_file(ENABLE, "1");
}

static int stop_probes(void)
{
	if (access(ENABLE, F_OK))
		return 0;
	kcov_write_file(ENABLE, "0");
	return kcov_rewrite_file(EVENTS, "\n");
}

static int start_kprobe(void)
{
	return start_probes("p:kcov_test/watched read_null\n"
			    "p:kcov_test/end do_exit\n");
}

/* A function that never returns has an entry all the same. */
static int start_kretprobe(void)
{
	return start_probes("r:kcov_test/watched read_null $retval\n"
			    "r:kcov_test/end do_exit\n");
}

/* Two at one place share it through an aggregate. */
static int start_two_kprobes(void)
{
	return start_probes("p:kcov_test/other read_null\n"
			    "p:kcov_test/watched read_null\n"
			    "r:kcov_test/back read_null\n"
			    "p:kcov_test/end do_exit\n"
			    "p:kcov_test/other_end do_exit\n");
}

static long count_hits(void)
{
	const unsigned long hits = kcov_read_number(PROFILE, "  watched ");
	const unsigned long since = hits - hits_before;

	hits_before = hits;
	return hits == ULONG_MAX ? -1 : (long)since;
}

static const struct kcov_neighbour kprobe = {
	start_kprobe, stop_probes, count_hits
};

static const struct kcov_neighbour kretprobe = {
	start_kretprobe, stop_probes, count_hits
};

static const struct kcov_neighbour two_kprobes = {
	start_two_kprobes, stop_probes, count_hits
};

int main(void)
{
	const struct CMUnitTest probes[] = {
		KCOV_NEIGHBOUR_DURING(kprobe),
		KCOV_NEIGHBOUR_DURING(kretprobe),
		KCOV_NEIGHBOUR_DURING(two_kprobes),
		KCOV_NEIGHBOUR_BEFORE(kprobe),
		KCOV_NEIGHBOUR_BEFORE(kretprobe),
		KCOV_NEIGHBOUR_AFTER(kprobe),
		KCOV_NEIGHBOUR_AFTER(kretprobe),
	};
	const int failed = cmocka_run_group_tests(probes, kcov_test_setup_neighbours,
						  kcov_test_teardown_neighbours);

	return failed != 0;
}
