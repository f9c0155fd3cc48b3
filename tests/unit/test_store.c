// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files in which places are kept: what was put in comes out, and nothing
 * that lies there does any harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/kcovctl_places.h"
#include "tools/kcovctl_store.h"
#include "tools/kcovctl_storefile.h"
#include "tools/kcovctl_storing.h"

#define PLACES 1000

static const struct buildid id = { 4, { 1, 2, 3, 4 } };
static char home[64];

static int set_up(void **state)
{
	static char path[4096];

	(void)state;
	strcpy(home, "build/test-store.XXXXXX");
	if (!mkdtemp(home) || !realpath(home, path))
		return -1;
	places_open();
	return setenv("KCOV_CACHE", path, 1);
}

static int tear_down(void **state)
{
	char command[256];

	(void)state;
	places_close();
	snprintf(command, sizeof(command), "rm -rf %s", home);
	return system(command);
}

static struct store_key key_of(uint64_t i)
{
	return (struct store_key){ i % 3 ? ".text" : ".init.text", i * 7 };
}

/* Every fourth with no frames, the others with two. */
static struct place place_of(uint64_t i, char *name, struct frame *frames)
{
	sprintf(name, "function_%d", (int)(i / 10));
	frames[0] = (struct frame){ "inlined", "inlined.h", (int)i };
	frames[1] = (struct frame){ name, i % 5 ? "file.c" : NULL, -(int)i };
	return (struct place){
		.symbol = name, .symbol_offset = i, .symbol_size = i + 100,
		.frames = frames, .frame_count = i % 4 ? 2 : 0,
	};
}

static void fill(struct store *store, uint64_t from, uint64_t to, bool lines)
{
	for (uint64_t i = from; i < to; i++) {
		struct frame frames[2];
		char name[64];
		struct place place = place_of(i, name, frames);
		const struct store_key key = key_of(i);

		place.symbol = places_text(name);
		frames[1].function = place.symbol;
		if (place.frame_count)
			place.frames = places_frames(frames, 2);
		store_add(store, &key, &place, lines);
	}
}

static void assert_same(const struct place *a, const struct place *b)
{
	assert_string_equal(a->symbol, b->symbol);
	assert_true(a->symbol_offset == b->symbol_offset);
	assert_true(a->symbol_size == b->symbol_size);
	assert_int_equal(a->frame_count, b->frame_count);
	for (size_t i = 0; i < a->frame_count; i++) {
		assert_string_equal(a->frames[i].function,
				    b->frames[i].function);
		assert_int_equal(a->frames[i].line, b->frames[i].line);
		if (b->frames[i].file)
			assert_string_equal(a->frames[i].file,
					    b->frames[i].file);
		else
			assert_null(a->frames[i].file);
	}
}

static void assert_has(struct store *store, uint64_t from, uint64_t to,
		       bool with_lines)
{
	for (uint64_t i = from; i < to; i++) {
		struct frame frames[2];
		char name[64];
		struct place expected = place_of(i, name, frames), found = { 0 };
		const struct store_key key = key_of(i);
		bool has_lines;

		assert_true(store_find(store, &key, &found, &has_lines));
		assert_int_equal(has_lines, with_lines);
		assert_same(&found, &expected);
	}
}

static void what_is_put_in_comes_out(void **state)
{
	struct store *store = store_open(&id);
	const struct store_key other = { ".text", 1 }, elsewhere = { ".exit", 7 };
	struct place place = { 0 };
	bool has_lines;

	(void)state;
	fill(store, 0, PLACES, true);
	store_close(store);
	store = store_open(&id);
	assert_has(store, 0, PLACES, true);
	assert_false(store_find(store, &other, &place, &has_lines));
	assert_false(store_find(store, &elsewhere, &place, &has_lines));
	store_close(store);
}

static void what_is_added_joins_what_was_there(void **state)
{
	struct store *store = store_open(&id);

	(void)state;
	fill(store, PLACES, PLACES + 10, false);
	store_close(store);
	store = store_open(&id);
	assert_has(store, 0, PLACES, true);
	assert_has(store, PLACES, PLACES + 10, false);
	fill(store, PLACES, PLACES + 10, true);
	store_close(store);
	store = store_open(&id);
	assert_has(store, PLACES, PLACES + 10, true);
	store_close(store);
}

static void the_source_of_lines_is_kept(void **state)
{
	struct store *store = store_open(&id);
	struct binary_source source = { "/a/file", 12, UINT64_C(1) << 60 };

	(void)state;
	assert_null(store_source(store));
	store_set_source(store, &source);
	fill(store, 5000, 5001, true);
	store_close(store);
	store = store_open(&id);
	assert_string_equal(store_source(store)->path, "/a/file");
	assert_true(store_source(store)->mtime == UINT64_C(1) << 60);
	store_close(store);
}

