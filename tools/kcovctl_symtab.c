// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel symbols by address: parsing, sorting, looking up.
 */
#define _GNU_SOURCE 1
#include <stdlib.h>
#include <string.h>

#include "kcovctl_array.h"
#include "kcovctl_symtab.h"

/* The last symbol of all has no neighbour to end it. */
#define LAST_SYMBOL_SIZE 4096

void symtab_add(struct symtab *tab, const struct symbol *symbol)
{
	tab->symbols = array_grow(tab->symbols, tab->count, &tab->room,
				  sizeof(*symbol));
	tab->symbols[tab->count++] = *symbol;
}

static void add_module(struct symtab *tab, const struct module_range *module)
{
	tab->modules = array_grow(tab->modules, tab->module_count,
				  &tab->module_room, sizeof(*module));
	tab->modules[tab->module_count++] = *module;
}

/* strtoull() alone would take signs, blanks and 0x where none belong. */
static bool parse_hex(const char **text, uint64_t *value)
{
	size_t digits = strspn(*text, "0123456789abcdefABCDEF");

	if (!digits || digits > 16)
		return false;
	*value = strtoull(*text, NULL, 16);
	*text += digits;
	return true;
}

/* ffffffff81000000 T name, behind a tab: [module] */
static bool parse_symbol(char *line, struct symbol *symbol)
{
	const char *rest = line;
	char *name, *module;

	if (!parse_hex(&rest, &symbol->address) || rest[0] != ' ' ||
	    !rest[1] || rest[2] != ' ' || !rest[3])
		return false;
	symbol->type = rest[1];
	symbol->rank = 0;
	name = line + (rest - line) + 3;
	symbol->name = name;
	symbol->module = NULL;
	module = strpbrk(name, " \t");
	if (!module)
		return true;
	*module++ = '\0';
	module += strspn(module, " \t");
	if (*module++ != '[')
		return false;
	module[strcspn(module, "]")] = '\0';
	symbol->module = module;
	return true;
}

/* name size references users state 0xaddress (taint) */
static bool parse_module(char *line, struct module_range *module)
{
	char *field[6], *save = NULL;
	const char *hex;
	char *end;

	for (int i = 0; i < 6; i++) {
		field[i] = strtok_r(i ? NULL : line, " \t", &save);
		if (!field[i])
			return false;
	}
	module->name = field[0];
	hex = field[5];
	if (strncmp(hex, "0x", 2))
		return false;
	hex += 2;
	if (!parse_hex(&hex, &module->start) || *hex)
		return false;
	module->end = module->start + strtoull(field[1], &end, 10);
	return !*end;
}

/* Cut the first line off the text; NULL at the end. */
static char *next_line(char **text)
{
	return **text ? strsep(text, "\n") : NULL;
}

size_t symtab_parse_kallsyms(struct symtab *tab, char *text)
{
	struct symbol symbol;
	size_t number = 0;
	char *line;

	while (text && (line = next_line(&text))) {
		number++;
		if (!parse_symbol(line, &symbol))
			return number;
		symtab_add(tab, &symbol);
	}
	return 0;
}

size_t symtab_parse_modules(struct symtab *tab, char *text)
{
	struct module_range module;
	size_t number = 0;
	char *line;

	while (text && (line = next_line(&text))) {
		number++;
		if (!parse_module(line, &module))
			return number;
		module.age = number;
		add_module(tab, &module);
	}
	return 0;
}

/*
 * Symbols at one address keep the order of the file, in which the kernel
 * puts the name it prefers first. So names, which lie in one text in that
 * order, decide.
 */
static int compare_symbols(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return (x->name > y->name) - (x->name < y->name);
}

