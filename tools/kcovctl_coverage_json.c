// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was reached, for programs: one object of JSON.
 *
 * Addresses and offsets are texts, 0x...: readers of JSON may keep numbers as
 * floating point.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <inttypes.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_coverage_json.h"
#include "kcovctl_json.h"

/* Nobody goes on without memory. */
static struct json_object *check(struct json_object *object)
{
	if (!object)
		err(KCOVCTL_FAILED, "JSON");
	return object;
}

void json_set(struct json_object *object, const char *key,
	      struct json_object *value)
{
	if (json_object_object_add(object, key, check(value)))
		err(KCOVCTL_FAILED, "JSON");
}

void json_add(struct json_object *array, struct json_object *value)
{
	if (json_object_array_add(array, check(value)))
		err(KCOVCTL_FAILED, "JSON");
}

struct json_object *json_array(void)
{
	return check(json_object_new_array());
}

struct json_object *json_new(void)
{
	return check(json_object_new_object());
}

void json_set_number(struct json_object *object, const char *key,
		     uint64_t number)
{
	json_set(object, key, json_object_new_int64((int64_t)number));
}

void json_set_text(struct json_object *object, const char *key,
		   const char *text)
{
	json_set(object, key, json_text(text));
}

void json_set_hex(struct json_object *object, const char *key, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	json_set_text(object, key, text);
}

void json_set_flag(struct json_object *object, const char *key, bool flag)
{
	json_set(object, key, json_object_new_boolean(flag));
}

static struct json_object *tally_object(const struct tally *tally)
{
	struct json_object *object = json_new();

	json_set_text(object, "module", tally->module);
	if (tally->function)
		json_set_text(object, "function", tally->function);
	else
		json_set_number(object, "functions", tally->functions);
	json_set_number(object, "blocks", tally->blocks);
	if (tally->known)
		json_set_number(object, "known", tally->known);
	return object;
}

static struct json_object *tallies_array(const struct tallies *tallies)
{
	struct json_object *array = json_array();

	for (size_t i = 0; i < tallies->count; i++)
		if (tallies->tally[i].blocks)
			json_add(array, tally_object(&tallies->tally[i]));
	return array;
}

static struct json_object *frames_array(const struct frame *frames, size_t count,
					const char *symbol)
{
	struct json_object *array = json_array(), *object;

	for (size_t i = 0; i < count; i++) {
		object = json_new();
		json_set_text(object, "function", frames[i].function ?
						frames[i].function : symbol);
		if (frames[i].file) {
			json_set_text(object, "file", frames[i].file);
			json_set_number(object, "line",
					(uint64_t)frames[i].line);
		}
		json_add(array, object);
	}
	return array;
}

static struct json_object *spot_object(const struct spot *spot)
{
	struct json_object *object = json_new();

	json_set_hex(object, "pc", spot->pc);
	json_set_text(object, "module", spot->module);
	json_set_hex(object, "module_offset", spot->module_offset);
	json_set_text(object, "function", spot->function);
	json_set_hex(object, "function_offset", spot->function_offset);
	json_set_number(object, "runs", spot->runs);
	if (spot->frame_count)
		json_set(object, "frames",
			 frames_array(spot->frames, spot->frame_count,
				      spot->function));
	return object;
}

struct json_object *json_place(const struct place *place)
{
	struct json_object *object = json_new();

	json_set_hex(object, "pc", place->pc);
	if (!place->symbol)
		return object;
	json_set_text(object, "module", place->module ? place->module :
							COVERAGE_KERNEL);
	json_set_hex(object, "module_offset", place->module_offset);
	json_set_text(object, "function", place->symbol);
	json_set_hex(object, "function_offset", place->symbol_offset);
	if (place->frame_count)
		json_set(object, "frames",
			 frames_array(place->frames, place->frame_count,
				      place->symbol));
	return object;
}

static struct json_object *spots_array(const struct coverage *coverage)
{
	struct json_object *array = json_array();

	for (size_t i = 0; i < coverage->count; i++)
		if (coverage->spots[i].runs)
			json_add(array, spot_object(&coverage->spots[i]));
	return array;
}

static struct json_object *losses_object(const struct losses *losses)
{
	struct json_object *object = json_new();

	for (size_t i = 0; i < losses->count; i++)
		json_set_number(object, losses->loss[i].what,
				losses->loss[i].number);
	return object;
}

struct json_object *json_coverage(const struct coverage *coverage,
				  const struct census *census)
{
	struct json_object *object = json_new();

	json_set_number(object, "functions", census->reached_functions);
	json_set_number(object, "blocks", census->blocks);
	json_set_number(object, "runs", coverage->runs);
	json_set(object, "lost", losses_object(&coverage->losses));
	json_set(object, "modules", tallies_array(&census->modules));
	json_set(object, "reached", tallies_array(&census->functions));
	json_set(object, "places", spots_array(coverage));
	return object;
}

void json_print(struct json_object *object, FILE *out)
{
	fprintf(out, "%s\n",
		json_object_to_json_string_ext(object,
					       JSON_C_TO_STRING_PRETTY |
					       JSON_C_TO_STRING_SPACED |
					       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}
