// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many traces of one operation: all that makes them differ is named here, with
 * the reason.
 *
 * What is named is recorded by the kernel's own kcov too, and says something
 * where it does follow from the input, so it is not in kcov_excluded_*.h. It is
 * forgiven in the operations it is named for and in no other.
 */
#include "kcov_variance.h"
#include "kcov_test.h"

#include <stdio.h>
#include <string.h>

#define VARIANTS_MAX	2000
/* Words of all of them together. */
#define POOL		(4UL << 20)
/* More that differ are only counted. */
#define PRINTED_MAX	10
/* Records printed from where a trace goes another way. */
#define PRINTED_RECORDS	8

#define FUNCTIONS_MAX	24

struct cause {
	int operations;	/* bits */
	/* Ends with NULL; without what the compiler appends to a name. */
	const char *functions[FUNCTIONS_MAX];
	const char *reason;
};

static const struct cause causes[] = {
	{
		KCOV_ANY,
		{
			"mod_find",
		},
		"our module is on a stack that KASAN saves, as a switch of tasks came upon it",
	}, {
		KCOV_ANY,
		{
			"queue_delayed_work_on", "__queue_delayed_work", "add_timer",
			"lock_timer_base", "detach_if_pending", "calc_wheel_index",
			"enqueue_timer",
		},
		"a switch of tasks starts the clock of the pressure averages again",
	}, {
		KCOV_OPEN | KCOV_MMAP | KCOV_FORK,
		{
			/* 7.3 */
			"mod_delayed_work_on", "try_to_grab_pending", "timer_delete",
			"clear_pending_if_disabled", "add_timer_global",
		},
		"what RCU frees later is collected, and the first of it starts a clock",
	}, {
		KCOV_OPEN | KCOV_MMAP | KCOV_FORK,
		{
			"_get_random_bytes", "crng_make_state", "ktime_get_seconds",
			"crng_reseed", "extract_entropy", "crng_fast_key_erasure",
			"chacha_block_generic", "chacha_permute", "blake2s_update",
			"blake2s_final", "blake2s_compress", "irq_fpu_usable",
			"kernel_fpu_begin_mask", "kernel_fpu_end",
		},
		"random numbers: those drawn ahead are used up, a block of the pool is full",
	}, {
		KCOV_FORK,
		{
			"anon_vma_ctor", "sighand_ctor",
		},
		"a slab is used up: the objects of a new one are constructed",
	}, {
		KCOV_MMAP | KCOV_FORK | KCOV_FAULT,
		{
			"folio_batch_move_lru", "lru_add_fn", "folio_activate_fn",
			"lru_move_tail_fn", "lru_deactivate_fn", "lru_deactivate_file_fn",
			"lru_lazyfree_fn", "folio_mapping", "release_pages",
			/* 6.12 */
			"lru_add", "lru_activate", "lru_move_tail", "lru_deactivate",
			"lru_deactivate_file", "lru_lazyfree", "folios_put_refs",
			/* 7.3: one of them was the last to hold a page */
			"__page_cache_release",
		},
		"pages that the last tasks on this CPU have left to be put on a list",
	}, {
		KCOV_PIPE,
		{
			"__mnt_want_write_file", "__mnt_want_write", "generic_update_time",
			"__mark_inode_dirty", "__mnt_drop_write_file", "__mnt_drop_write",
			"current_time", "ktime_get_coarse_real_ts64",
			/* 6.12 */
			"mnt_get_write_access_file", "mnt_get_write_access",
			"inode_update_timestamps", "timestamp_truncate",
			"mnt_put_write_access", "mnt_put_write_access_file",
		},
		"the tick has changed the time that the pipe was last written or read",
	}, {
		KCOV_FORK,
		{
			"__vmalloc_node_range", "__get_vm_area_node", "alloc_vmap_area",
			"insert_vmap_area_augment", "insert_vmap_area",
			"alloc_pages_bulk_array_mempolicy", "__vmap_pages_range_noflush",
			"vmap_small_pages_range_noflush", "__pte_alloc_kernel", "find_vm_area",
			/* 6.12 */
			"__vmalloc_node_range_noprof", "alloc_pages_bulk_array_mempolicy_noprof",
			"find_vmap_area",
			/* 7.3 */
			"__vmalloc_node_noprof", "memalloc_apply_gfp_scope",
			"memalloc_restore_scope", "alloc_pages_bulk_mempolicy_noprof",
			"__vmap_pages_range",
			/* the shadow that KASAN maps for it */
			"is_vmalloc_or_module_addr", "is_vmalloc_addr",
			"apply_to_page_range", "__apply_to_page_range",
		},
		"a stack is made: no exited task has left one to this CPU",
	}, {
		KCOV_FORK,
		{
			"wait_consider_task", "pid_task",
			/* pid_task() asks it with lockdep */
			"lockdep_tasklist_lock_is_held",
			/* 6.12 */
			"__do_wait",
		},
		"the child is gone already when its parent begins to wait",
	}, {
		KCOV_FORK,
		{
			"__put_task_struct", "cgroup_free", "exit_creds", "__put_cred",
			"free_task", "arch_release_task_struct", "bpf_task_storage_free",
		},
		"who waited for the family's anon_vma lock has exited before its waker lets go of it",
	}, {
		KCOV_FORK,
		{
			"put_pid_ns",
			/* 7.3 */
			"pidfs_free_pid",
		},
		"the parent drops the last reference to the child's number, RCU all others",
	}, {
		KCOV_FORK,
		{
			"pcpu_alloc_noprof", "pcpu_find_block_fit", "pcpu_next_fit_region",
			"pcpu_next_md_free_region", "pcpu_alloc_area", "pcpu_chunk_slot",
			"pcpu_chunk_relocate", "pcpu_block_update_hint_alloc",
			"pcpu_block_refresh_hint", "pcpu_block_update",
		},
		"counters for each CPU: where the next free piece lies depends on all who have one",
	}, {
		KCOV_FORK,
		{
			"__pte_offset_map_lock", "pte_offset_map_nolock", "__pte_offset_map",
			/* 6.12-rt */
			"preempt_model_lazy",
			/* 7.3 */
			"pte_offset_map_lock", "pte_offset_map_rw_nolock",
		},
		"copying pages starts again when somebody else is to run",
	}, {
		KCOV_MMAP,
		{
			"pte_offset_map_lock", "__pte_offset_map_lock", "__pte_offset_map",
			"flush_tlb_batched_pending",
		},
		"unmapping pages starts again when somebody else is to run",
	}, {
		KCOV_FORK,
		{
			"on_each_cpu_cond_mask", "smp_call_function_many_cond",
		},
		"pages made read-only are in the other CPU's TLB, too: we ran there before",
	}, {
		KCOV_FORK,
		{
			"smp_call_function_single_async", "generic_exec_single",
		},
		"the scheduler sets a timer of the other CPU, for the child",
	}, {
		KCOV_FORK | KCOV_FAULT,
		{
			"sync_mm_rss",
		},
		"every 64th page fault of a task adds up its counters",
	},
};

