// SPDX-License-Identifier: GPL-2.0-only
/*
 * A function for make that ends it with a status of one's own.
 *
 * GNU make turns every failed command into status 2; make vm promises the
 * status of the command that ran in the guest. make loads this as a plugin.
 */
#include <gnumake.h>
#include <stdlib.h>

int plugin_is_GPL_compatible;

/* $(end-with N): nothing of make's runs after it. */
static char *end_with(const char *name, unsigned int argc, char **argv)
{
	(void)name;
	(void)argc;
	exit(atoi(argv[0]));
}

int status_gmk_setup(void);

int status_gmk_setup(void)
{
	gmk_add_function("end-with", end_with, 1, 1, GMK_FUNC_DEFAULT);
	return 1;
}
