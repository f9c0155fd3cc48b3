/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Work that keeps all CPUs busy while a test traces: calls, forks, page
 * faults, timers and wake-ups, a process for each on each CPU. They outlive
 * neither kcov_stress_stop() nor the test program.
 */
#ifndef KCOV_STRESS_H
#define KCOV_STRESS_H

#include <stdbool.h>

bool kcov_stress_start(void);
bool kcov_stress_runs(void *unused);
void kcov_stress_stop(void);

#endif /* KCOV_STRESS_H */