static bool is_among(const char *const *functions, const char *name)
{
	const size_t length = strcspn(name, ".");

	for (; *functions; functions++)
		if (strlen(*functions) == length && !strncmp(*functions, name, length))
			return true;
	return false;
}

static const struct cause *look_cause_up(enum kcov_operation operation, unsigned long pc)
{
	const char *name = kcov_symbol_at(pc);

	for (size_t i = 0; i < ARRAY_SIZE(causes); i++)
		if (causes[i].operations & operation && is_among(causes[i].functions, name))
			return &causes[i];
	return NULL;
}

/* The same few functions are asked for again and again. */
static const struct cause *find_cause(enum kcov_operation operation, unsigned long pc)
{
	static struct {
		unsigned long pc;
		enum kcov_operation operation;
		const struct cause *cause;
	} known[1 << 12];
	const size_t i = pc / 16 % ARRAY_SIZE(known);

	if (known[i].pc != pc || known[i].operation != operation) {
		known[i].pc = pc;
		known[i].operation = operation;
		known[i].cause = look_cause_up(operation, pc);
	}
	return known[i].cause;
}

static size_t count_of_cause(enum kcov_operation operation, const struct kcov_variant *variant,
			     const struct cause *cause)
{
	size_t count = 0;

	for (size_t i = 0; i < variant->count; i++)
		count += find_cause(operation, variant->pcs[i]) == cause;
	return count;
}

/* The next record that nothing excuses; the trace's count if there is none. */
static size_t next_unexcused(enum kcov_operation operation, const struct kcov_variant *variant,
			     size_t i)
{
	while (i < variant->count && find_cause(operation, variant->pcs[i]))
		i++;
	return i;
}

/* Where two traces begin to differ without an excuse: before these records. */
struct difference {
	size_t first, second;
};

