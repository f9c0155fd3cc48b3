// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text symbols of the running kernel and its modules, as /proc/kallsyms
 * gives them, at the addresses they have without KASLR: those kcov records.
 *
 * Read at the first question and kept until kcov_symbols_forget(). One thread at a time.
 */
#include "kcov_test.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where _text is linked on x86-64. */
#define TEXT_LINKED	0xffffffff81000000UL
/* User-mode Linux is a program, and lies where it was linked. */
#define UML_TEXT_LINKED	0x60001000UL

struct symbol {
	unsigned long address;
	char *name;
};

static struct symbol *symbols;
static size_t symbol_count;
static unsigned long offset;
static bool offset_is_known;

/* Lines read "name size users by state address ...". */
static bool read_module(const char *line, char *name, struct kcov_range *all)
{
	unsigned long size;

	if (sscanf(line, "%63s %lu %*s %*s %*s %lx", name, &size, &all->first) != 3)
		return false;
	all->behind = all->first + size;
	return true;
}

static bool find_line(FILE *file, const char *wanted, struct kcov_range *text)
{
	char line[512], name[64];

	while (fgets(line, sizeof(line), file))
		if (read_module(line, name, text) && !strcmp(name, wanted))
			return true;
	return false;
}

/* A part of a module that begins behind the text is no part of the text. */
static void limit(struct kcov_range *text, unsigned long address)
{
	if (address > text->first && address < text->behind)
		text->behind = address;
}

static unsigned long begin_of_init(const char *module)
{
	unsigned long address = 0;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/%s/sections/.init.text", module);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%lx", &address) != 1)
		address = 0;
	fclose(file);
	return address;
}

/*
 * Where a module's text lies, as the running kernel has it. Since 6.4 the size is
 * that of several parts, and other modules may lie between them.
 */
static bool find_module(const char *wanted, struct kcov_range *text)
{
	FILE *file = fopen("/proc/modules", "re");
	char line[512], name[64];
	struct kcov_range other;
	bool found;

	if (!file)
		return false;
	found = find_line(file, wanted, text);
	rewind(file);
	while (found && fgets(line, sizeof(line), file))
		if (read_module(line, name, &other))
			limit(text, other.first);
	fclose(file);
	if (found)
		limit(text, begin_of_init(wanted));
	return found;
}

/*
 * The table still names a module's initialisation when that is freed, and something
 * else may lie there now. Modules come one after the other.
 */
static char last_module[64];
static struct kcov_range last_text;

static bool is_freed(unsigned long address, const char *module)
{
	if (strcmp(last_module, module)) {
		snprintf(last_module, sizeof(last_module), "%s", module);
		if (!find_module(module, &last_text))
			last_text = (struct kcov_range){ 0 };
	}
	return !kcov_is_within(&last_text, address);
}

/* Lines read "address type name" and, for a module's, a tab and "[module]". */
static bool parse_line(const char *line, struct symbol *symbol)
{
	char *rest, module[64];

	symbol->address = strtoul(line, &rest, 16);
	if (rest[0] != ' ' || !strchr("tw", tolower(rest[1])))
		return false;
	if (sscanf(rest, "%*[^\t]\t[%63[^]]", module) == 1 && is_freed(symbol->address, module))
		return false;
	symbol->name = strndup(rest + 3, strcspn(rest + 3, "\t\n"));
	return symbol->name;
}

static void add_symbol(const struct symbol *symbol)
{
	static size_t room;

	if (!symbols)
		room = 0;
	if (symbol_count == room) {
		room = room ? 2 * room : 1 << 16;
		symbols = realloc(symbols, room * sizeof(*symbols));
		if (!symbols)
			abort();
	}
	symbols[symbol_count++] = *symbol;
}

static int by_address(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	return (a->address > b->address) - (a->address < b->address);
}

static unsigned long linked_near(unsigned long text)
{
	return text == UML_TEXT_LINKED ? UML_TEXT_LINKED : TEXT_LINKED;
}

static void subtract_offset(void)
{
	for (size_t i = 0; i < symbol_count && !offset_is_known; i++)
		if (!strcmp(symbols[i].name, "_text")) {
			offset = symbols[i].address - linked_near(symbols[i].address);
			offset_is_known = true;
		}
	for (size_t i = 0; i < symbol_count; i++)
		symbols[i].address -= offset;
}

