// SPDX-License-Identifier: GPL-2.0-only
/*
 * Beside tracefs's own tracers, with a filter and with all functions: neither
 * takes a call away from the other.
 */
#include "kcov_neighbour.h"

#include <limits.h>
#include <string.h>

#define BUFFER		TRACEFS "buffer_size_kb"
#define TRACE		TRACEFS "trace"
#define SWITCH		TRACEFS "tracing_on"

static unsigned long buffer_kb;

static int start_function(void)
{
	return kcov_start_tracer("function", "\n");
}

static int start_function_filtered(void)
{
	return kcov_start_tracer("function", "read_null do_exit\n");
}

static int start_graph(void)
{
	return kcov_start_tracer("function_graph", "\n");
}

static int start_graph_filtered(void)
{
	return kcov_start_tracer("function_graph", "read_null do_exit\n");
}

/* As either tracer writes it: "read_null <-vfs_read" or "read_null();". */
static bool is_call(const char *line)
{
	return line[0] != '#' && (strstr(line, " read_null <-") || strstr(line, " read_null()"));
}

/* Reading the trace is traced, too, and would not end. */
static long count_calls(void)
{
	long calls;

	if (kcov_write_file(SWITCH, "0"))
		return -1;
	calls = kcov_count_lines(TRACE, is_call);
	if (kcov_rewrite_file(TRACE, "\n") || kcov_write_file(SWITCH, "1"))
		return -1;
	return calls;
}

static const struct kcov_neighbour function_tracer = {
	start_function, kcov_stop_tracer, count_calls
};

static const struct kcov_neighbour filtered_function_tracer = {
	start_function_filtered, kcov_stop_tracer, count_calls
};

static const struct kcov_neighbour graph_tracer = {
	start_graph, kcov_stop_tracer, count_calls
};

static const struct kcov_neighbour filtered_graph_tracer = {
	start_graph_filtered, kcov_stop_tracer, count_calls
};

/*
 * Some thousand entries are enough, and quickly read; more where all is slow, since ticks on top
 * of the task take their part, and the oldest entries are lost first.
 */
static int setup_tracers(void **state)
{
	buffer_kb = kcov_read_number(BUFFER, "");
	if (buffer_kb == ULONG_MAX || kcov_write_number(BUFFER, kcov_rounds() > 1 ? 256 : 4096))
		return -1;
	return kcov_test_setup_neighbours(state);
}

static int teardown_tracers(void **state)
{
	if (kcov_write_number(BUFFER, buffer_kb))
		return -1;
	return kcov_test_teardown_neighbours(state);
}

int main(void)
{
	const struct CMUnitTest tracers[] = {
		KCOV_NEIGHBOUR_DURING(filtered_function_tracer),
		KCOV_NEIGHBOUR_DURING(filtered_graph_tracer),
		KCOV_NEIGHBOUR_DURING(function_tracer),
		KCOV_NEIGHBOUR_DURING(graph_tracer),
		KCOV_NEIGHBOUR_BEFORE(filtered_function_tracer),
		KCOV_NEIGHBOUR_BEFORE(filtered_graph_tracer),
		KCOV_NEIGHBOUR_BEFORE(function_tracer),
		KCOV_NEIGHBOUR_AFTER(filtered_function_tracer),
		KCOV_NEIGHBOUR_AFTER(filtered_graph_tracer),
	};
	const int failed = cmocka_run_group_tests(tracers, setup_tracers, teardown_tracers);

	return failed != 0;
}
