// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl vmlinux: in its copy, what looks for callbacks as syzkaller's coverage page
 * does finds each function's entry, and all else is as it was.
 *
 * The compiler makes small files that are like a kernel's: functions that call
 * __fentry__, or have a nop there, and a list of these places.
 */
#define _GNU_SOURCE 1
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define FUNCTIONS 6
#define CALL 5

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static char directory[64];
static char said[4096];

/* Two of them begin with something else than the call, one is not of .text. */
static const char source[] =
	"asm(\".text\\n.globl __fentry__\\n.type __fentry__, @function\\n\"\n"
	"    \"__fentry__: ret\\n.size __fentry__, 1\\n\");\n"
	"asm(\".pushsection .rodata\\n.globl fake\\nfake: .byte 0xe8, 0, 0, 0, 0\\n.popsection\");\n"
	"int f0(int a) { return a + 1; }\n"
	"int f1(int a) { return f0(a) * 0x11e8; }\n"
	"__attribute__((noinline)) int f2(int a) { return f1(a) + f0(a); }\n"
	"int f3(int a) { return f2(a) - 3; }\n"
	"int f4(int a) { return f3(a) ^ f2(a); }\n"
	"int f5(int a) { return f4(a) + f3(a) * 2; }\n"
	"__attribute__((section(\".init.text\"))) int init(int a) { return f5(a); }\n"
	"__attribute__((no_instrument_function)) void _start(void) { init(0); for (;;) ; }\n";

