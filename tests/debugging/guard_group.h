/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cgroup of a reproducer, and what /proc says of processes.
 */
#ifndef GUARD_GROUP_H
#define GUARD_GROUP_H

#include <stdbool.h>
#include <sys/types.h>

void group_make(const char *mebibytes, const char *processes);

/* The caller, and all that it starts: only somebody else's group_leave() moves them out. */
void group_enter_for_good(void);
void group_leave(pid_t pid);
bool group_is_populated(void);

/* All that the kernel lets go. */
void group_kill(void);

/* Say where they are. Returns the first of them, 0: there is none. */
pid_t group_print_stuck(void);

/* Say how many the limit of memory has killed, if any. */
void group_print_kills(void);

/* The first one; 0: it has none. */
pid_t process_child(pid_t pid);
void process_name(pid_t pid, char *name, size_t room);

/* Whether memory that is short may cost this process: 0, or -1000 not. */
void process_set_oom(const char *value);

#endif
