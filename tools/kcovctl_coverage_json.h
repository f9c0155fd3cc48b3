/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was reached, for programs.
 */
#ifndef KCOVCTL_COVERAGE_JSON_H
#define KCOVCTL_COVERAGE_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

#include "kcovctl_census.h"

/* To be filled. In all of these no memory ends the program. */
struct json_object *json_array(void);
struct json_object *json_new(void);
void json_add(struct json_object *array, struct json_object *value);
void json_set(struct json_object *object, const char *key,
	      struct json_object *value);
void json_set_number(struct json_object *object, const char *key,
		     uint64_t number);
void json_set_flag(struct json_object *object, const char *key, bool flag);
void json_set_text(struct json_object *object, const char *key,
		   const char *text);
void json_set_hex(struct json_object *object, const char *key, uint64_t value);

/* Sums, modules, functions and places; a place alone. */
struct json_object *json_coverage(const struct coverage *coverage,
				  const struct census *census);
struct json_object *json_place(const struct place *place);

/* Print it and let it go. */
void json_print(struct json_object *object, FILE *out);

#endif
