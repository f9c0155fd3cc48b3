/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel symbols by address. Pure code: text in, answers out, no files.
 */
#ifndef KCOVCTL_SYMTAB_H
#define KCOVCTL_SYMTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
	uint64_t address;
	const char *name;
	const char *module;	/* NULL: the kernel itself */
	char type;		/* as nm(1) has it */
	unsigned int rank;	/* of several at one address the lowest is taken */
};

struct module_range {
	uint64_t start;
	uint64_t end;
	const char *name;
	size_t age;		/* its line: the kernel names the latest first */
};

/* Names point to where they were found, which must outlive the table. */
struct symtab {
	struct symbol *symbols;
	size_t count, room;
	struct module_range *modules;
	size_t module_count, module_room;
};

struct symtab_hit {
	const char *name;
	const char *module;
	uint64_t start;
	uint64_t size;
};

/*
 * Add the lines of /proc/kallsyms, of /proc/modules. The text is cut up in
 * place. Returns the number of the first line that does not read as such,
 * 0 when all do.
 */
size_t symtab_parse_kallsyms(struct symtab *tab, char *text);
size_t symtab_parse_modules(struct symtab *tab, char *text);

/* Add one that was found elsewhere. */
void symtab_add(struct symtab *tab, const struct symbol *symbol);

/* Sort, after the last parse and before the first lookup. */
void symtab_finish(struct symtab *tab);
void symtab_release(struct symtab *tab);

/* The function that holds this address; false when there is none. */
bool symtab_lookup(const struct symtab *tab, uint64_t address,
		   struct symtab_hit *hit);

/*
 * Where the function of that name begins; of several, the only one of that size.
 * False: none, or it cannot be told which.
 */
bool symtab_function(const struct symtab *tab, const char *name, uint64_t size,
		     uint64_t *address);

/* A symbol of the kernel itself by name; 0 when there is none. */
uint64_t symtab_address(const struct symtab *tab, const char *name);

/* Whether the kernel put zeros in place of every address. */
bool symtab_is_hidden(const struct symtab *tab);

#endif