static bool find_difference(enum kcov_operation operation, const struct kcov_variant *first,
			    const struct kcov_variant *second, struct difference *at)
{
	size_t i = 0, j = 0;

	for (;; i++, j++) {
		i = next_unexcused(operation, first, i);
		j = next_unexcused(operation, second, j);
		if (i == first->count || j == second->count || first->pcs[i] != second->pcs[j])
			break;
	}
	*at = (struct difference){ i, j };
	return i < first->count || j < second->count;
}

bool kcov_alike(enum kcov_operation operation, const struct kcov_variant *first,
		const struct kcov_variant *second)
{
	struct difference at;

	return !find_difference(operation, first, second, &at);
}

/*
 * In shared memory that is there from the start: pages of our own that come
 * while we trace would make a fork longer.
 */
bool kcov_variants_make(struct kcov_variants *set)
{
	set->list = kcov_shared(VARIANTS_MAX * sizeof(*set->list));
	set->pool = kcov_shared(POOL * sizeof(*set->pool));
	return set->list && set->pool;
}

void kcov_variants_start(struct kcov_variants *set, enum kcov_operation operation,
			 const char *name)
{
	set->operation = operation;
	set->name = name;
	set->count = 0;
	set->total = 0;
	set->used = 0;
}

/* False if there is no room. */
bool kcov_variants_add(struct kcov_variants *set, const unsigned long *pcs, size_t count)
{
	set->total++;
	for (int i = 0; i < set->count; i++) {
		struct kcov_variant *known = &set->list[i];

		if (known->count == count && !memcmp(known->pcs, pcs, count * sizeof(*pcs))) {
			known->seen++;
			return true;
		}
	}
	if (set->count == VARIANTS_MAX || set->used + count > POOL)
		return false;
	memcpy(set->pool + set->used, pcs, count * sizeof(*pcs));
	set->list[set->count++] = (struct kcov_variant){ set->pool + set->used, count, 1 };
	set->used += count;
	return true;
}

/* The one seen most often: what the others are compared with. */
const struct kcov_variant *kcov_variants_usual(const struct kcov_variants *set)
{
	const struct kcov_variant *usual = set->list;

	for (int i = 1; i < set->count; i++)
		if (set->list[i].seen > usual->seen)
			usual = &set->list[i];
	return usual;
}

static const char *name_at(const struct kcov_variant *variant, size_t i)
{
	return i < variant->count ? kcov_symbol_at(variant->pcs[i]) : "the end";
}

static void print_difference(const struct kcov_variants *set, const struct kcov_variant *usual,
			     const struct kcov_variant *other, const struct difference *at)
{
	print_error("%s: %d of %d go another way behind %s: to %s, not to %s; then",
		    set->name, other->seen, set->total,
		    at->first ? name_at(usual, at->first - 1) : "the start",
		    name_at(other, at->second), name_at(usual, at->first));
	for (size_t i = 1; i <= PRINTED_RECORDS && at->second + i <= other->count; i++)
		print_error(" %s", name_at(other, at->second + i));
	print_error("\n");
}

/* How many traces are not alike; the first of them are printed. */
int kcov_variants_unexcused(const struct kcov_variants *set)
{
	const struct kcov_variant *const usual = kcov_variants_usual(set);
	int count = 0, printed = 0;
	struct difference at;

	for (int i = 0; i < set->count; i++) {
		if (!find_difference(set->operation, usual, &set->list[i], &at))
			continue;
		if (printed++ < PRINTED_MAX)
			print_difference(set, usual, &set->list[i], &at);
		count += set->list[i].seen;
	}
	return count;
}

/* How many traces have another number of a cause's functions than the usual one. */
static int count_differing(const struct kcov_variants *set, const struct cause *cause)
{
	const size_t usual = count_of_cause(set->operation, kcov_variants_usual(set), cause);
	int differ = 0;

	for (int i = 0; i < set->count; i++)
		if (count_of_cause(set->operation, &set->list[i], cause) != usual)
			differ += set->list[i].seen;
	return differ;
}

static size_t longest(const struct kcov_variants *set)
{
	size_t count = 0;

	for (int i = 0; i < set->count; i++)
		if (set->list[i].count > count)
			count = set->list[i].count;
	return count;
}

/* How many were identical, and how many differed for which reason. */
void kcov_variants_print(const struct kcov_variants *set)
{
	const struct kcov_variant *const usual = kcov_variants_usual(set);

	printf("# %s: %d of %d identical, %zu records; at most %zu\n", set->name, usual->seen,
	       set->total, usual->count, longest(set));
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
		const int differ = count_differing(set, &causes[i]);

		if (differ)
			printf("# %s: %d differ: %s\n", set->name, differ, causes[i].reason);
	}
}
