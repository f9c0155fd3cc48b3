/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Any bytes as calls of kcov_record.h, compared with a model of it.
 */
#ifndef RECORD_INPUT_H
#define RECORD_INPUT_H

#include <stddef.h>
#include <stdint.h>

/* The name that libFuzzer looks for. Answers 0, and aborts if area and model differ. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

#endif /* RECORD_INPUT_H */