static void what_is_forgotten_is_gone(void **state)
{
	struct store *store = store_open(&id);
	const struct store_key key = key_of(1);
	struct place place = { 0 };
	bool has_lines;

	(void)state;
	store_forget(store);
	fill(store, 0, 1, false);
	store_close(store);
	store = store_open(&id);
	assert_has(store, 0, 1, false);
	assert_false(store_find(store, &key, &place, &has_lines));
	assert_null(store_source(store));
	store_close(store);
}

/* A whole file in memory, from malloc(). */
static unsigned char *make_file(size_t *size)
{
	struct storing storing;
	unsigned char *bytes;

	storing_begin(&storing, &id, NULL);
	for (uint64_t i = 0; i < 50; i++) {
		struct frame frames[2];
		char name[64];
		const struct store_key key = key_of(i);
		struct storing_place place = { key.section, (uint32_t)key.offset,
					       place_of(i, name, frames), true };

		storing_add(&storing, &place);
	}
	assert_true(storing_end(&storing));
	*size = storing.size;
	bytes = storing.bytes;
	storing.bytes = NULL;
	storing_release(&storing);
	return bytes;
}

static void a_file_with_any_bit_changed_is_none(void **state)
{
	size_t size;
	unsigned char *good = make_file(&size);
	struct storefile file;

	(void)state;
	assert_true(storefile_parse(&file, good, size, &id));
	for (size_t i = 0; i < size; i++) {
		good[i] ^= (unsigned char)(1 << i % 8);
		assert_false(storefile_parse(&file, good, size, &id));
		good[i] ^= (unsigned char)(1 << i % 8);
	}
	for (size_t length = 0; length < size; length++)
		assert_false(storefile_parse(&file, good, length, &id));
	free(good);
}

static void a_file_of_another_id_is_none(void **state)
{
	const struct buildid other = { 4, { 1, 2, 3, 5 } }, shorter = { 3, { 1, 2, 3 } };
	size_t size;
	unsigned char *good = make_file(&size);
	struct storefile file;

	(void)state;
	assert_false(storefile_parse(&file, good, size, &other));
	assert_false(storefile_parse(&file, good, size, &shorter));
	free(good);
}

/* Whoever may write there can also make the sum fit. */
static void bad_numbers_under_a_good_sum_do_no_harm(void **state)
{
	unsigned int seed = 1;
	size_t size;
	unsigned char *good = make_file(&size), path[4096];
	unsigned char *bytes = malloc(size);

	(void)state;
	snprintf((char *)path, sizeof(path), "%s/symbols/01020304",
		 getenv("KCOV_CACHE"));
	for (int i = 0; i < 3000; i++) {
		struct storefile_header *header = (void *)bytes;
		struct store *store;
		FILE *out;

		memcpy(bytes, good, size);
		for (int k = 0; k <= i % 3; k++)
			bytes[(unsigned int)rand_r(&seed) % (size - 1)] =
				(unsigned char)rand_r(&seed);
		header->sum = storefile_sum(bytes, size);
		out = fopen((char *)path, "w");
		assert_non_null(out);
		assert_int_equal(fwrite(bytes, 1, size, out), size);
		fclose(out);
		store = store_open(&id);
		for (uint64_t p = 0; p < 50; p++) {
			const struct store_key key = key_of(p);
			struct place place = { 0 };
			bool has_lines;

			store_find(store, &key, &place, &has_lines);
		}
		if (i % 100 == 0)
			fill(store, 90, 91, true);
		store_close(store);
	}
	free(bytes);
	free(good);
}

static void too_much_for_one_file_begins_anew(void **state)
{
	struct store *store;
	char *name = malloc(1 << 20);

	(void)state;
	for (int round = 0; round < 2; round++) {
		store = store_open(&id);
		for (int i = 0; i < 20; i++) {
			const struct store_key key = { ".text", (uint64_t)round * 100 + i };
			struct place place = { .symbol = name };

			memset(name, 'a' + i, (1 << 20) - 1);
			name[(1 << 20) - 1] = '\0';
			name[0] = (char)('0' + round);
			place.symbol = places_text(name);
			store_add(store, &key, &place, false);
		}
		store_close(store);
	}
	store = store_open(&id);
	for (int i = 0; i < 20; i++) {
		const struct store_key old = { ".text", i }, new = { ".text", 100 + i };
		struct place place = { 0 };
		bool has_lines;

		assert_false(store_find(store, &old, &place, &has_lines));
		assert_true(store_find(store, &new, &place, &has_lines));
		assert_int_equal(place.symbol[1], 'a' + i);
	}
	store_close(store);
	free(name);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_in_comes_out),
		cmocka_unit_test(what_is_added_joins_what_was_there),
		cmocka_unit_test(the_source_of_lines_is_kept),
		cmocka_unit_test(what_is_forgotten_is_gone),
		cmocka_unit_test(a_file_with_any_bit_changed_is_none),
		cmocka_unit_test(a_file_of_another_id_is_none),
		cmocka_unit_test(bad_numbers_under_a_good_sum_do_no_harm),
		cmocka_unit_test(too_much_for_one_file_begins_anew),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down) != 0;
}
