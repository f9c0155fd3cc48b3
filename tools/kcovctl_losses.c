// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was not recorded, as kcov_mod/lost and kcov_mod/instances tell it.
 */
#define _GNU_SOURCE 1
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl_losses.h"

#define LOST_PATH "/sys/kernel/debug/kcov_mod/lost"
#define INSTANCES_PATH "/sys/kernel/debug/kcov_mod/instances"

void losses_read(struct losses *losses)
{
	FILE *file = fopen(LOST_PATH, "re");
	struct loss *loss = losses->loss;

	losses->count = 0;
	if (!file)
		return;
	while (losses->count < LOSSES_MAX &&
	       fscanf(file, "%63s %" SCNu64, loss->what, &loss->number) == 2) {
		losses->count++;
		loss++;
	}
	fclose(file);
}

static uint64_t number_of(const struct losses *losses, const char *what)
{
	for (size_t i = 0; i < losses->count; i++)
		if (!strcmp(losses->loss[i].what, what))
			return losses->loss[i].number;
	return 0;
}

void losses_append(char *text, size_t room, uint64_t number, const char *what)
{
	char words[sizeof(((struct loss *)0)->what)];
	const size_t length = strlen(text);

	snprintf(words, sizeof(words), "%s", what);
	for (char *c = words; (c = strchr(c, '_'));)
		*c = ' ';
	snprintf(text + length, room - length, "%s%" PRIu64 " %s",
		 length ? ", " : "", number, words);
}

void losses_since(const struct losses *then, char *text, size_t room)
{
	struct losses now;
	uint64_t before;

	losses_read(&now);
	for (size_t i = 0; i < now.count; i++) {
		before = number_of(then, now.loss[i].what);
		if (now.loss[i].number > before)
			losses_append(text, room, now.loss[i].number - before,
				      now.loss[i].what);
	}
}

/* id pid comm mode size count dropped lost; - for a pid that there is not */
static bool parse(const char *line, struct instance *instance, int *pid)
{
	char owner[16];

	if (sscanf(line, "%u %15s %*s %*s %*s %*s %" SCNu64 " %" SCNu64,
		   &instance->id, owner, &instance->dropped,
		   &instance->sections) != 4)
		return false;
	*pid = atoi(owner);
	return true;
}

static bool find(struct instance *instance, int wanted_pid)
{
	FILE *file = fopen(INSTANCES_PATH, "re");
	struct instance found;
	bool is_it = false;
	char line[512];
	int pid;

	while (file && !is_it && fgets(line, sizeof(line), file))
		is_it = parse(line, &found, &pid) &&
			(wanted_pid ? pid == wanted_pid :
				      found.id == instance->id);
	if (file)
		fclose(file);
	if (is_it)
		*instance = found;
	return is_it;
}

bool instance_of_this_thread(struct instance *instance)
{
	return find(instance, gettid());
}

bool instance_again(struct instance *instance)
{
	return instance->id && find(instance, 0);
}
