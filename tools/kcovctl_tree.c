// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was reached, by directories of the source; by module where nobody knows
 * the source.
 *
 * A function belongs to the file that has its entry, not to those that were
 * inlined into it.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "kcovctl.h"
#include "kcovctl_tree.h"

#define INDENT 2

/* A function with its path: "fs/isofs/inode.c", or "[module]". */
struct leaf {
	char *path;
	const struct tally *tally;
};

struct leaves {
	struct leaf *leaf;
	size_t count;
};

static char *path_of(const struct tally *tally)
{
	const struct spot *spot = tally->entry;
	const char *file;
	char *path;
	int length;

	file = spot->frame_count ? spot->frames[spot->frame_count - 1].file :
				   NULL;
	length = file ? asprintf(&path, "%s", file) :
			asprintf(&path, "[%s]", tally->module);
	if (length < 0)
		err(KCOVCTL_FAILED, "tree of directories");
	return path;
}

static int compare(const void *left, const void *right)
{
	const struct leaf *a = left, *b = right;

	return strcmp(a->path, b->path);
}

static struct leaves make_leaves(const struct census *census)
{
	struct leaves leaves = {
		.leaf = calloc(census->functions.count + 1,
			       sizeof(*leaves.leaf)),
	};
	const struct tally *tally = census->functions.tally;

	if (!leaves.leaf)
		err(KCOVCTL_FAILED, "tree of directories");
	for (size_t i = 0; i < census->functions.count; i++, tally++)
		if (tally->blocks)
			leaves.leaf[leaves.count++] =
				(struct leaf){ path_of(tally), tally };
	qsort(leaves.leaf, leaves.count, sizeof(*leaves.leaf), compare);
	return leaves;
}

static void release_leaves(struct leaves *leaves)
{
	for (size_t i = 0; i < leaves->count; i++)
		free(leaves->leaf[i].path);
	free(leaves->leaf);
}

/* The name behind the first @depth bytes, with the slash of a directory. */
static size_t length_of_name(const char *path, size_t depth)
{
	const char *name = path + depth, *slash;

	slash = strchr(*name == '/' ? name + 1 : name, '/');
	return slash ? (size_t)(slash + 1 - name) : strlen(name);
}

static size_t same_end(const struct leaves *leaves, size_t first, size_t last,
		       size_t length)
{
	size_t end = first + 1;

	while (end < last && !strncmp(leaves->leaf[end].path,
				      leaves->leaf[first].path, length) &&
	       (leaves->leaf[first].path[length - 1] == '/' ||
		!leaves->leaf[end].path[length]))
		end++;
	return end;
}

/* A directory that has nothing but another one shares its line. */
static size_t length_of_only(const struct leaves *leaves, size_t first,
			     size_t end, size_t length)
{
	const char *path = leaves->leaf[first].path;
	size_t longer;

	while (path[length - 1] == '/') {
		longer = length + length_of_name(path, length);
		if (path[longer - 1] != '/' ||
		    same_end(leaves, first, end, longer) != end)
			break;
		length = longer;
	}
	return length;
}

static void print_row(const struct leaves *leaves, size_t first, size_t end,
		      FILE *out)
{
	size_t functions = 0, blocks = 0;

	for (size_t i = first; i < end; i++) {
		functions += leaves->leaf[i].tally->functions;
		blocks += leaves->leaf[i].tally->blocks;
	}
	fprintf(out, "%9zu %9zu  ", functions, blocks);
}

static void print_below(const struct leaves *leaves, size_t first, size_t last,
			size_t depth, int level, FILE *out)
{
	for (size_t end; first < last; first = end) {
		const char *path = leaves->leaf[first].path;
		size_t length = depth + length_of_name(path, depth);

		end = same_end(leaves, first, last, length);
		length = length_of_only(leaves, first, end, length);
		print_row(leaves, first, end, out);
		fprintf(out, "%*s%.*s\n", INDENT * level, "",
			(int)(length - depth), path + depth);
		if (path[length - 1] == '/')
			print_below(leaves, first, end, length, level + 1, out);
	}
}

void tree_print(const struct census *census, FILE *out)
{
	struct leaves leaves = make_leaves(census);

	fprintf(out, "%9s %9s\n", "functions", "blocks");
	print_below(&leaves, 0, leaves.count, 0, 0, out);
	release_leaves(&leaves);
}