/* In that directory, where a %s is this tree. The exit status. */
static int run(const char *command)
{
	char line[2048];
	FILE *pipe;
	int status;

	snprintf(line, sizeof(line), "{ cd %s && kcovctl=$OLDPWD/build/tools/kcovctl; %s; } 2>&1",
		 directory, command);
	pipe = popen(line, "re");
	if (!pipe)
		return -1;
	said[fread(said, 1, sizeof(said) - 1, pipe)] = '\0';
	status = pclose(pipe);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define COMPILE "gcc -g -O1 -pg -mfentry -mrecord-mcount -fno-pic -no-pie -static -nostdlib " \
	"-fcf-protection=branch -Wl,--defsym=__start_mcount_loc=__start___mcount_loc " \
	"-Wl,--defsym=__stop_mcount_loc=__stop___mcount_loc -Wl,--build-id kernel.c "

/* A .text that is shorter than a call, and a list that names places outside of it. */
#define TINY "printf '.globl __fentry__\\n__fentry__: ret\\n.section .rodata\\n" \
	".globl __start_mcount_loc, __stop_mcount_loc\\n__start_mcount_loc: .quad 0x5000\\n" \
	"__stop_mcount_loc:\\n' >tiny.s && gcc -g -c tiny.s"

static int set_up(void **state)
{
	char path[128];
	FILE *file;

	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/test_vmlinux.XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/kernel.c", directory);
	file = fopen(path, "we");
	if (!file || fputs(source, file) < 0 || fclose(file))
		return -1;
	if (!run(TINY) &&
	    !run(COMPILE "-o calls") && !run(COMPILE "-mnop-mcount -o nops") &&
	    !run("gcc -g -O1 -pg -mfentry -c kernel.c -o object.o"))
		return 0;
	print_error("%s", said);
	return -1;
}

static int tear_down(void **state)
{
	(void)state;
	return run("rm -rf \"$PWD\"");
}

static int clean(void **state)
{
	(void)state;
	return run("rm -f vmlinux*");
}

/* --- what a reader finds ------------------------------------------------------------------ */

struct file {
	unsigned char bytes[1 << 20];
	size_t length;
};

static const struct file *read_file(const char *name)
{
	static struct file file;
	char path[128];
	FILE *stream;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	stream = fopen(path, "re");
	assert_non_null(stream);
	file.length = fread(file.bytes, 1, sizeof(file.bytes), stream);
	fclose(stream);
	return &file;
}

static const Elf64_Shdr *section_at(const struct file *file, size_t number)
{
	const Elf64_Ehdr *header = (const void *)file->bytes;

	return (const void *)(file->bytes + header->e_shoff + number * sizeof(Elf64_Shdr));
}

static const Elf64_Shdr *section_named(const struct file *file, const char *name)
{
	const Elf64_Ehdr *header = (const void *)file->bytes;
	const Elf64_Shdr *names = section_at(file, header->e_shstrndx);

	for (size_t i = 0; i < header->e_shnum; i++) {
		const Elf64_Shdr *section = section_at(file, i);

		if (!strcmp((const char *)file->bytes + names->sh_offset + section->sh_name, name))
			return section;
	}
	return NULL;
}

/* 0: there is none of that name; more than one is an error. */
static uint64_t symbol(const struct file *file, const char *name)
{
	const Elf64_Shdr *table = section_named(file, ".symtab");
	const Elf64_Shdr *names = section_at(file, table->sh_link);
	uint64_t value = 0;

	for (size_t i = 0; i < table->sh_size / sizeof(Elf64_Sym); i++) {
		const Elf64_Sym *one = (const void *)(file->bytes + table->sh_offset +
						      i * sizeof(Elf64_Sym));

		if (strcmp((const char *)file->bytes + names->sh_offset + one->st_name, name))
			continue;
		assert_int_equal(value, 0);
		value = one->st_value;
	}
	return value;
}

/* Calls of what is named so: any byte of .text may begin one. */
static size_t find_calls(const struct file *file, const char *name, uint64_t *calls)
{
	const Elf64_Shdr *text = section_named(file, ".text");
	const unsigned char *code = file->bytes + text->sh_offset;
	const uint64_t callee = symbol(file, name);
	size_t count = 0;
	int32_t distance;

	for (uint64_t i = 0; callee && i + CALL <= text->sh_size; i++) {
		const uint64_t behind = text->sh_addr + i + CALL;

		memcpy(&distance, code + i + 1, sizeof(distance));
		if (code[i] == 0xe8 && behind + (uint64_t)(int64_t)distance == callee)
			calls[count++] = behind - CALL;
	}
	return count;
}

/* A function that starts with ENDBR has its call behind that. */
static void assert_each_entry_is_found(const struct file *file)
{
	uint64_t calls[64];
	const size_t count = find_calls(file, "__sanitizer_cov_trace_pc", calls);
	char name[8];

	assert_int_equal(count, FUNCTIONS);
	for (size_t i = 0; i < FUNCTIONS; i++) {
		snprintf(name, sizeof(name), "f%zu", i);
		assert_int_equal(calls[i] - symbol(file, name), 4);
	}
}

/* --- copies --------------------------------------------------------------------------------- */

static void each_entry_is_found(void **state)
{
	uint64_t calls[64];

	(void)state;
	assert_int_equal(find_calls(read_file("calls"), "__sanitizer_cov_trace_pc", calls), 0);
	assert_int_equal(run("$kcovctl vmlinux calls"), 0);
	assert_each_entry_is_found(read_file("vmlinux"));
	assert_non_null(strstr(said, "6 functions call __fentry__ in .text; 1 elsewhere"));
	assert_non_null(strstr(said, "not that of the running kernel"));
}

static void nops_are_calls_again(void **state)
{
	uint64_t calls[64];

	(void)state;
	assert_int_equal(find_calls(read_file("nops"), "__fentry__", calls), 0);
	assert_int_equal(run("$kcovctl vmlinux nops"), 0);
	assert_each_entry_is_found(read_file("vmlinux"));
	assert_non_null(strstr(said, "6 more have a nop in its place"));
}

/* But for the two sections' place and size. */
static void all_else_is_as_it_was(void **state)
{
	static struct file before;
	const struct file *after;
	size_t different = 0;

	(void)state;
	before = *read_file("calls");
	assert_int_equal(run("$kcovctl vmlinux -o other calls && mv other vmlinux"), 0);
	after = read_file("vmlinux");
	assert_in_range(after->length, before.length + 1, sizeof(after->bytes) - 1);
	for (size_t i = 0; i < before.length; i++)
		different += before.bytes[i] != after->bytes[i];
	assert_in_range(different, 2, 2 * 16);
	assert_int_equal(run("readelf -aW vmlinux 2>&1 >/dev/null | grep ."), 1);
	assert_int_equal(run("nm vmlinux | sed -n 's/ T f3$//p' | addr2line -e vmlinux | grep :7"),
			 0);
}

static void a_copy_is_not_copied(void **state)
{
	(void)state;
	assert_int_equal(run("$kcovctl vmlinux calls && $kcovctl vmlinux -o vmlinux.2 vmlinux"), 1);
	assert_non_null(strstr(said, "it has callbacks already"));
	assert_int_equal(run("test -e vmlinux.2"), 1);
}

static void a_file_that_is_there_stays(void **state)
{
	(void)state;
	assert_int_equal(run("echo mine >vmlinux; $kcovctl vmlinux calls"), 1);
	assert_non_null(strstr(said, "--force"));
	assert_int_equal(run("grep -q mine vmlinux"), 0);
	assert_int_equal(run("$kcovctl vmlinux --force calls && grep -q mine vmlinux"), 1);
}

static void what_is_copied_is_not_replaced(void **state)
{
	(void)state;
	assert_int_equal(run("cp calls vmlinux && $kcovctl vmlinux -f -o ./vmlinux vmlinux"), 1);
	assert_non_null(strstr(said, "would replace the kernel"));
	assert_int_equal(run("cmp calls vmlinux"), 0);
}

/* Its parts are not written in order. */
static void a_copy_is_a_regular_file(void **state)
{
	static const char *const others[] = { "-", "/dev/null", "." };
	char command[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		snprintf(command, sizeof(command), "$kcovctl vmlinux -f -o %s calls", others[i]);
		assert_int_equal(run(command), 1);
		assert_non_null(strstr(said, "name a regular file"));
	}
}

/* --- refusals --------------------------------------------------------------------------------- */

static void what_cannot_be_used_is_refused(void **state)
{
	static const struct {
		const char *make, *why;
	} files[] = {
		{ "strip -o bad calls", "no table of symbols" },
		{ "strip -g -o bad calls", "no debug information" },
		{ "objcopy --only-keep-debug calls bad", "no .text with code in it" },
		{ "objcopy -N __fentry__ calls bad", "no __fentry__" },
		{ "ld -e 0 -o bad tiny.o", "no .text with code in it" },
		{ "objcopy --add-symbol __sanitizer_cov_trace_pc=.text:0,global calls bad",
		  "it has callbacks already" },
		{ "cp object.o bad", "a module or an object" },
		{ "echo MZ >bad", "not an ELF file" },
		{ ": >bad", "not an ELF file" },
		{ "head -c 5000 calls >bad", "bad: " },
		{ "objcopy -N __start_mcount_loc nops bad", "no function calls __fentry__" },
		{ "rm -f bad", "ENOENT" },
	};
	char command[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(command, sizeof(command), "%s; $kcovctl vmlinux bad", files[i].make);
		assert_int_equal(run(command), 1);
		if (!strstr(said, files[i].why))
			fail_msg("%s: %s", files[i].make, said);
		assert_int_equal(run("ls | grep vmlinux"), 1);
	}
}

static void a_full_disk_leaves_nothing(void **state)
{
	(void)state;
	assert_int_equal(run("trap '' XFSZ; ulimit -f 4; $kcovctl vmlinux calls"), 1);
	assert_non_null(strstr(said, "EFBIG"));
	assert_int_equal(run("ls | grep vmlinux"), 1);
	assert_int_equal(run("$kcovctl vmlinux -o no/such calls"), 1);
	assert_non_null(strstr(said, "ENOENT"));
}

/* Of the running kernel there is none where this is tested, or it may be used. */
static void without_a_name_it_looks_for_the_running_kernels(void **state)
{
	const int status = run("$kcovctl vmlinux");

	(void)state;
	assert_true(!status || strstr(said, "linux-image-"));
	assert_int_equal(run("$kcovctl vmlinux a b"), 2);
	assert_int_equal(run("$kcovctl vmlinux --what a"), 2);
}

#define EACH(name) cmocka_unit_test_teardown(name, clean)

int main(void)
{
	const struct CMUnitTest vmlinux[] = {
		EACH(each_entry_is_found),
		EACH(nops_are_calls_again),
		EACH(all_else_is_as_it_was),
		EACH(a_copy_is_not_copied),
		EACH(a_file_that_is_there_stays),
		EACH(what_is_copied_is_not_replaced),
		EACH(a_copy_is_a_regular_file),
		EACH(what_cannot_be_used_is_refused),
		EACH(a_full_disk_leaves_nothing),
		EACH(without_a_name_it_looks_for_the_running_kernels),
	};

	return cmocka_run_group_tests(vmlinux, set_up, tear_down) != 0;
}
