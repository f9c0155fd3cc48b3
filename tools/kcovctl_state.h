/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kcovctl load has to tell kcovctl unload, until the next boot.
 */
#ifndef KCOVCTL_STATE_H
#define KCOVCTL_STATE_H

#include <stdbool.h>

#include "kcovctl_names.h"

#define STATE_DIRECTORY "/run/kcov"

struct state {
	bool known;		/* load brought in the one that is loaded */
	bool had_stock;		/* which was loaded before */
	char path[4096];	/* the instrumented file */
};

/* Until this process ends, no other one swaps; it waits for one that does. */
void state_lock(void);

struct state state_read(const char *name);

/* False: said why. */
bool state_write(const char *name, bool had_stock, const char *path);
void state_forget(const char *name);

#endif
