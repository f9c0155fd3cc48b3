// SPDX-License-Identifier: GPL-2.0-only
/*
 * A run as it is kept: writing and reading its file.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kcovctl.h"
#include "kcovctl_output.h"
#include "kcovctl_pc.h"
#include "kcovctl_record.h"
#include "kcovctl_words.h"

#define FIRST_LINE "# kcovctl run, version "
#define LOST_LINE "# lost "
#define LAST_LINE "# end "

static void write_time(FILE *out)
{
	const time_t now = time(NULL);
	char text[32];

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	fprintf(out, "# time %s\n", text);
}

static void write_notes(const struct record_notes *notes, FILE *out)
{
	fputs(FIRST_LINE KCOVCTL_VERSION "\n# command ", out);
	words_print(notes->command, out);
	fputc('\n', out);
	write_time(out);
	fprintf(out, "# status %d\n", notes->status);
}

bool record_write(const struct record *record, const struct record_notes *notes,
		  const char *path)
{
	struct output output;

	if (!output_open(&output, path))
		return false;
	write_notes(notes, output.file);
	if (record->losses.count)
		fprintf(output.file, LOST_LINE "%s\n",
			losses_words(&record->losses).text);
	layout_print(&record->layout, output.file);
	for (size_t i = 0; i < record->count; i++)
		fprintf(output.file, "0x%" PRIx64 "\n", record->pcs[i]);
	fprintf(output.file, LAST_LINE "%zu\n", record->count);
	return output_close(&output);
}

static void add_pc(struct record *record, uint64_t pc)
{
	/* a power of two was full */
	if (!(record->count & (record->count - 1)) || !record->count) {
		record->pcs = reallocarray(record->pcs,
					   record->count ? 2 * record->count : 1,
					   sizeof(*record->pcs));
		if (!record->pcs)
			err(KCOVCTL_FAILED, "list of PCs");
	}
	record->pcs[record->count++] = pc;
}

/* A file that is being read. Lists of PCs that are no run promise no end. */
struct reading {
	struct record *record;
	bool begun, ended;
	size_t before;		/* the PCs before the run */
	size_t promised;	/* those of the run, by its last line */
};

/* What follows these words, which the line begins with; NULL: it does not. */
static const char *behind(const char *line, const char *words)
{
	const size_t length = strlen(words);

	return strncmp(line, words, length) ? NULL : line + length;
}

/* Where code lay in a second run is not where it lay in the first. */
static bool read_layout(struct record *record, const char *line)
{
	if (layout_parse_line(&record->layout, line))
		return true;
	warnx("%s: a line of its layout is damaged, or of a second run:",
	      record->name);
	warnx("  give each run as a file of its own");
	return false;
}

static bool read_losses(struct record *record, const char *words)
{
	if (losses_parse(&record->losses, words))
		return true;
	warnx("%s: the line of what was lost is damaged: copy the file once more",
	      record->name);
	return false;
}

static void read_end(struct reading *reading, const char *number)
{
	char *rest;

	reading->promised = strtoul(number, &rest, 10);
	reading->ended = rest != number && *rest == '\n';
	if (reading->record->count - reading->before != reading->promised)
		reading->ended = false;
}

/* Of others such a line may mean anything, but for that of a layout. */
static bool read_note(struct reading *reading, const char *line)
{
	struct record *record = reading->record;
	const char *words = behind(line, LOST_LINE);

	if (behind(line, LAYOUT_LINE))
		return read_layout(record, line);
	if (behind(line, FIRST_LINE)) {
		reading->begun = true;
		reading->before = record->count;
	}
	if (!reading->begun)
		return true;
	if (words)
		return read_losses(record, words);
	words = behind(line, LAST_LINE);
	if (words)
		read_end(reading, words);
	return true;
}

/* What others print into such files, as tests do on standard error, is no PC. */
static bool read_line(struct reading *reading, const char *line, size_t length)
{
	uint64_t pc;

	if (*line == '#')
		return read_note(reading, line);
	if (pc_parse(line, length, &pc))
		add_pc(reading->record, pc);
	return true;
}

/* PCs are sorted: those of half a file are of one end of the kernel. */
static bool is_whole(const struct reading *reading)
{
	const char *name = reading->record->name;

	if (!reading->begun || reading->ended)
		return true;
	warnx("%s: cut off: its last line, with the number of its PCs, is not there,",
	      name);
	warnx("  or is not right: copy the file once more. To take what is there:");
	warnx("  sed '1d;$d' %s | kcovctl report -", name);
	return false;
}

static bool read_lines(struct record *record, FILE *file)
{
	struct reading reading = { .record = record };
	bool read = true;
	char *line = NULL;
	size_t room = 0;
	ssize_t length;

	while (read && (length = getline(&line, &room, file)) > 0)
		read = read_line(&reading, line, (size_t)length);
	free(line);
	if (ferror(file)) {
		warnx("%s: %s", record->name, error_text(errno));
		return false;
	}
	return read && is_whole(&reading);
}

static bool read_file(struct record *record, const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	bool read;

	if (!file) {
		warnx("%s: %s", path, error_text(errno));
		return false;
	}
	read = read_lines(record, file);
	if (file != stdin)
		fclose(file);
	return read;
}

static int compare(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

void record_sort(struct record *record)
{
	size_t kept = 0;

	if (record->count)
		qsort(record->pcs, record->count, sizeof(*record->pcs), compare);
	for (size_t i = 0; i < record->count; i++)
		if (!i || record->pcs[i] != record->pcs[i - 1])
			record->pcs[kept++] = record->pcs[i];
	record->count = kept;
}

/* A file of PCs alone, of whatever made it, says nothing of where they were. */
static bool complete(struct record *record)
{
	if (!record->count)
		warnx("%s: no PC is in it", record->name);
	return record->layout.release ||
	       layout_running(&record->layout, &kernel_running);
}

bool record_read(struct record *record, const char *path)
{
	bool read;

	*record = (struct record){ .name = path };
	read = read_file(record, path);
	record_sort(record);
	if (read && complete(record))
		return true;
	record_release(record);
	return false;
}

void record_release(struct record *record)
{
	layout_release(&record->layout);
	free(record->pcs);
}
