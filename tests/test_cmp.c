// SPDX-License-Identifier: GPL-2.0-only
/*
 * KCOV_TRACE_CMP: what is recorded of a comparison and of a switch statement,
 * with code whose comparisons are known (kcov_fixed).
 *
 * Records of that module are looked at and no others: a kernel with kcov of its
 * own records the rest of the system call, too.
 */
#include "kcov_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RUN		"/sys/kernel/debug/kcov_fixed/run"
#define TICKS		"/sys/kernel/debug/kcov_sample/ticks"
#define SPIN		"/sys/kernel/debug/kcov_plain/spin"

#define RECORD_WORDS	4
#define RECORDS_MAX	64
#define CAPACITY(size)	(((size) - 1) / RECORD_WORDS)

struct record {
	unsigned long type, arg1, arg2, pc;
};

struct records {
	struct record all[RECORDS_MAX];
	size_t count;
};

static int enable_cmp(int fd)
{
	return kcov_ioctl(fd, KCOV_ENABLE, KCOV_TRACE_CMP);
}

static const struct record *record_at(const struct kcov_test *t, size_t i)
{
	return (const struct record *)(t->buffer + 1) + i;
}

static bool is_comparison(const struct record *record)
{
	return record->type <= (KCOV_CMP_CONST | KCOV_CMP_MASK) && kcov_is_pc(record->pc);
}

/*
 * The module's among the records of writing this text to this file. All that
 * are counted must be comparisons, the kernel's too if it has them.
 */
static struct records trace_write(const struct kcov_test *t, const char *path, const char *text,
				  const char *module)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	struct records records = { .count = 0 };
	struct kcov_range range;
	size_t count;

	assert_true(fd >= 0 && kcov_module_text(module, &range));
	assert_int_equal(enable_cmp(t->fd), 0);
	kcov_set_count(t, 0);
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		perror(path);
	count = kcov_count(t);
	assert_int_equal(kcov_disable(t->fd), 0);
	close(fd);
	assert_true(count < CAPACITY(t->size));
	for (size_t i = 0; i < count && records.count < RECORDS_MAX; i++) {
		assert_true(is_comparison(record_at(t, i)));
		if (kcov_is_within(&range, record_at(t, i)->pc))
			records.all[records.count++] = *record_at(t, i);
	}
	return records;
}

static struct records trace_run(const struct kcov_test *t, const char *text)
{
	return trace_write(t, RUN, text, "kcov_fixed");
}

static void assert_record(const struct record *record, unsigned long type, unsigned long arg1,
			  unsigned long arg2)
{
	assert_int_equal(record->type, type);
	assert_int_equal(record->arg1, arg1);
	assert_int_equal(record->arg2, arg2);
}

static void assert_one(const struct kcov_test *t, const char *text, unsigned long type,
		       unsigned long arg1, unsigned long arg2)
{
	const struct records records = trace_run(t, text);

	assert_int_equal(records.count, 1);
	assert_record(&records.all[0], type, arg1, arg2);
}

static void operands_of_1_byte_are_recorded(void **state)
{
	assert_one(*state, "cmp1 0x1f2 3", KCOV_CMP_SIZE(0), 0xf2, 3);
}

static void operands_of_2_bytes_are_recorded(void **state)
{
	assert_one(*state, "cmp2 0x1fff2 3", KCOV_CMP_SIZE(1), 0xfff2, 3);
}

static void operands_of_4_bytes_are_recorded(void **state)
{
	assert_one(*state, "cmp4 0x1fffffff2 3", KCOV_CMP_SIZE(2), 0xfffffff2, 3);
}

static void operands_of_8_bytes_are_recorded(void **state)
{
	assert_one(*state, "cmp8 0xfffffffffffffff2 3", KCOV_CMP_SIZE(3), 0xfffffffffffffff2, 3);
}

static void negative_operands_are_widened_with_zeroes(void **state)
{
	assert_one(*state, "signed1 -2 -1", KCOV_CMP_SIZE(0), 0xfe, 0xff);
	assert_one(*state, "signed4 -2 -1", KCOV_CMP_SIZE(2), 0xfffffffe, 0xffffffff);
}

static void constant_of_1_byte_is_the_first_operand(void **state)
{
	assert_one(*state, "const1 7 0", KCOV_CMP_CONST | KCOV_CMP_SIZE(0), 0x51, 7);
}

static void constant_of_2_bytes_is_the_first_operand(void **state)
{
	assert_one(*state, "const2 7 0", KCOV_CMP_CONST | KCOV_CMP_SIZE(1), 0x5152, 7);
}

