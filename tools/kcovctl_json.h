/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Texts of anybody's in JSON.
 */
#ifndef KCOVCTL_JSON_H
#define KCOVCTL_JSON_H

#include <json-c/json.h>

/*
 * JSON is UTF-8; words of a command line, paths and names are any bytes. A byte
 * that is no part of UTF-8 becomes \xNN. No memory ends the program.
 */
struct json_object *json_text(const char *text);

#endif
