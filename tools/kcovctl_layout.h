/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which code lay where when PCs were recorded.
 *
 * Addresses are as PCs are recorded: minus the KASLR offset. So a run that was
 * saved with its layout can be named later, when its modules lie elsewhere.
 */
#ifndef KCOVCTL_LAYOUT_H
#define KCOVCTL_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "kcovctl_buildid.h"
#include "kcovctl_kernel.h"

/* Where the kernel is linked, and recorded, on x86-64: its _text. */
#define LAYOUT_KERNEL KERNEL_LINKED_TEXT

/* Code of a module; the size goes to where something else is known to begin. */
struct layout_section {
	char *name;
	uint64_t start, size;
};

struct layout_module {
	char *name;
	struct buildid id;	/* length 0: unknown */
	struct layout_section *sections;
	size_t count;
};

struct layout {
	char *release;		/* NULL: nothing is known yet */
	struct buildid kernel;	/* length 0: unknown */
	struct layout_module *modules;
	size_t count;
};

/* What lies where now, by /sys and /proc. False: said why. */
bool layout_running(struct layout *layout, const struct kernel_files *files);

/* What each line of a layout begins with. */
#define LAYOUT_LINE "# layout "

/* As such lines. False: errno. */
bool layout_print(const struct layout *layout, FILE *out);

/*
 * Add what such a line says to a layout, which begins as { 0 }. False: the line
 * is another one, or damaged, and the layout as it was.
 */
bool layout_parse_line(struct layout *layout, const char *line);

void layout_release(struct layout *layout);
void layout_module_release(struct layout_module *module);

/* NULL: the layout has no module, the module no section of that name. */
const struct layout_module *layout_module(const struct layout *layout,
					  const char *name);
const struct layout_section *layout_section(const struct layout_module *module,
					    const char *name);

/* For those who make one: names are copied. */
struct layout_module *layout_add_module(struct layout *layout, const char *name,
					const struct buildid *id);
void layout_add_section(struct layout_module *module, const char *name,
			uint64_t start, uint64_t size);

#endif
