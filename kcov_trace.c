// SPDX-License-Identifier: GPL-2.0-only
/*
 * The compiler's callbacks, and nothing else.
 *
 * Context: any at all: instrumented code runs in tasks, interrupts and NMIs,
 * with user access open, under any lock.
 * Locking: none; see kcov_recorder in kcov_internal.h.
 * Lifetime: an importing module pins this one.
 */
#include <linux/export.h>
#include <linux/instruction_pointer.h>
#include <uapi/linux/kcov.h>

#include "kcov_internal.h"

/**
 * __sanitizer_cov_trace_pc() - a basic block was entered
 *
 * Put into every basic block by -fsanitize-coverage=trace-pc. Records the
 * return address, which is what every user of the buffer expects.
 */
void __sanitizer_cov_trace_pc(void)
{
	struct kcov_recorder *rec = kcov_recorder_here(KCOV_TRACE_PC);

	if (rec)
		kcov_record_pc(rec, _RET_IP_ - kcov_kaslr_offset);
}
EXPORT_SYMBOL(__sanitizer_cov_trace_pc);