static void read_symbols(void)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	struct symbol symbol;
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return;
	last_module[0] = '\0';
	while (getline(&line, &room, file) > 0)
		if (parse_line(line, &symbol))
			add_symbol(&symbol);
	free(line);
	fclose(file);
	subtract_offset();
	qsort(symbols, symbol_count, sizeof(*symbols), by_address);
}

static void need_symbols(void)
{
	if (!symbols)
		read_symbols();
}

void kcov_symbols_forget(void)
{
	while (symbol_count)
		free(symbols[--symbol_count].name);
	free(symbols);
	symbols = NULL;
}

/* Unlike the symbols it does not change, and is not forgotten. */
unsigned long kcov_offset(void)
{
	if (!offset_is_known)
		need_symbols();
	return offset;
}

/* 0 if there is no such function. */
unsigned long kcov_symbol(const char *name)
{
	need_symbols();
	for (size_t i = 0; i < symbol_count; i++)
		if (!strcmp(symbols[i].name, name))
			return symbols[i].address;
	return 0;
}

/* The last symbol that does not start behind this address; NULL for none. */
static const struct symbol *find_symbol(unsigned long address)
{
	size_t low = 0, high;

	need_symbols();
	high = symbol_count;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &symbols[low - 1] : NULL;
}

const char *kcov_symbol_at(unsigned long pc)
{
	const struct symbol *symbol = find_symbol(pc);

	return symbol ? symbol->name : "?";
}

static bool begins_at(unsigned long address)
{
	const struct symbol *symbol = find_symbol(address);

	return symbol && symbol->address == address;
}

/*
 * Whether a function of the stock kernel begins where this was recorded. On
 * kernels with IBT most have another instruction before the call.
 */
bool kcov_is_entry(unsigned long pc)
{
	return begins_at(pc - KCOV_FENTRY) || begins_at(pc - KCOV_FENTRY - KCOV_ENDBR);
}

/* Whether a record is the entry of the named function. */
bool kcov_enters(const struct kcov_test *t, size_t count, const char *name)
{
	for (size_t i = 1; i <= count && i < t->size; i++)
		if (kcov_is_entry(t->buffer[i]) && !strcmp(kcov_symbol_at(t->buffer[i]), name))
			return true;
	return false;
}

/* What looks a number of a file up; 6.12 took the underscores off. */
const char *kcov_fdget_pos(void)
{
	return kcov_symbol("__fdget_pos") ? "__fdget_pos" : "fdget_pos";
}

/* What tells a task's restartable sequences of a switch; newer kernels have rewritten it. */
const char *kcov_rseq_update(void)
{
	return kcov_symbol("__rseq_handle_slowpath") ? "__rseq_handle_slowpath" :
						       "__rseq_handle_notify_resume";
}

/* Whether a record lies anywhere inside the named function, or a part the compiler made of it. */
bool kcov_reached(const struct kcov_test *t, size_t count, const char *name)
{
	const size_t length = strlen(name);

	for (size_t i = 1; i <= count && i < t->size; i++) {
		const char *symbol = kcov_symbol_at(t->buffer[i]);

		if (!strncmp(symbol, name, length) && strchr(".", symbol[length]))
			return true;
	}
	return false;
}

/*
 * The words of its record, NULL if there is none. Compilers make the comparisons of a
 * function in different orders.
 */
const unsigned long *kcov_comparison_with(const struct kcov_test *t, unsigned long constant)
{
	for (size_t i = 0; i < kcov_count(t); i++)
		if (t->buffer[1 + 4 * i + 1] == constant)
			return &t->buffer[1 + 4 * i];
	return NULL;
}

/* Where the module lies, in the addresses that are recorded. */
bool kcov_module_text(const char *module, struct kcov_range *text)
{
	if (!find_module(module, text))
		return false;
	text->first -= kcov_offset();
	text->behind -= kcov_offset();
	return true;
}

bool kcov_is_within(const struct kcov_range *text, unsigned long pc)
{
	return pc >= text->first && pc < text->behind;
}