static void constant_of_4_bytes_is_the_first_operand(void **state)
{
	assert_one(*state, "const4 7 0", KCOV_CMP_CONST | KCOV_CMP_SIZE(2), 0x51525354, 7);
}

static void constant_of_8_bytes_is_the_first_operand(void **state)
{
	assert_one(*state, "const8 7 0", KCOV_CMP_CONST | KCOV_CMP_SIZE(3), 0x5152535455565758, 7);
}

/* One record a case, though the value is compared with none of them in turn. */
static void assert_cases(const struct kcov_test *t, const char *text, unsigned long size,
			 unsigned long value)
{
	const unsigned long constants[] = { 3, 50, 101 };
	const struct records records = trace_run(t, text);

	assert_int_equal(records.count, ARRAY_SIZE(constants));
	for (size_t i = 0; i < ARRAY_SIZE(constants); i++) {
		assert_record(&records.all[i], KCOV_CMP_CONST | size, constants[i], value);
		assert_int_equal(records.all[i].pc, records.all[0].pc);
	}
}

static void switch_on_1_byte_records_each_case(void **state)
{
	assert_cases(*state, "switch1 0x132 0", KCOV_CMP_SIZE(0), 50);
}

static void switch_on_2_bytes_records_each_case(void **state)
{
	assert_cases(*state, "switch2 0x10032 0", KCOV_CMP_SIZE(1), 50);
}

static void switch_on_4_bytes_records_each_case(void **state)
{
	assert_cases(*state, "switch4 0x100000032 0", KCOV_CMP_SIZE(2), 50);
}

static void switch_on_8_bytes_records_each_case(void **state)
{
	assert_cases(*state, "switch8 0x100000032 0", KCOV_CMP_SIZE(3), 0x100000032);
}

static void switch_without_a_match_records_each_case(void **state)
{
	assert_cases(*state, "switch4 7 0", KCOV_CMP_SIZE(2), 7);
}

static void switch_of_an_odd_width_records_nothing(void **state)
{
	const char *const odd[] = { "0", "1", "7", "24", "33", "65", "128", "-1", "0x100000008" };
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		snprintf(text, sizeof(text), "odd_switch %s 5", odd[i]);
		assert_int_equal(trace_run(*state, text).count, 0);
	}
	assert_int_equal(trace_run(*state, "odd_switch 16 5").count, 2);
}

static void switch_without_cases_records_nothing(void **state)
{
	assert_one(*state, "empty_switch 9 5", KCOV_CMP_CONST | KCOV_CMP_SIZE(3), 9, 5);
}

static void pc_is_of_the_function_that_compares(void **state)
{
	const struct records records = trace_run(*state, "cmp4 1 2\nswitch4 1 2");

	assert_int_equal(records.count, 4);
	assert_string_equal(kcov_symbol_at(records.all[0].pc), "fixed_cmp4");
	assert_string_equal(kcov_symbol_at(records.all[3].pc), "fixed_switch4");
}

static void comparisons_stand_in_order(void **state)
{
	const struct records records = trace_run(*state, "cmp1 1 2\ncmp8 3 4\ncmp2 5 6");

	assert_int_equal(records.count, 3);
	assert_record(&records.all[0], KCOV_CMP_SIZE(0), 1, 2);
	assert_record(&records.all[1], KCOV_CMP_SIZE(3), 3, 4);
	assert_record(&records.all[2], KCOV_CMP_SIZE(1), 5, 6);
}

static void types_are_below_8(void **state)
{
	const struct records records = trace_run(*state,
		"cmp1 1 2\nconst8 3 4\nswitch8 5 6\nswitch1 1 1\nsigned1 1 1");

	assert_true(records.count > 0);
	for (size_t i = 0; i < records.count; i++)
		assert_in_range(records.all[i].type, 0, 7);
}

/* Of a switch of two cases: each is a record of its own. */
static const char fills[] =
	"switch8 1 1\nswitch8 1 1\nswitch8 1 1\nswitch8 1 1\nswitch8 1 1\nswitch8 1 1\n"
	"switch8 1 1\nswitch8 1 1\nswitch8 1 1\nswitch8 1 1\nswitch8 1 1\nswitch8 1 1\n";

