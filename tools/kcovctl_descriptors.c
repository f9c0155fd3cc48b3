// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of open descriptors: a line of it, and what follows from it.
 */
#define _GNU_SOURCE 1
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl_descriptors.h"
#include "kcovctl_json.h"
#include "kcovctl_terminal.h"

#define WORDS_OF_A_COMPARISON 4

/* Above it a buffer is as good as full. */
#define NEARLY_FULL 90

/* The kernel escapes what is no word; what a terminal would obey is ours to take out. */
static void unescape(char *text)
{
	const char *from = text;
	unsigned int byte;
	int length;

	for (; *from; text++) {
		if (sscanf(from, "\\%3o%n", &byte, &length) == 1 && length == 4)
			from += length;
		else
			byte = (unsigned char)*from++;
		*text = isprint((int)byte & 0xff) ? (char)byte : '?';
	}
	*text = '\0';
}

bool descriptor_parse(const char *line, struct descriptor *descriptor)
{
	char pid[16], end;
	const int found = sscanf(line, "%u %15s %63s %15s %" SCNu64 " %" SCNu64 " %" SCNu64
				 " %" SCNu64 " %c", &descriptor->id, pid, descriptor->command,
				 descriptor->mode, &descriptor->words, &descriptor->count,
				 &descriptor->dropped, &descriptor->lost, &end);

	if (found != 8)
		return false;
	descriptor->pid = atoi(pid);
	unescape(descriptor->command);
	return true;
}

uint64_t descriptor_capacity(const struct descriptor *descriptor)
{
	const bool compares = strstr(descriptor->mode, "cmp");

	if (!descriptor->words)
		return 0;
	return (descriptor->words - 1) / (compares ? WORDS_OF_A_COMPARISON : 1);
}

double descriptor_fill(const struct descriptor *descriptor)
{
	const uint64_t capacity = descriptor_capacity(descriptor);

	if (!capacity || descriptor->count > capacity)
		return capacity ? 100 : 0;
	return (double)descriptor->count * 100 / (double)capacity;
}

struct size_text {
	char text[32];
};

/* For people: in the unit that is a whole number. */
static struct size_text size_of(const struct descriptor *descriptor)
{
	const uint64_t bytes = descriptor->words * 8;
	struct size_text size;

	if (bytes % (1 << 20) == 0 && bytes)
		snprintf(size.text, sizeof(size.text), "%" PRIu64 " MiB", bytes >> 20);
	else
		snprintf(size.text, sizeof(size.text), "%" PRIu64 " KiB", (bytes + 1023) >> 10);
	return size;
}

static const char *style_of(const struct descriptor *d)
{
	if (d->dropped || d->lost)
		return terminal_style(stdout, TERMINAL_RED);
	if (descriptor_fill(d) > NEARLY_FULL)
		return terminal_style(stdout, TERMINAL_YELLOW);
	return "";
}

void descriptor_print_head(void)
{
	printf("%s%5s %8s %-16s %-10s %8s %9s %4s %8s %5s%s\n",
	       terminal_style(stdout, TERMINAL_BOLD), "ID", "PID", "COMMAND", "MODE", "SIZE",
	       "RECORDS", "FULL", "DROPPED", "LOST", terminal_style(stdout, TERMINAL_PLAIN));
}

void descriptor_print(const struct descriptor *d)
{
	const char *style = style_of(d);
	char pid[16] = "-";

	if (d->pid)
		snprintf(pid, sizeof(pid), "%d", d->pid);
	printf("%s%5u %8s %-16s %-10s %8s %9" PRIu64 " %3.0f%% %8" PRIu64 " %5" PRIu64 "%s\n",
	       style, d->id, pid, d->command, d->mode, size_of(d).text, d->count,
	       descriptor_fill(d), d->dropped, d->lost,
	       *style ? terminal_style(stdout, TERMINAL_PLAIN) : "");
}

static void add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

struct json_object *descriptor_json(const struct descriptor *d)
{
	struct json_object *one = json_object_new_object();

	add_number(one, "id", d->id);
	json_object_object_add(one, "pid", d->pid ? json_object_new_int(d->pid) : NULL);
	json_object_object_add(one, "command", d->pid ? json_text(d->command) : NULL);
	json_object_object_add(one, "mode", json_text(d->mode));
	add_number(one, "words", d->words);
	add_number(one, "capacity", descriptor_capacity(d));
	add_number(one, "count", d->count);
	add_number(one, "dropped", d->dropped);
	add_number(one, "lost", d->lost);
	return one;
}
