/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of open descriptors, kcov_mod/instances.
 */
#ifndef KCOVCTL_DESCRIPTORS_H
#define KCOVCTL_DESCRIPTORS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

struct descriptor {
	unsigned int id;
	int pid;		/* of the thread that has it enabled; 0: nobody */
	char command[64];	/* printable */
	char mode[16];
	uint64_t words;		/* of its buffer; 0: it has none */
	uint64_t count;		/* records */
	uint64_t dropped;	/* records that found it full */
	uint64_t lost;		/* sections */
};

/* One line, without its end. False: it is no line of that table. */
bool descriptor_parse(const char *line, struct descriptor *descriptor);

/* Records that fit. */
uint64_t descriptor_capacity(const struct descriptor *descriptor);

/* In percent, as little as that may be of a large one. */
double descriptor_fill(const struct descriptor *descriptor);

/* A line of a table for people, under its head; and the same for programs. */
void descriptor_print_head(void);
void descriptor_print(const struct descriptor *descriptor);
struct json_object *descriptor_json(const struct descriptor *descriptor);

#endif