/* Runs more comparisons than fit, behind this count. */
static void fill(const struct kcov_test *t, unsigned long count)
{
	const int fd = open(RUN, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(enable_cmp(t->fd), 0);
	/* What the way out of ENABLE compares is recorded where all the kernel is. */
	memset(t->buffer, 0, t->size * sizeof(t->buffer[0]));
	kcov_set_count(t, count);
	for (int i = 0; i < 5; i++)
		assert_int_equal(write(fd, fills, strlen(fills)), strlen(fills));
	assert_int_equal(kcov_disable(t->fd), 0);
	close(fd);
}

static void buffer_holds_whole_records_only(void **state)
{
	const struct kcov_test *t = *state;
	const size_t used = 1 + RECORD_WORDS * CAPACITY(t->size);

	fill(t, 0);
	assert_int_equal(kcov_count(t), CAPACITY(t->size));
	assert_true(t->buffer[used - 1] != 0);
	for (size_t i = used; i < t->size; i++)
		assert_int_equal(t->buffer[i], 0);
}

static void last_free_slot_is_used(void **state)
{
	const struct kcov_test *t = *state;
	const size_t last = CAPACITY(t->size) - 1;

	fill(t, last);
	assert_int_equal(kcov_count(t), last + 1);
	for (size_t i = 1; i < 1 + RECORD_WORDS * last; i++)
		assert_int_equal(t->buffer[i], 0);
	assert_true(record_at(t, last)->pc != 0);
}

static void assert_count_is_safe(const struct kcov_test *t, unsigned long count)
{
	fill(t, count);
	assert_int_equal(kcov_count(t), count);
	for (size_t i = 1; i < t->size; i++)
		assert_int_equal(t->buffer[i], 0);
}

static void count_that_is_full_stays(void **state)
{
	const struct kcov_test *t = *state;

	assert_count_is_safe(t, CAPACITY(t->size));
}

static void any_count_is_safe(void **state)
{
	const struct kcov_test *t = *state;
	const unsigned long counts[] = {
		CAPACITY(t->size) + 1, t->size, 2 * t->size, 1UL << 32, 1UL << 59, (1UL << 61) - 1,
		1UL << 61, (1UL << 61) + 1, 1UL << 62, 3UL << 62, 1UL << 63, -1UL << 61, -2UL, -1UL,
	};

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		assert_count_is_safe(t, counts[i]);
}

/* A slot counted wrongly would lie before the buffer, or behind it. */
static void neighbours_of_the_buffer_are_left_alone(void **state)
{
	const unsigned long counts[] = { 0, -1UL, -2UL, 1UL << 62, 128, 129, 512 };
	struct kcov_test three[3];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(three); i++)
		assert_true(kcov_make(&three[i], KCOV_PAGE_WORDS));
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		fill(&three[1], counts[i]);
	for (size_t i = 0; i < KCOV_PAGE_WORDS; i++)
		assert_true(three[0].buffer[i] == 0 && three[2].buffer[i] == 0);
	for (size_t i = 0; i < ARRAY_SIZE(three); i++)
		kcov_release(&three[i]);
}

