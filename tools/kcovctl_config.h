/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The options that a kernel was configured with.
 */
#ifndef KCOVCTL_CONFIG_H
#define KCOVCTL_CONFIG_H

#include <stdbool.h>

struct config {
	char *text;
	char path[256];
};

/* A file as .config, compressed by gzip or not. False: it cannot be read. */
bool config_read(struct config *config, const char *path);

/* Of the running kernel, from the places where it may be. False: from none. */
bool config_read_running(struct config *config, const char *release);
void config_release(struct config *config);

/* Whether the option is y or m; without CONFIG_. */
bool config_has(const struct config *config, const char *option);

/* Whether it is y. */
bool config_is_builtin(const struct config *config, const char *option);

#endif
