// SPDX-License-Identifier: GPL-2.0-only
/*
 * Build ids of the running code and of files.
 */
#define _GNU_SOURCE 1
#include <elf.h>
#include <elfutils/libdwfl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "kcovctl_buildid.h"

static bool set_id(struct buildid *id, const unsigned char *bytes,
		   size_t length)
{
	if (!length || length > sizeof(id->bytes))
		return false;
	memcpy(id->bytes, bytes, length);
	id->length = length;
	return true;
}

static size_t pad_to_word(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

/* A note: header, name, description, the latter two padded to words. */
static bool find_note(const unsigned char *notes, size_t size,
		      struct buildid *id)
{
	Elf64_Nhdr note;
	size_t length;

	while (size >= sizeof(note)) {
		memcpy(&note, notes, sizeof(note));
		notes += sizeof(note);
		size -= sizeof(note);
		length = pad_to_word(note.n_namesz);
		if (length > size || note.n_descsz > size - length)
			return false;
		if (note.n_type == NT_GNU_BUILD_ID &&
		    note.n_namesz == sizeof("GNU") &&
		    !memcmp(notes, "GNU", sizeof("GNU")))
			return set_id(id, notes + length, note.n_descsz);
		length += pad_to_word(note.n_descsz);
		if (length > size)
			return false;
		notes += length;
		size -= length;
	}
	return false;
}

bool buildid_from_notes(const char *path, struct buildid *id)
{
	unsigned char notes[4096];
	FILE *file = fopen(path, "re");
	size_t size;

	if (!file)
		return false;
	size = fread(notes, 1, sizeof(notes), file);
	fclose(file);
	return find_note(notes, size, id);
}

static bool has_debug_section(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	const char *name;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while ((section = elf_nextscn(elf, section))) {
		name = gelf_getshdr(section, &header) ?
		       elf_strptr(elf, names, header.sh_name) : NULL;
		if (name && (!strcmp(name, ".debug_info") ||
			     !strcmp(name, ".zdebug_info")))
			return true;
	}
	return false;
}

static bool report(Dwfl *dwfl, const char *path, struct buildid *id,
		   bool *has_lines)
{
	const unsigned char *bytes;
	Dwfl_Module *module;
	GElf_Addr where;
	int length;
	Elf *elf;

	module = dwfl_report_offline(dwfl, "", path, -1);
	if (!module || dwfl_report_end(dwfl, NULL, NULL))
		return false;
	elf = dwfl_module_getelf(module, &where);
	if (!elf)
		return false;
	*has_lines = has_debug_section(elf);
	length = dwfl_module_build_id(module, &bytes, &where);
	return length > 0 && set_id(id, bytes, (size_t)length);
}

/* libdwfl, not libelf: it also reads modules that are compressed. */
bool buildid_examine(const char *path, struct buildid *id, bool *has_lines)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.section_address = dwfl_offline_section_address,
	};
	Dwfl *dwfl = dwfl_begin(&callbacks);
	bool found;

	if (!dwfl)
		return false;
	found = report(dwfl, path, id, has_lines);
	dwfl_end(dwfl);
	return found;
}

bool buildid_from_elf(const char *path, struct buildid *id)
{
	bool has_lines;

	return buildid_examine(path, id, &has_lines);
}

bool buildid_equal(const struct buildid *a, const struct buildid *b)
{
	return a->length == b->length && !memcmp(a->bytes, b->bytes, a->length);
}

void buildid_format(const struct buildid *id, char *text)
{
	*text = '\0';
	for (size_t i = 0; i < id->length; i++)
		sprintf(text + 2 * i, "%02x", id->bytes[i]);
}

static unsigned char hex_value(char digit)
{
	return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

bool buildid_parse(const char *text, struct buildid *id)
{
	size_t digits = strspn(text, "0123456789abcdef");

	if (!digits || digits % 2 || digits / 2 > BUILDID_MAX || text[digits])
		return false;
	id->length = digits / 2;
	for (size_t i = 0; i < id->length; i++)
		id->bytes[i] = hex_value(text[2 * i]) << 4 |
			       hex_value(text[2 * i + 1]);
	return true;
}
