/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the verbs of kcovctl share: the verb itself, exit codes, messages.
 */
#ifndef KCOVCTL_H
#define KCOVCTL_H

#include <stdbool.h>

#define KCOVCTL_VERSION "0.1.0"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

enum kcovctl_exit {
	KCOVCTL_OK = 0,
	KCOVCTL_FAILED = 1,
	KCOVCTL_USAGE = 2,
};

/*
 * One verb, one file. run() gets the verb's own arguments behind argv[0]
 * ("kcovctl VERB") and returns an exit code. usage fits a screen.
 */
struct kcovctl_verb {
	const char *name;
	const char *summary;
	const char *usage;
	enum kcovctl_exit (*run)(int argc, char **argv);
};

extern const struct kcovctl_verb verb_doctor;
extern const struct kcovctl_verb verb_functions;
extern const struct kcovctl_verb verb_instances;
extern const struct kcovctl_verb verb_instrument;
extern const struct kcovctl_verb verb_load;
extern const struct kcovctl_verb verb_report;
extern const struct kcovctl_verb verb_run;
extern const struct kcovctl_verb verb_sites;
extern const struct kcovctl_verb verb_symbolize;
extern const struct kcovctl_verb verb_trace;
extern const struct kcovctl_verb verb_unload;
extern const struct kcovctl_verb verb_vmlinux;

/* "ENOENT (No such file or directory)"; the next call reuses the buffer. */
const char *error_text(int err);

/* Say what is wrong with the command line and where the help is. */
enum kcovctl_exit error_usage(const struct kcovctl_verb *verb,
			      const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Say why the last call of libkcov failed. */
void error_libkcov(void);

/* Write out what was printed so far; false when that fails. */
bool error_flush(void);

/* For who saw standard output fail; the first one counts. */
void error_output(int error);

/* Close standard output; a lost write is a failure with its errno. */
enum kcovctl_exit error_stdout(enum kcovctl_exit code);

#endif
