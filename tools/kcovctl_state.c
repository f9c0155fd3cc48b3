// SPDX-License-Identifier: GPL-2.0-only
/*
 * /run/kcov/NAME: "stock" or "nothing", which was loaded before; in the next
 * lines the path of the instrumented file and the build id that it had.
 *
 * The id is that of the loaded module, or these lines are about another one. The
 * file may have been built again since.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_module.h"
#include "kcovctl_state.h"

#define LOCK_PATH STATE_DIRECTORY "/.lock"

struct place {
	char path[4096];
};

static struct place place_of(const char *name)
{
	struct place place;

	snprintf(place.path, sizeof(place.path), STATE_DIRECTORY "/%s", name);
	return place;
}

struct state state_read(const char *name)
{
	const struct place place = place_of(name);
	struct state state = { .known = false };
	FILE *file = fopen(place.path, "re");
	char before[16], then[MODULE_ID], now[MODULE_ID];

	if (!file)
		return state;
	module_id(name, now);
	state.known = fscanf(file, "%15s %4095[^\n] %128s", before, state.path, then) == 3 &&
		      !strcmp(then, now) && module_is_loaded(name);
	state.had_stock = state.known && !strcmp(before, "stock");
	fclose(file);
	return state;
}

/* Root's alone: who may open it may hold it. */
void state_lock(void)
{
	int lock;

	mkdir(STATE_DIRECTORY, 0755);
	lock = open(LOCK_PATH, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
		warnx("another kcovctl load or unload is at work: waiting until it is done");
		while (flock(lock, LOCK_EX) && errno == EINTR)
			;
	}
	if (lock < 0)
		warnx("%s: %s: no other kcovctl load or unload will wait for this one",
		      LOCK_PATH, error_text(errno));
}

bool state_write(const char *name, bool had_stock, const char *path)
{
	const struct place place = place_of(name);
	char id[MODULE_ID];
	FILE *file;
	bool written;

	module_id(name, id);
	mkdir(STATE_DIRECTORY, 0755);
	file = fopen(place.path, "we");
	written = file && fprintf(file, "%s\n%s\n%s\n",
				  had_stock ? "stock" : "nothing", path, id) > 0;
	if (file && fclose(file))
		written = false;
	if (!written)
		warnx("%s: %s: kcovctl unload will not know what was loaded before",
		      place.path, error_text(errno));
	return written;
}

void state_forget(const char *name)
{
	const struct place place = place_of(name);

	unlink(place.path);
}