static void write_run(void *text)
{
	const int fd = open(RUN, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(RUN);
	close(fd);
}

static size_t count_pcs(const struct kcov_test *t, size_t count, const char *name)
{
	size_t found = 0;

	for (size_t i = 1; i <= count; i++)
		found += !strcmp(kcov_symbol_at(t->buffer[i]), name);
	return found;
}

/* One block, one comparison: a record of either callback, not of both. */
static void pc_mode_records_no_comparison(void **state)
{
	const struct kcov_test *t = *state;
	const ssize_t count = kcov_trace(t, write_run, "cmp4 1 2");

	assert_true(count > 0 && kcov_in_range(t, count));
	assert_int_equal(count_pcs(t, count, "fixed_cmp4"), 1);
}

static void cmp_mode_records_no_block(void **state)
{
	trace_run(*state, "blocks 2 0");
	assert_int_equal(trace_run(*state, "cmp4 1 2").count, 1);
}

static void descriptor_changes_its_mode_from_one_enable_to_the_next(void **state)
{
	const struct kcov_test *t = *state;

	assert_int_equal(trace_run(t, "cmp1 1 2").count, 1);
	assert_true(kcov_trace(t, write_run, "cmp1 1 2") > 0);
	assert_int_equal(trace_run(t, "cmp1 1 2").count, 1);
}

static void pc_mode_has_the_whole_buffer_behind_cmp_mode(void **state)
{
	const struct kcov_test *t = *state;

	fill(t, 0);
	assert_int_equal(kcov_enable(t->fd), 0);
	kcov_set_count(t, 0);
	write_run("blocks 1 1000");
	assert_int_equal(kcov_disable(t->fd), 0);
	assert_int_equal(kcov_count(t), t->size - 1);
}

static int run_in_thread(void *text)
{
	write_run(text);
	return 0;
}

static void comparisons_of_another_thread_are_not_recorded(void **state)
{
	const struct kcov_test *t = *state;
	struct kcov_range text;
	size_t found = 0;

	assert_true(kcov_module_text("kcov_fixed", &text));
	assert_int_equal(enable_cmp(t->fd), 0);
	assert_int_equal(kcov_in_thread(run_in_thread, "cmp8 1 2\nconst4 3 4"), 0);
	assert_int_equal(kcov_disable(t->fd), 0);
	for (size_t i = 0; i < kcov_count(t) && i < CAPACITY(t->size); i++)
		found += kcov_is_within(&text, record_at(t, i)->pc);
	assert_int_equal(found, 0);
}

/* The driver's interrupts compare a letter each time. */
static void comparisons_of_interrupts_are_not_recorded(void **state)
{
	const struct kcov_test *t = *state;
	const unsigned long before = kcov_read_number(TICKS, "");
	struct records records;

	assert_int_equal(kcov_write_file(TICKS, "100"), 0);
	records = trace_write(t, SPIN, "200", "kcov_sample");
	assert_int_equal(kcov_write_file(TICKS, "0"), 0);
	assert_true(kcov_read_number(TICKS, "") > before + 10);
	assert_int_equal(records.count, 0);
}

static int load_modules(void **state)
{
	(void)state;
	return kcov_load("kcov_fixed") || kcov_load("kcov_sample") ||
	       kcov_load("kcov_plain") ? -1 : 0;
}

static int unload_modules(void **state)
{
	(void)state;
	return kcov_unload("kcov_plain") || kcov_unload("kcov_sample") ||
	       kcov_unload("kcov_fixed") ? -1 : 0;
}

/* A buffer of one page, that a few writes fill. */
static int setup_page(void **state)
{
	static struct kcov_test test;

	*state = &test;
	return kcov_make(&test, KCOV_PAGE_WORDS) ? 0 : -1;
}

#define PAGE_TEST(name) cmocka_unit_test_setup_teardown(name, setup_page, kcov_test_teardown)

int main(void)
{
	const struct CMUnitTest cmp[] = {
		KCOV_TEST(operands_of_1_byte_are_recorded),
		KCOV_TEST(operands_of_2_bytes_are_recorded),
		KCOV_TEST(operands_of_4_bytes_are_recorded),
		KCOV_TEST(operands_of_8_bytes_are_recorded),
		KCOV_TEST(negative_operands_are_widened_with_zeroes),
		KCOV_TEST(constant_of_1_byte_is_the_first_operand),
		KCOV_TEST(constant_of_2_bytes_is_the_first_operand),
		KCOV_TEST(constant_of_4_bytes_is_the_first_operand),
		KCOV_TEST(constant_of_8_bytes_is_the_first_operand),
		KCOV_TEST(switch_on_1_byte_records_each_case),
		KCOV_TEST(switch_on_2_bytes_records_each_case),
		KCOV_TEST(switch_on_4_bytes_records_each_case),
		KCOV_TEST(switch_on_8_bytes_records_each_case),
		KCOV_TEST(switch_without_a_match_records_each_case),
		KCOV_TEST(switch_of_an_odd_width_records_nothing),
		KCOV_TEST(switch_without_cases_records_nothing),
		KCOV_TEST(pc_is_of_the_function_that_compares),
		KCOV_TEST(comparisons_stand_in_order),
		KCOV_TEST(types_are_below_8),
		PAGE_TEST(buffer_holds_whole_records_only),
		PAGE_TEST(last_free_slot_is_used),
		PAGE_TEST(count_that_is_full_stays),
		PAGE_TEST(any_count_is_safe),
		KCOV_TEST(neighbours_of_the_buffer_are_left_alone),
		KCOV_TEST(pc_mode_records_no_comparison),
		KCOV_TEST(cmp_mode_records_no_block),
		KCOV_TEST(descriptor_changes_its_mode_from_one_enable_to_the_next),
		PAGE_TEST(pc_mode_has_the_whole_buffer_behind_cmp_mode),
		KCOV_TEST(comparisons_of_another_thread_are_not_recorded),
		KCOV_TEST(comparisons_of_interrupts_are_not_recorded),
	};
	const int failed = cmocka_run_group_tests(cmp, load_modules, unload_modules);

	return failed != 0;
}
