/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files in kcov_mod/ and the module's parameters: its state while it runs.
 * What fails is said on standard error, with the cure.
 */
#ifndef KCOVCTL_MOD_H
#define KCOVCTL_MOD_H

#include <stdbool.h>
#include <stdio.h>

#define MOD_DIRECTORY "/sys/kernel/debug/kcov_mod"
#define MOD_PARAMETERS "/sys/module/kcov/parameters"

/* For reading. NULL: said why. */
FILE *mod_open(const char *name);

/* To one of the files; 0, an errno that the module answered, -1: said why. */
int mod_write(const char *name, const char *text);

/* To one of the parameters. */
int mod_set(const char *parameter, const char *text);

/* A parameter's number, 0 where it cannot be read. */
unsigned long mod_number(const char *parameter);

#endif