static int compare_modules(const void *a, const void *b)
{
	const struct module_range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/*
 * Since 6.4 a module's text and data lie apart, and the size that the
 * kernel shows counts both: end a module where the next one starts.
 */
static void clip_modules(struct symtab *tab)
{
	for (size_t i = 0; i + 1 < tab->module_count; i++)
		if (tab->modules[i].end > tab->modules[i + 1].start)
			tab->modules[i].end = tab->modules[i + 1].start;
}

void symtab_finish(struct symtab *tab)
{
	if (tab->count)
		qsort(tab->symbols, tab->count, sizeof(*tab->symbols),
		      compare_symbols);
	if (tab->module_count)
		qsort(tab->modules, tab->module_count, sizeof(*tab->modules),
		      compare_modules);
	clip_modules(tab);
}

void symtab_release(struct symtab *tab)
{
	free(tab->symbols);
	free(tab->modules);
	memset(tab, 0, sizeof(*tab));
}

/* The number of symbols that start at or below the address. */
static size_t count_below(const struct symtab *tab, uint64_t address)
{
	size_t low = 0, high = tab->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tab->symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_function(const struct symbol *symbol)
{
	return strchr("tTwW", symbol->type);
}

/* The first function among the symbols that share the address of @last. */
static const struct symbol *prefer(const struct symtab *tab, size_t last)
{
	const struct symbol *found = NULL;
	const struct symbol *symbol = &tab->symbols[last];
	uint64_t address = symbol->address;

	for (; symbol->address == address; symbol--) {
		if (is_function(symbol))
			found = symbol;
		if (symbol == tab->symbols)
			break;
	}
	return found;
}

static const struct module_range *find_module(const struct symtab *tab,
					      const char *name)
{
	for (size_t i = 0; i < tab->module_count; i++)
		if (!strcmp(tab->modules[i].name, name))
			return &tab->modules[i];
	return NULL;
}

/* A symbol ends where the next one starts, or at the end of its module. */
static uint64_t end_of(const struct symtab *tab, const struct symbol *symbol,
		       size_t next)
{
	uint64_t end = next < tab->count ? tab->symbols[next].address :
		       symbol->address + LAST_SYMBOL_SIZE;
	const struct module_range *module;

	module = symbol->module ? find_module(tab, symbol->module) : NULL;
	if (module && module->start <= symbol->address && module->end < end)
		end = module->end;
	return end;
}

bool symtab_lookup(const struct symtab *tab, uint64_t address,
		   struct symtab_hit *hit)
{
	size_t next = count_below(tab, address);
	const struct symbol *symbol;
	uint64_t end;

	symbol = next ? prefer(tab, next - 1) : NULL;
	if (!symbol)
		return false;
	end = end_of(tab, symbol, next);
	if (address >= end)
		return false;
	hit->name = symbol->name;
	hit->module = symbol->module;
	hit->start = symbol->address;
	hit->size = end - symbol->address;
	return true;
}

static uint64_t size_at(const struct symtab *tab, uint64_t address)
{
	struct symtab_hit hit;

	return symtab_lookup(tab, address, &hit) ? hit.size : 0;
}

bool symtab_function(const struct symtab *tab, const char *name, uint64_t size,
		     uint64_t *address)
{
	size_t all = 0, same = 0;
	uint64_t any = 0;

	for (size_t i = 0; i < tab->count; i++) {
		const struct symbol *symbol = &tab->symbols[i];

		if (strcmp(symbol->name, name) || !is_function(symbol))
			continue;
		all++;
		any = symbol->address;
		if (size_at(tab, any) != size)
			continue;
		same++;
		*address = any;
	}
	if (all == 1)
		*address = any;
	return all == 1 || same == 1;
}

uint64_t symtab_address(const struct symtab *tab, const char *name)
{
	for (size_t i = 0; i < tab->count; i++)
		if (!tab->symbols[i].module &&
		    !strcmp(tab->symbols[i].name, name))
			return tab->symbols[i].address;
	return 0;
}

bool symtab_is_hidden(const struct symtab *tab)
{
	for (size_t i = 0; i < tab->count; i++)
		if (tab->symbols[i].address)
			return false;
	return tab->count;
}
