// SPDX-License-Identifier: GPL-2.0-only
/*
 * What naming PCs costs, in the guest: instructions of whole calls of kcovctl symbolize.
 *
 *	symbolize SITES
 *
 * The PCs are of call sites of isofs, of which SITES has a line each ("SECTION OFFSET"), and of
 * and behind function entries by /proc/kallsyms, in long traces that come by the same places
 * again and again, or by each place once. The kernel does not lie elsewhere than it was linked. A row, between tabs: "@", number of
 * PCs, of places among them, instructions of the first call, of the second, of one without the
 * cache, and sum of what each printed. "done" is the last line.
 */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PCS		"/tmp/bench.pcs"
#define NAMES		"/tmp/bench.names"
#define PLACES_MAX	100000

static uint64_t places[PLACES_MAX];
static size_t count;

static void add_place(uint64_t pc)
{
	if (count < PLACES_MAX)
		places[count++] = pc;
}

static FILE *open_text(const char *path)
{
	FILE *file = fopen(path, "re");

	if (!file)
		err(1, "%s", path);
	return file;
}

static uint64_t section_start(const char *section)
{
	uint64_t address;
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/isofs/sections/%s", section);
	file = open_text(path);
	if (fscanf(file, "%" SCNx64, &address) != 1)
		errx(1, "%s: no address", path);
	fclose(file);
	return address;
}

static void add_sites(const char *path)
{
	FILE *file = open_text(path);
	char section[64];
	uint64_t offset;

	while (fscanf(file, "%63s %" SCNx64, section, &offset) == 2)
		add_place(section_start(section) + offset);
	fclose(file);
	if (!count)
		errx(1, "%s: no call sites", path);
}

/* Where a call of __fentry__ returns to, and a few bytes on: any PC will do. */
static void add_entries(void)
{
	FILE *file = open_text("/proc/kallsyms");
	char line[1024], type, name[512];
	uint64_t address;

	while (fgets(line, sizeof(line), file))
		if (!strchr(line, '[') &&
		    sscanf(line, "%" SCNx64 " %c %511s", &address, &type, name) == 3 &&
		    (type == 't' || type == 'T') && address >> 63)
			for (uint64_t i = 5; i < 5 + 3 * 4; i += 4)
				add_place(address + i);
	fclose(file);
	if (count < PLACES_MAX)
		errx(1, "too few functions");
}

/* Any order, and the same each time. */
static void shuffle(void)
{
	unsigned int seed = 1;

	for (size_t i = count - 1; i; i--) {
		const size_t k = (size_t)rand_r(&seed) % (i + 1);
		const uint64_t place = places[i];

		places[i] = places[k];
		places[k] = place;
	}
}

static void write_pcs(size_t pcs, size_t used)
{
	FILE *file = fopen(PCS, "we");

	if (!file)
		err(1, PCS);
	for (size_t i = 0; i < pcs; i++)
		fprintf(file, "0x%" PRIx64 "\n", places[i % used]);
	if (fclose(file))
		err(1, PCS);
}

static void redirect(const char *path, int flags, int to)
{
	if (dup2(open(path, flags, 0600), to) < 0)
		err(1, "%s", path);
}

static uint64_t run(const char *option)
{
	const uint64_t start = __builtin_ia32_rdtsc();
	const pid_t child = fork();
	int status;

	if (!child) {
		redirect(PCS, O_RDONLY, STDIN_FILENO);
		redirect(NAMES, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
		execlp("kcovctl", "kcovctl", "symbolize", "-m", "/instrumented", option, NULL);
		err(1, "kcovctl");
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		errx(1, "kcovctl symbolize failed");
	return __builtin_ia32_rdtsc() - start;
}

static uint64_t sum_of_names(void)
{
	FILE *file = open_text(NAMES);
	uint64_t sum = 0;
	int c;

	while ((c = getc(file)) != EOF)
		sum = (sum ^ (uint64_t)c) * UINT64_C(0x100000001b3);
	fclose(file);
	return sum;
}

static void measure(size_t pcs, size_t used)
{
	uint64_t cost[3], sum[3];

	write_pcs(pcs, used);
	if (system("rm -rf /tmp/cache"))
		errx(1, "rm failed");
	for (int i = 0; i < 3; i++) {
		cost[i] = run(i == 2 ? "--no-cache" : NULL);
		sum[i] = sum_of_names();
	}
	printf("@\t%zu\t%zu", pcs, used);
	for (int i = 0; i < 3; i++)
		printf("\t%" PRIu64, cost[i]);
	for (int i = 0; i < 3; i++)
		printf("\t%" PRIx64, sum[i]);
	putchar('\n');
}

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(2, "usage: symbolize SITES");
	setenv("KCOV_CACHE", "/tmp/cache", 1);
	add_sites(argv[1]);
	add_entries();
	shuffle();
	measure(25000, 2500);
	measure(50000, 5000);
	measure(100000, 10000);
	measure(100000, 20000);
	measure(100000, 100000);
	puts("done");
	return 0;
}
