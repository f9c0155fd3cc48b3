// SPDX-License-Identifier: GPL-2.0-only
/*
 * What could not be recorded, counted since the module was loaded; shown in
 * kcov_mod/lost. Records that find a buffer full are counted with the
 * descriptor.
 *
 * Context: any. Locking: none. Lifetime: the module's.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/seq_file.h>

#include "kcov_internal.h"

static const char * const names[] = {
	[KCOV_LOST_INVALID_HANDLE] = "sections_with_an_invalid_handle",
	[KCOV_LOST_NESTED] = "sections_inside_a_section",
	[KCOV_LOST_NO_AREA] = "sections_without_a_buffer",
	[KCOV_LOST_OUTLIVED] = "sections_that_outlived_their_owner",
	[KCOV_LOST_UNMERGED] = "sections_not_merged",
	[KCOV_LOST_CHILD] = "children_without_the_common_handle",
	[KCOV_LOST_HANDED] = "deferred_work_not_remembered",
	[KCOV_LOST_OF_TREE] = "tasks_outside_of_their_tree",
	[KCOV_LOST_DEPTH] = "deferred_work_of_too_long_a_chain",
	[KCOV_LOST_MODULE] = "modules_without_function_entries",
	[KCOV_LOST_FUNCTIONS] = "all_function_entries_with_a_module",
	[KCOV_LOST_COMPLETION] = "usb_completions_not_seen",
};

static_assert(ARRAY_SIZE(names) == KCOV_NR_LOSSES);

static atomic_long_t losses[KCOV_NR_LOSSES];

void kcov_loss_count(enum kcov_loss loss)
{
	atomic_long_inc(&losses[loss]);
}

void kcov_loss_add(enum kcov_loss loss, unsigned long number)
{
	atomic_long_add(number, &losses[loss]);
}

/* Process context. */
void kcov_loss_show(struct seq_file *m)
{
	unsigned long number;
	int i;

	for (i = 0; i < KCOV_NR_LOSSES; i++) {
		number = atomic_long_read(&losses[i]);
		if (i == KCOV_LOST_COMPLETION)
			number += kcov_hook_missed();
		seq_printf(m, "%s %lu\n", names[i], number);
	}
}
