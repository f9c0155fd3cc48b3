// SPDX-License-Identifier: GPL-2.0-only
/*
 * The options that a kernel was configured with: from its .config, wherever the
 * distribution keeps it.
 */
#define _GNU_SOURCE 1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "kcovctl.h"
#include "kcovctl_config.h"

/* Far more than any has. */
#define ROOM (4UL << 20)

/* zlib reads what is not compressed, too. */
static char *read_all(const char *path)
{
	char *text = malloc(ROOM);
	gzFile file = gzopen(path, "re");
	int length = -1;

	if (file && text)
		length = gzread(file, text, ROOM - 1);
	if (file)
		gzclose(file);
	if (length <= 0) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	return text;
}

bool config_read(struct config *config, const char *path)
{
	snprintf(config->path, sizeof(config->path), "%s", path);
	config->text = read_all(path);
	return config->text;
}

bool config_read_running(struct config *config, const char *release)
{
	static const char *const places[] = {
		"/proc/config.gz",
		"/boot/config-%s",
		"/lib/modules/%s/config",
		"/lib/modules/%s/build/.config",
	};
	char path[256];

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), places[i], release);
		if (config_read(config, path))
			return true;
	}
	return false;
}

void config_release(struct config *config)
{
	free(config->text);
	config->text = NULL;
}

/* What stands behind CONFIG_OPTION=, NULL if that is in no line. */
static const char *value_of(const struct config *config, const char *option)
{
	const size_t length = strlen(option);
	const char *line = config->text;

	for (; line && *line; line = strchr(line, '\n'), line += !!line)
		if (!strncmp(line, "CONFIG_", 7) && !strncmp(line + 7, option, length) &&
		    line[7 + length] == '=')
			return line + 7 + length + 1;
	return NULL;
}

bool config_has(const struct config *config, const char *option)
{
	const char *value = value_of(config, option);

	return value && (*value == 'y' || *value == 'm');
}

bool config_is_builtin(const struct config *config, const char *option)
{
	const char *value = value_of(config, option);

	return value && *value == 'y';
}
