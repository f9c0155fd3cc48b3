// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl run: a command, all that it starts, and the kernel code they reached.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_child.h"
#include "kcovctl_comparisons.h"
#include "kcovctl_coverage_json.h"
#include "kcovctl_history.h"
#include "kcovctl_json.h"
#include "kcovctl_orphans.h"
#include "kcovctl_output.h"
#include "kcovctl_record.h"
#include "kcovctl_recording.h"
#include "kcovctl_run_options.h"

/* What there is to tell of a run when it is over. */
struct outcome {
	struct recording_losses losses;
	struct record record;
	size_t orphans;
	int status;
};

static void say_losses(const struct recording *recording,
		       const struct outcome *outcome)
{
	if (outcome->losses.full || outcome->losses.dropped)
		warnx("the buffer is full, the rest was dropped: --size takes more than %zu words",
		      recording->local->words);
	if (outcome->losses.all.count)
		warnx("lost: %s", losses_words(&outcome->losses.all).text);
	if (outcome->losses.others)
		warnx("  of all who recorded meanwhile, as kcov_mod/lost counts it");
	if (outcome->orphans)
		warnx("%zu process%s the command left behind still run%s: from here on unrecorded",
		      outcome->orphans, outcome->orphans == 1 ? "" : "es",
		      outcome->orphans == 1 ? "s" : "");
}

static bool take_places(struct recording *recording, struct record *record)
{
	const bool complete = recording_places(recording);
	struct kcov_set *set = recording->taken;
	const uint64_t *sorted = kcov_set_sorted(set);

	if (!sorted) {
		error_libkcov();
		return false;
	}
	record->count = kcov_set_count(set);
	record->pcs = calloc(record->count + 1, sizeof(*record->pcs));
	if (!record->pcs)
		err(CHILD_FAILED, "list of PCs");
	memcpy(record->pcs, sorted, record->count * sizeof(*sorted));
	return complete;
}

/*
 * Modules come and go in a run: the one layout has what the other has not. The
 * command may hide addresses even from root: then the older one has to do.
 */
static bool take_layout(struct record *record, struct layout *before)
{
	if (layout_running(&record->layout, &kernel_running)) {
		history_add(&record->layout, before);
		layout_release(before);
		return true;
	}
	record->layout = *before;
	*before = (struct layout){ 0 };
	warnx("  so all is taken to lie where it did before the command:");
	warnx("  what it has loaded has no names");
	return false;
}

static bool end(struct run_options *options, struct recording *recording,
		struct child *child, struct layout *before,
		struct outcome *outcome)
{
	bool done = recording_end(recording, child, &outcome->losses);

	if (!done)
		warnx("  what was recorded until here is reported; the last of it may be missing");
	outcome->orphans = orphans_count();
	outcome->status = child_exit_status(child);
	if (!child->ended)
		warnx("%s still runs: recorded until here",
		      options->command[0]);
	outcome->record.name = options->command[0];
	outcome->record.losses = outcome->losses.all;
	done &= take_layout(&outcome->record, before);
	if (!options->recording.comparisons)
		done &= take_places(recording, &outcome->record);
	return done;
}

static struct json_object *run_object(const struct run_options *options,
				      const struct outcome *outcome)
{
	struct json_object *object = json_new(), *words = json_array();

	for (char **word = options->command; *word; word++)
		json_add(words, json_text(*word));
	json_set(object, "command", words);
	json_set_number(object, "status", (uint64_t)outcome->status);
	json_set_number(object, "records_lost", outcome->losses.dropped);
	json_set_number(object, "sections_lost", outcome->losses.sections);
	json_set_number(object, "still_running", outcome->orphans);
	return object;
}

static bool save(const struct run_options *options, const struct outcome *outcome)
{
	const struct record_notes notes = {
		.command = options->command,
		.status = outcome->status,
	};

	return !options->output ||
	       record_write(&outcome->record, &notes, options->output);
}

static bool show_places(struct run_options *options, struct outcome *outcome)
{
	const struct naming naming = show_naming(&options->show);
	struct coverage coverage;
	bool named;

	coverage_begin(&coverage);
	named = coverage_add(&coverage, &outcome->record, &naming);
	if (coverage.runs) {	/* with names or without */
		coverage_filter(&coverage, &options->show.filter);
		show_print(&options->show, &coverage,
			   options->show.view == SHOW_JSON ?
			   run_object(options, outcome) : NULL);
	}
	coverage_release(&coverage);
	return named && !ferror(stdout);
}

static bool show(struct run_options *options, const struct recording *recording,
		 struct outcome *outcome)
{
	bool saved = save(options, outcome);
	bool shown = options->recording.comparisons ?
		     comparisons_print(recording->local, &options->show) :
		     show_places(options, outcome);

	say_losses(recording, outcome);
	return saved && shown;
}

static int record_and_show(struct run_options *options, struct child *child,
			   struct recording *recording)
{
	struct outcome outcome = { 0 };
	struct layout before = { 0 };
	int status = CHILD_FAILED;
	bool ended, shown;

	if (!layout_running(&before, &kernel_running))
		return CHILD_FAILED;
	status = child_start(child, options->command, recording_enable,
			     recording);
	if (status) {
		layout_release(&before);
		return status;
	}
	child_wait(child, recording->remote ? recording_take : NULL, recording);
	ended = end(options, recording, child, &before, &outcome);
	child_release(child);
	shown = show(options, recording, &outcome);
	status = ended && shown ? outcome.status : CHILD_FAILED;
	record_release(&outcome.record);
	return status;
}

/* What is wrong with the options is no news for the end of a long run. */
static bool is_possible(const struct run_options *options)
{
	const char *vmlinux = options->show.naming.vmlinux;

	if (vmlinux && access(vmlinux, R_OK)) {
		warnx("%s: %s", vmlinux, error_text(errno));
		return false;
	}
	return !options->output || output_check(options->output);
}

static int run_command(struct run_options *options)
{
	struct recording recording;
	struct child child;
	int status = CHILD_FAILED;

	if (!is_possible(options))
		return CHILD_FAILED;
	child_hold(&child);
	if (recording_open(&recording, &options->recording)) {
		status = record_and_show(options, &child, &recording);
		recording_close(&recording);
	}
	child_release(&child);
	return status;
}

static enum kcovctl_exit run(int argc, char **argv)
{
	struct run_options options;
	int status = CHILD_FAILED;

	if (run_options_parse(&options, argc, argv)) {
		status = KCOVCTL_OK;
		if (options.help)
			fputs(run_usage, stdout);
		else
			status = run_command(&options);
	}
	show_release(&options.show);
	return (enum kcovctl_exit)status;
}

const struct kcovctl_verb verb_run = {
	.name = "run",
	.summary = "run a command, show the kernel code it reached",
	.usage = run_usage,
	.run = run,
};
