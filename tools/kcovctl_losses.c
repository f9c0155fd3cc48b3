// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was not recorded, as kcov_mod/lost and kcov_mod/instances tell it.
 */
#define _GNU_SOURCE 1
#include <ctype.h>
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

/* In words; what comes from a file ends on a terminal. */
static struct loss named(const char *what)
{
	struct loss loss = { .number = 0 };

	snprintf(loss.what, sizeof(loss.what), "%s", what);
	for (char *c = loss.what; *c; c++) {
		if (*c == '_')
			*c = ' ';
		else if (!isprint((unsigned char)*c))
			*c = '?';
	}
	return loss;
}

/* What there is no line for any more is counted in the last one. */
static struct loss *line_of(struct losses *losses, const char *what)
{
	const struct loss new = named(what);

	for (size_t i = 0; i < losses->count; i++)
		if (!strcmp(losses->loss[i].what, new.what))
			return &losses->loss[i];
	if (losses->count < LOSSES_MAX) {
		losses->loss[losses->count] = new;
		return &losses->loss[losses->count++];
	}
	strcpy(losses->loss[LOSSES_MAX - 1].what, "others");
	return &losses->loss[LOSSES_MAX - 1];
}

void losses_count(struct losses *losses, uint64_t number, const char *what)
{
	if (number)
		line_of(losses, what)->number += number;
}

void losses_add(struct losses *losses, const struct losses *more)
{
	for (size_t i = 0; i < more->count; i++)
		losses_count(losses, more->loss[i].number, more->loss[i].what);
}

bool losses_since(const struct losses *then, struct losses *losses)
{
	bool any = false;
	struct losses now;
	uint64_t before;

	losses_read(&now);
	for (size_t i = 0; i < now.count; i++) {
		before = number_of(then, now.loss[i].what);
		if (now.loss[i].number <= before)
			continue;
		losses_count(losses, now.loss[i].number - before,
			     now.loss[i].what);
		any = true;
	}
	return any;
}

struct losses_words losses_words(const struct losses *losses)
{
	struct losses_words words = { "" };
	size_t length = 0;

	for (size_t i = 0; i < losses->count; i++)
		length += (size_t)snprintf(words.text + length,
					   sizeof(words.text) - length,
					   "%s%" PRIu64 " %s", i ? ", " : "",
					   losses->loss[i].number,
					   losses->loss[i].what);
	return words;
}

bool losses_parse(struct losses *losses, const char *words)
{
	struct loss loss;
	int length;

	do {
		if (sscanf(words, "%" SCNu64 " %63[^,\n]%n", &loss.number,
			   loss.what, &length) != 2)
			return false;
		losses_count(losses, loss.number, loss.what);
		words += length;
	} while (*words++ == ',');
	return words[-1] == '\n' || !words[-1];
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
