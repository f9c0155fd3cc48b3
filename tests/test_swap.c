// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcovctl load and unload: a stock module and back, whole or not at all, and
 * what is in the way is named.
 *
 * The stock modules are the kernel's own; tests/swap has what is swapped in,
 * and a test changes bytes in a copy.
 */
#include "kcov_test.h"

#include <elf.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define FILES		"/swap"
#define COPIES		"/tmp/swap"
#define MOUNT		COPIES "/mount"
#define INSTRUMENTED	FILES "/crc-itu-t.ko"
#define KCOV_PLAIN	"/kcov/kcov_plain.ko"
#define RADIO		"mac80211_hwsim"
#define IMAGE		"/instrumented/isofs.iso"
#define HELD		"/sys/module/crc_itu_t/parameters/held"
#define LOCK		"/run/kcov/.lock"
#define OPTIONS		"/etc/modprobe.d/kcov_swap.conf"
#define LOAD		"load -d " FILES " "
#define COPY		"load -d " COPIES " "

static char said[4096], stock[256], release[128];

/* Whether kcovctl ends so, and says all of these, of which NULL is the end. */
static bool ends(int status, const char *arguments, const char *const *words)
{
	char command[512];
	int answer;

	snprintf(command, sizeof(command), "kcovctl %s 2>&1", arguments);
	answer = kcov_run(command, said, sizeof(said));
	while (*words && strstr(said, *words))
		words++;
	if (answer == status && !*words)
		return true;
	print_error("kcovctl %s: %d, not %d, or not '%s':\n%s", arguments, answer, status,
		    *words ? *words : "", said);
	return false;
}

#define DOES(arguments, ...) \
	assert_true(ends(0, arguments, (const char *const[]){ __VA_ARGS__, NULL }))
#define REFUSES(arguments, ...) \
	assert_true(ends(1, arguments, (const char *const[]){ __VA_ARGS__, NULL }))

static bool shell(const char *command)
{
	return kcov_run(command, said, sizeof(said)) == 0;
}

/* --- which one is loaded ----------------------------------------------------------------- */

static size_t read_bytes(const char *path, char *bytes, size_t room)
{
	FILE *file = fopen(path, "re");
	size_t length;

	if (!file)
		return 0;
	length = fread(bytes, 1, room, file);
	fclose(file);
	return length;
}

/* A build id is in no file but its own. */
static bool is_from(const char *module, const char *file)
{
	static char bytes[1 << 20];
	char path[128], note[128];
	const size_t length = read_bytes(file, bytes, sizeof(bytes));
	size_t id;

	snprintf(path, sizeof(path), "/sys/module/%s/notes/.note.gnu.build-id", module);
	id = read_bytes(path, note, sizeof(note));
	return id && memmem(bytes, length, note, id);
}

/* Another number each time that it is loaded. */
static ino_t loading_of(const char *module)
{
	struct stat status;
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	return stat(path, &status) ? 0 : status.st_ino;
}

/* --- files that are like these but for some bytes ---------------------------------------- */

static bool write_bytes(const char *path, const char *bytes, size_t length)
{
	FILE *file = fopen(path, "we");
	const bool written = file && fwrite(bytes, 1, length, file) == length;

	return file && !fclose(file) && written;
}

/* A copy named so; what stands at a distance from the first of these words is replaced. */
static bool copy_with(const char *from, const char *name, const char *at, long distance,
		      const char *replacement, size_t length)
{
	static char bytes[1 << 20];
	const size_t size = read_bytes(from, bytes, sizeof(bytes));
	char *place = memmem(bytes, size, at, strlen(at));
	char path[128];

	if (!place)
		return false;
	memcpy(place + distance, replacement, length);
	snprintf(path, sizeof(path), COPIES "/%s.ko", name);
	return write_bytes(path, bytes, size);
}

/* A copy named so; these words are replaced everywhere, by none that are longer. */
static bool copy_replacing(const char *from, const char *name, const char *old, const char *new)
{
	static char bytes[1 << 20];
	const size_t size = read_bytes(from, bytes, sizeof(bytes)), room = strlen(old);
	char path[128];

	if (!memmem(bytes, size, old, room))
		return false;
	for (char *at; (at = memmem(bytes, size, old, room));) {
		memset(at, 0, room);
		memcpy(at, new, strlen(new));
	}
	snprintf(path, sizeof(path), COPIES "/%s.ko", name);
	return write_bytes(path, bytes, size);
}

/* A module of this name, wherever it says how it is called. */
static bool make_named(const char *name)
{
	return copy_replacing(FILES "/kcov_of_any_name.ko", name, "kcov_of_any_name", name);
}

/* The kernel misses it when it links the module, so when the stock one is out. */
static bool make_unlinkable(const char *from, const char *name)
{
	return copy_replacing(from, name, "__sanitizer_cov_trace_pc", "__sanitizer_cov_trace_xx");
}

/* Like another build: nothing but the build id differs. */
static bool make_rebuilt(const char *from)
{
	static const char header[] = "\4\0\0\0\24\0\0\0\3\0\0\0GNU";
	static char bytes[1 << 20];
	const size_t size = read_bytes(from, bytes, sizeof(bytes));
	char *note = memmem(bytes, size, header, sizeof(header));

	if (!note)
		return false;
	note[sizeof(header)] ^= 1;
	return write_bytes(COPIES "/crc-itu-t.ko", bytes, size);
}

/* --- fixture ----------------------------------------------------------------------------- */

static int setup(void **state)
{
	struct utsname kernel;

	(void)state;
	uname(&kernel);
	strcpy(release, kernel.release);
	if (!shell("mkdir -p " MOUNT " /etc/modprobe.d; find /lib/modules -name crc-itu-t.ko"))
		return -1;
	return sscanf(said, "%255s", stock) == 1 ? 0 : -1;
}

/* Whatever a test left behind. */
static int clean_up(void **state)
{
	static const char *const modules[] = { "udf", "firewire_core", "isofs", "cdrom",
					       "crc_itu_t", "binfmt_misc", "cpuid", "overlay",
					       "dummy", "loop", RADIO };

	(void)state;
	umount2(MOUNT, MNT_DETACH);
	unlink(OPTIONS);
	kcov_write_file(HELD, "0");
	shell("losetup -d /dev/loop0 2>/dev/null; rm -rf " COPIES " /run/kcov; mkdir -p " MOUNT);
	shell("modprobe -r " RADIO);
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
		if (kcov_is_loaded(modules[i]) && kcov_unload(modules[i]))
			return -1;
	return 0;
}

static int teardown(void **state)
{
	const int cleaned = clean_up(state);

	shell("rm -rf " COPIES);
	return cleaned;
}

/* --- there and back ---------------------------------------------------------------------- */

static void stock_module_is_swapped_and_swapped_back(void **state)
{
	(void)state;
	assert_true(shell("modprobe crc_itu_t") && is_from("crc_itu_t", stock));
	assert_false(is_from("crc_itu_t", INSTRUMENTED));
	DOES(LOAD "crc_itu_t",
	     "crc_itu_t: stock module out, instrumented one in (" INSTRUMENTED ")");
	assert_true(is_from("crc_itu_t", INSTRUMENTED));
	DOES("unload crc_itu_t", "crc_itu_t: instrumented module out, stock one in");
	assert_true(is_from("crc_itu_t", stock));
	assert_int_not_equal(access("/run/kcov/crc_itu_t", F_OK), 0);
}

static void what_was_not_loaded_is_not_loaded_afterwards(void **state)
{
	(void)state;
	DOES(LOAD "crc-itu-t", "crc_itu_t: instrumented module in (" INSTRUMENTED ")");
	assert_true(is_from("crc_itu_t", INSTRUMENTED));
	DOES("unload crc-itu-t", "crc_itu_t: instrumented module out\n");
	assert_false(kcov_is_loaded("crc_itu_t"));
}

static void file_can_be_named_by_its_path(void **state)
{
	(void)state;
	assert_true(shell("modprobe crc_itu_t"));
	DOES("load " INSTRUMENTED, "instrumented one in (" INSTRUMENTED ")");
	assert_true(is_from("crc_itu_t", INSTRUMENTED));
	DOES("unload " INSTRUMENTED, "stock one in");
	assert_true(is_from("crc_itu_t", stock));
}

static void second_load_changes_nothing(void **state)
{
	ino_t loading;

	(void)state;
	DOES(LOAD "crc_itu_t", "in");
	loading = loading_of("crc_itu_t");
	DOES(LOAD "crc_itu_t", "crc_itu_t: the instrumented module is loaded already");
	assert_int_equal(loading_of("crc_itu_t"), loading);
}

/* Another build of it, after which the stock one is not forgotten. */
static void rebuilt_module_takes_the_place_of_an_older_one(void **state)
{
	(void)state;
	assert_true(shell("modprobe crc_itu_t") && make_rebuilt(INSTRUMENTED));
	DOES(LOAD "crc_itu_t", "stock module out");
	DOES(COPY "crc_itu_t", "crc_itu_t: instrumented module out, instrumented one in");
	assert_true(is_from("crc_itu_t", COPIES "/crc-itu-t.ko"));
	DOES("unload crc_itu_t", "stock one in");
	assert_true(is_from("crc_itu_t", stock));
}

static void several_come_in_the_order_of_their_dependencies(void **state)
{
	(void)state;
	assert_true(shell("modprobe udf"));
	DOES(LOAD "udf crc_itu_t", "udf: stock module out, instrumented one in",
	     "crc_itu_t: stock module out, instrumented one in");
	assert_true(is_from("crc_itu_t", INSTRUMENTED) && is_from("udf", FILES "/udf.ko"));
	DOES("unload", "udf: instrumented module out, stock one in",
	     "crc_itu_t: instrumented module out, stock one in");
	assert_true(is_from("crc_itu_t", stock) && !is_from("udf", FILES "/udf.ko"));
}

static void what_it_needs_is_loaded_first(void **state)
{
	(void)state;
	DOES(LOAD "udf", "crc_itu_t: stock module in, udf needs it", "udf: instrumented module in");
	assert_true(is_from("crc_itu_t", stock) && is_from("udf", FILES "/udf.ko"));
}

/* The file says that it needs a stock module, which needs what is loaded with it. */
static bool make_user_of_a_user(void)
{
	return copy_replacing(FILES "/udf.ko", "udf", "depends=crc-itu-t,kcov",
			      "depends=firewire-core") ||
	       copy_replacing(FILES "/udf.ko", "udf", "depends=kcov,crc-itu-t",
			      "depends=firewire-core");
}

static void stock_module_between_two_of_them_is_no_obstacle(void **state)
{
	(void)state;
	assert_true(make_user_of_a_user());
	DOES("load " COPIES "/udf.ko " INSTRUMENTED, "crc_itu_t: instrumented module in",
	     "firewire_core: stock module in, udf needs it", "udf: instrumented module in");
	assert_true(is_from("crc_itu_t", INSTRUMENTED) && is_from("udf", COPIES "/udf.ko"));
	assert_int_equal(access("/sys/module/crc_itu_t/holders/firewire_core", F_OK), 0);
}

static void options_are_those_of_modprobe(void **state)
{
	(void)state;
	assert_int_equal(kcov_write_file(OPTIONS, ""), ENOENT);
	assert_true(shell("echo options crc_itu_t mark=7 >" OPTIONS));
	DOES(LOAD "crc_itu_t", "instrumented module in");
	assert_int_equal(kcov_read_number("/sys/module/crc_itu_t/parameters/mark", ""), 7);
	DOES("unload crc_itu_t", "out");
	assert_int_equal(unlink(OPTIONS), 0);
	DOES(LOAD "crc_itu_t", "instrumented module in");
	assert_int_equal(kcov_read_number("/sys/module/crc_itu_t/parameters/mark", ""), 0);
}

/* What it says where swaps are remembered is of a module that is gone. */
static void what_was_before_another_loading_does_not_count(void **state)
{
	(void)state;
	DOES(LOAD "crc_itu_t", "instrumented module in");
	assert_true(!kcov_unload("crc_itu_t") && make_rebuilt(INSTRUMENTED));
	assert_true(shell("insmod " COPIES "/crc-itu-t.ko"));
	DOES("unload crc_itu_t", "instrumented module out, stock one in");
}

/* The file is another one then, and what was before is known all the same. */
static void module_that_was_built_again_is_unloaded(void **state)
{
	(void)state;
	assert_true(make_rebuilt(INSTRUMENTED));
	DOES(COPY "crc_itu_t", "instrumented module in");
	assert_true(shell("cp " INSTRUMENTED " " COPIES "/crc-itu-t.ko"));
	DOES("unload", "crc_itu_t: instrumented module out\n");
	assert_false(kcov_is_loaded("crc_itu_t"));
}

static void one_waits_for_another(void **state)
{
	int lock;

	(void)state;
	shell("mkdir -p /run/kcov");
	lock = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	assert_false(shell("timeout 1 kcovctl " LOAD "crc_itu_t 2>&1"));
	assert_non_null(strstr(said, "another kcovctl load or unload"));
	assert_false(shell("timeout 1 kcovctl unload 2>&1"));
	assert_non_null(strstr(said, "another kcovctl load or unload"));
	assert_false(kcov_is_loaded("crc_itu_t"));
	close(lock);
	DOES(LOAD "crc_itu_t", "instrumented module in");
	assert_null(strstr(said, "another kcovctl"));
}

/* --- users ------------------------------------------------------------------------------- */

static void module_that_uses_it_is_named(void **state)
{
	ino_t loading;

	(void)state;
	assert_true(shell("modprobe udf"));
	loading = loading_of("crc_itu_t");
	REFUSES(LOAD "crc_itu_t", "crc_itu_t: in use by the module udf", "modprobe -r udf",
		"kcovctl load --users");
	assert_null(strstr(said, "cannot be taken out"));
	assert_int_equal(loading_of("crc_itu_t"), loading);
}

static void module_that_uses_it_goes_out_and_comes_back(void **state)
{
	ino_t loading;

	(void)state;
	assert_true(shell("modprobe udf"));
	loading = loading_of("udf");
	DOES(LOAD "--users crc_itu_t", "crc_itu_t: stock module out, instrumented one in",
	     "udf: out and in again");
	assert_true(is_from("crc_itu_t", INSTRUMENTED) && loading_of("udf") > loading);
	assert_false(access("/sys/module/crc_itu_t/holders/udf", F_OK));
	REFUSES("unload crc_itu_t", "in use by the module udf", "kcovctl unload --users");
	DOES("unload --users crc_itu_t", "stock one in", "udf: out and in again");
	assert_true(is_from("crc_itu_t", stock) && kcov_is_loaded("udf"));
}

/* One that was loaded by kcovctl comes back as that. */
static void instrumented_user_comes_back_instrumented(void **state)
{
	(void)state;
	DOES(LOAD "udf", "udf: instrumented module in");
	DOES(LOAD "--users crc_itu_t", "udf: out and in again");
	assert_true(is_from("crc_itu_t", INSTRUMENTED) && is_from("udf", FILES "/udf.ko"));
}

static void mount_is_named(void **state)
{
	(void)state;
	assert_true(make_named("binfmt_misc"));
	assert_int_equal(mount("kcov", MOUNT, "binfmt_misc", 0, NULL), 0);
	REFUSES(COPY "binfmt_misc", "binfmt_misc: in use: " MOUNT " (binfmt_misc)",
		"umount " MOUNT);
	assert_int_equal(umount(MOUNT), 0);
	DOES(COPY "binfmt_misc", "stock module out, instrumented one in");
	DOES("unload binfmt_misc", "stock one in");
}

static void disk_that_is_mounted_is_named(void **state)
{
	(void)state;
	assert_true(make_named("virtio_blk") && make_named("squashfs"));
	REFUSES(COPY "virtio_blk", "/lib/modules (squashfs) is on a disk that it drives",
		"umount /lib/modules");
	REFUSES(COPY "squashfs", "/lib/modules (squashfs) is mounted with it");
	assert_null(strstr(said, "on a disk"));
}

/* sysfs shows no driver of it. */
static void disk_without_a_device_is_named(void **state)
{
	(void)state;
	assert_true(make_named("loop") && shell("modprobe loop && losetup /dev/loop0 " IMAGE));
	assert_true(shell("mount -t iso9660 -o ro /dev/loop0 " MOUNT));
	REFUSES(COPY "loop", "loop: in use: " MOUNT " (iso9660) is on a disk that it drives",
		"umount " MOUNT);
	assert_true(shell("umount " MOUNT "; losetup -d /dev/loop0"));
	DOES(COPY "loop", "loop: stock module out, instrumented one in");
}

/* Below another root, too. */
static bool bind(const char *directory)
{
	char path[128];

	snprintf(path, sizeof(path), MOUNT "%s", directory);
	return !mount(directory, path, NULL, MS_BIND, NULL);
}

static void root_filesystem_is_named(void **state)
{
	(void)state;
	assert_true(make_named("overlay"));
	assert_true(shell("modprobe overlay"));
	assert_true(shell("mount -t overlay -o lowerdir=/:/dev/shm kcov " MOUNT));
	assert_true(bind("/proc") && bind("/sys") && bind("/tmp") && bind("/lib/modules"));
	kcov_run("chroot " MOUNT " kcovctl " COPY "overlay 2>&1", said, sizeof(said));
	assert_non_null(strstr(said, "overlay: the root filesystem is mounted with it"));
	assert_non_null(strstr(said, "kcovctl instrument --install overlay"));
	assert_null(strstr(said, "umount /\n"));
}

static void network_interface_is_named(void **state)
{
	(void)state;
	assert_true(make_named(RADIO) && shell("modprobe " RADIO " radios=1"));
	assert_true(shell("ip link set wlan0 up"));
	REFUSES(COPY RADIO, RADIO ": in use: it drives the network interface wlan0, which is up",
		"ip link set wlan0 down");
	assert_true(shell("ip link set wlan0 down"));
	DOES(COPY RADIO, RADIO ": stock module out, instrumented one in");
}

/* Nobody counts it, whether it is up or down, and it would not come back. */
static void interface_without_a_device_is_named(void **state)
{
	(void)state;
	assert_true(make_named("dummy") && shell("modprobe dummy && ip link delete dummy0"));
	assert_true(shell("ip link add swap0 type dummy"));
	REFUSES(COPY "dummy", "dummy: in use: the network interface swap0 is made by it",
		"ip link delete swap0");
	assert_true(shell("ip link set swap0 up"));
	REFUSES(COPY "dummy", "dummy: in use: the network interface swap0 is made by it");
	assert_true(shell("ip link delete swap0"));
	DOES(COPY "dummy", "dummy: stock module out, instrumented one in");
}

/* Nor does what it uses go. */
static void user_that_is_used_stays(void **state)
{
	(void)state;
	assert_true(make_named("mac80211") && shell("modprobe " RADIO " radios=1"));
	assert_true(shell("ip link set wlan0 up"));
	REFUSES(COPY "--users mac80211", RADIO ": in use: it drives the network interface wlan0");
	assert_null(strstr(said, "mac80211: in use"));
	assert_true(kcov_is_loaded(RADIO));
}

static void count_without_a_name_is_told(void **state)
{
	const char *const words[] = { "cpuid: in use, with a count of", "lsof", NULL };
	bool told;
	int device;

	(void)state;
	assert_true(make_named("cpuid") && shell("modprobe cpuid"));
	device = open("/dev/cpu/0/cpuid", O_RDONLY | O_CLOEXEC);
	told = device >= 0 && ends(1, COPY "cpuid", words);
	close(device);
	assert_true(told);
}

/* --- half-way ---------------------------------------------------------------------------- */

static void init_that_fails_leaves_the_stock_one(void **state)
{
	(void)state;
	assert_true(shell("modprobe udf && echo options crc_itu_t refuse=1 >" OPTIONS));
	REFUSES(LOAD "--users crc_itu_t", "the kernel refuses " INSTRUMENTED ": ENODEV",
		"init function", "crc_itu_t: the stock one is back", "udf: the stock one is back");
	assert_true(is_from("crc_itu_t", stock) && kcov_is_loaded("udf"));
	assert_int_not_equal(access("/run/kcov/crc_itu_t", F_OK), 0);
}

static void init_that_fails_leaves_nothing_where_nothing_was(void **state)
{
	(void)state;
	assert_true(shell("echo options crc_itu_t refuse=1 >" OPTIONS));
	REFUSES(LOAD "crc_itu_t", "ENODEV");
	assert_null(strstr(said, "is back"));
	assert_false(kcov_is_loaded("crc_itu_t"));
}

static void module_that_cannot_be_linked_leaves_the_stock_one(void **state)
{
	(void)state;
	assert_true(make_unlinkable(INSTRUMENTED, "crc-itu-t"));
	assert_true(shell("modprobe crc_itu_t"));
	REFUSES(COPY "crc_itu_t", "the kernel refuses " COPIES "/crc-itu-t.ko: ENOENT",
		"kernel log: crc_itu_t: Unknown symbol __sanitizer_cov_trace_xx",
		"kcovctl instrument crc_itu_t", "the stock one is back");
	assert_true(is_from("crc_itu_t", stock));
}

/* For another machine: the kernel sees that first of all. */
static void kernel_is_asked_before_the_stock_one_goes(void **state)
{
	ino_t loading;

	(void)state;
	assert_true(copy_with(INSTRUMENTED, "crc-itu-t", ELFMAG,
			      offsetof(Elf64_Ehdr, e_machine), "\3", 1));
	assert_true(shell("modprobe crc_itu_t"));
	loading = loading_of("crc_itu_t");
	REFUSES(COPY "crc_itu_t", "the kernel would refuse", "ENOEXEC",
		"kcovctl instrument crc_itu_t");
	assert_int_equal(loading_of("crc_itu_t"), loading);
}

/* When the first is in, the second fails: both are stock again. */
static void second_that_fails_takes_the_first_back(void **state)
{
	(void)state;
	assert_true(make_unlinkable(FILES "/udf.ko", "udf"));
	assert_true(shell("modprobe udf"));
	REFUSES("load " COPIES "/udf.ko " INSTRUMENTED, "udf: the kernel refuses",
		"crc_itu_t: the stock one is back", "udf: the stock one is back");
	assert_true(is_from("crc_itu_t", stock) && kcov_is_loaded("udf"));
	assert_false(is_from("udf", COPIES "/udf.ko"));
}

/* Nothing was loaded before it but another build of the same. */
static void replacement_that_fails_leaves_the_older_one(void **state)
{
	(void)state;
	DOES(LOAD "crc_itu_t", "instrumented module in");
	assert_true(make_unlinkable(INSTRUMENTED, "broken") &&
		    make_rebuilt(COPIES "/broken.ko"));
	REFUSES(COPY "crc_itu_t", "the kernel refuses " COPIES "/crc-itu-t.ko: ENOENT",
		"crc_itu_t: the instrumented one is back");
	assert_true(is_from("crc_itu_t", INSTRUMENTED));
	DOES("unload", "crc_itu_t: instrumented module out\n");
}

static void replacement_of_a_file_that_is_gone_is_told(void **state)
{
	(void)state;
	assert_true(make_rebuilt(INSTRUMENTED));
	DOES(COPY "crc_itu_t", "instrumented module in");
	unlink(COPIES "/crc-itu-t.ko");
	DOES(LOAD "crc_itu_t", "crc_itu_t: the loaded one could not be put back",
	     "instrumented module out, instrumented one in");
}

/* Somebody uses the first one when the second fails. */
static void one_that_cannot_be_taken_out_again_is_told(void **state)
{
	(void)state;
	assert_true(make_unlinkable(FILES "/udf.ko", "udf") && shell("modprobe udf"));
	assert_true(shell("echo options crc_itu_t held=1 >" OPTIONS));
	REFUSES("load " COPIES "/udf.ko " INSTRUMENTED, "udf: the kernel refuses",
		"crc_itu_t: the instrumented one is in and cannot be taken out again: EAGAIN",
		"kcovctl unload crc_itu_t", "udf: the stock one is back");
	assert_null(strstr(said, "crc_itu_t: the stock one is back"));
	assert_true(is_from("crc_itu_t", INSTRUMENTED));
	assert_int_equal(kcov_write_file(HELD, "0"), 0);
	DOES("unload --users", "crc_itu_t: instrumented module out, stock one in");
}

/* Asked for one, the kernel says no: the other's is not loaded. */
static void what_it_needs_waits_for_the_kernel(void **state)
{
	(void)state;
	assert_true(make_named("cpuid") && shell("modprobe cpuid"));
	assert_true(copy_with(COPIES "/cpuid.ko", "cpuid", ELFMAG,
			      offsetof(Elf64_Ehdr, e_machine), "\3", 1));
	REFUSES("load " COPIES "/cpuid.ko " FILES "/udf.ko", "the kernel would refuse");
	assert_false(kcov_is_loaded("crc_itu_t"));
}

static void what_it_needs_goes_with_it(void **state)
{
	(void)state;
	assert_true(make_unlinkable(FILES "/udf.ko", "udf"));
	REFUSES(COPY "udf", "udf: the kernel refuses");
	assert_false(kcov_is_loaded("crc_itu_t"));
}

/* Its user came when all had been looked at: sysfs does not tell this process of it. */
static int swap_with_a_hidden_user(void *unused)
{
	const char *const words[] = { "cpuid: cannot be taken out: EAGAIN",
				      "udf: the stock one is back", NULL };

	(void)unused;
	if (open("/dev/cpu/0/cpuid", O_RDONLY | O_CLOEXEC) < 0 || unshare(CLONE_NEWNS) ||
	    !write_bytes(COPIES "/none", "0\n", 2) ||
	    mount(COPIES "/none", "/sys/module/cpuid/refcnt", NULL, MS_BIND, NULL))
		return -1;
	return ends(1, COPY "cpuid udf", words) ? 0 : 1;
}

static void removal_that_fails_brings_back_what_is_out(void **state)
{
	ino_t loading;

	(void)state;
	assert_true(make_named("cpuid") && make_named("udf"));
	assert_true(shell("modprobe cpuid && modprobe udf"));
	loading = loading_of("udf");
	assert_int_equal(kcov_in_child(swap_with_a_hidden_user, NULL), 0);
	assert_true(loading_of("udf") > loading);
	assert_false(is_from("udf", COPIES "/udf.ko"));
}

/* --- bad input --------------------------------------------------------------------------- */

static void unknown_name_is_refused(void **state)
{
	(void)state;
	REFUSES(LOAD "no_such_module", "no_such_module: no such module", FILES, "/lib/modules/");
}

static void module_that_was_not_built_yet_is_refused(void **state)
{
	(void)state;
	REFUSES(LOAD "cuse", "cuse: not instrumented yet", "kcovctl instrument cuse");
}

/* One that there is in every kernel of ours, and a file would be of no use. */
static void module_that_is_built_in_is_refused(void **state)
{
	(void)state;
	REFUSES(LOAD "8250", "8250: is built into this kernel", "function entries");
	assert_true(make_named("8250"));
	REFUSES(COPY "8250", "8250: is built into this kernel", "function entries");
}

static void module_without_callbacks_is_refused(void **state)
{
	char command[512];

	(void)state;
	snprintf(command, sizeof(command), "load %s", stock);
	REFUSES(command, "is not instrumented", "kcovctl instrument crc_itu_t");
	assert_false(kcov_is_loaded("crc_itu_t"));
}

static void module_for_another_kernel_is_refused(void **state)
{
	(void)state;
	assert_true(copy_with(INSTRUMENTED, "crc-itu-t", "vermagic=", 9, "5", 1));
	REFUSES(COPY "crc_itu_t", "is built for the kernel 5", release,
		"kcovctl instrument crc_itu_t");
	assert_false(kcov_is_loaded("crc_itu_t"));
}

static void module_for_other_options_is_refused(void **state)
{
	(void)state;
	assert_true(copy_with(INSTRUMENTED, "crc-itu-t", " mod_unload ", 1, "no", 2));
	REFUSES(COPY "crc_itu_t", "other options", "nod_unload", "mod_unload");
}

static void file_that_is_no_module_is_refused(void **state)
{
	(void)state;
	assert_true(write_bytes(COPIES "/crc-itu-t.ko", "no module", 9));
	REFUSES(COPY "crc_itu_t", "no kernel module", "kcovctl instrument crc_itu_t");
	REFUSES("load " COPIES "/no.ko", COPIES "/no.ko: ENOENT");
}

static void without_root_it_is_refused(void **state)
{
	(void)state;
	assert_int_equal(kcov_run("su -s /bin/sh nobody -c 'kcovctl " LOAD "crc_itu_t' 2>&1", said,
				  sizeof(said)), 1);
	assert_non_null(strstr(said, "only root"));
	assert_non_null(strstr(said, "sudo kcovctl load"));
}

static int load_where_kcov_is_hidden(void *unused)
{
	const char *const words[] = { "kcov.ko is not loaded", "modprobe kcov", NULL };

	(void)unused;
	if (unshare(CLONE_NEWNS) || mount("kcov", "/sys/module/kcov", "tmpfs", 0, NULL))
		return -1;
	return ends(1, LOAD "crc_itu_t", words) ? 0 : 1;
}

static void without_kcov_it_is_refused(void **state)
{
	(void)state;
	assert_int_equal(kcov_in_child(load_where_kcov_is_hidden, NULL), 0);
	assert_false(kcov_is_loaded("crc_itu_t"));
}

/* Nothing of /lib/modules could be put back for it. */
static void loaded_module_of_unknown_origin_is_refused(void **state)
{
	(void)state;
	assert_int_equal(kcov_load("kcov_plain"), 0);
	assert_true(make_named("kcov_plain"));
	REFUSES(COPY "kcov_plain", "could not be put back", "rmmod kcov_plain");
	assert_int_equal(kcov_unload("kcov_plain"), 0);
}

/* It has the name of one of /lib/modules, and is none of these. */
static void loaded_module_of_another_build_is_refused(void **state)
{
	ino_t loading;

	(void)state;
	assert_true(make_named("cpuid") &&
		    copy_replacing(KCOV_PLAIN, "plain", "kcov_plain", "cpuid"));
	assert_true(shell("insmod " COPIES "/plain.ko"));
	loading = loading_of("cpuid");
	REFUSES(COPY "cpuid", "cpuid: the loaded one is another build than /lib/modules/",
		"modprobe -r cpuid and modprobe cpuid load that one");
	assert_int_equal(loading_of("cpuid"), loading);
}

static void stock_module_is_not_unloaded(void **state)
{
	(void)state;
	REFUSES("unload crc_itu_t", "crc_itu_t: is not loaded");
	assert_true(shell("modprobe crc_itu_t"));
	REFUSES("unload crc_itu_t", "not instrumented");
	assert_true(is_from("crc_itu_t", stock));
	DOES("unload", "no module is loaded");
}

/* A name is looked up where who typed sudo has built it. */
static void home_is_that_of_the_user(void **state)
{
	(void)state;
	shell("SUDO_USER=nobody HOME=/root kcovctl load cuse 2>&1");
	assert_non_null(strstr(said, "//.cache/kcov/modules/"));
	shell("HOME=/root kcovctl load cuse 2>&1");
	assert_non_null(strstr(said, "/root/.cache/kcov/modules/"));
	shell("SUDO_USER=nobody XDG_CACHE_HOME=/tmp/cache kcovctl load cuse 2>&1");
	assert_non_null(strstr(said, "/tmp/cache/kcov/modules/"));
	shell("XDG_CACHE_HOME=/tmp/cache KCOV_CACHE=/tmp/own kcovctl load cuse 2>&1");
	assert_non_null(strstr(said, " /tmp/own/modules/"));
	shell("XDG_CACHE_HOME=cache KCOV_CACHE=own HOME=/root kcovctl load cuse 2>&1");
	assert_non_null(strstr(said, " /root/.cache/kcov/modules/"));
}

#define SWAP_TEST(name) cmocka_unit_test_teardown(name, clean_up)

int main(void)
{
	const struct CMUnitTest swap[] = {
		SWAP_TEST(stock_module_is_swapped_and_swapped_back),
		SWAP_TEST(what_was_not_loaded_is_not_loaded_afterwards),
		SWAP_TEST(file_can_be_named_by_its_path),
		SWAP_TEST(second_load_changes_nothing),
		SWAP_TEST(rebuilt_module_takes_the_place_of_an_older_one),
		SWAP_TEST(several_come_in_the_order_of_their_dependencies),
		SWAP_TEST(what_it_needs_is_loaded_first),
		SWAP_TEST(stock_module_between_two_of_them_is_no_obstacle),
		SWAP_TEST(options_are_those_of_modprobe),
		SWAP_TEST(what_was_before_another_loading_does_not_count),
		SWAP_TEST(module_that_was_built_again_is_unloaded),
		SWAP_TEST(one_waits_for_another),

		SWAP_TEST(module_that_uses_it_is_named),
		SWAP_TEST(module_that_uses_it_goes_out_and_comes_back),
		SWAP_TEST(instrumented_user_comes_back_instrumented),
		SWAP_TEST(mount_is_named),
		SWAP_TEST(disk_that_is_mounted_is_named),
		SWAP_TEST(disk_without_a_device_is_named),
		SWAP_TEST(root_filesystem_is_named),
		SWAP_TEST(network_interface_is_named),
		SWAP_TEST(interface_without_a_device_is_named),
		SWAP_TEST(user_that_is_used_stays),
		SWAP_TEST(count_without_a_name_is_told),

		SWAP_TEST(init_that_fails_leaves_the_stock_one),
		SWAP_TEST(init_that_fails_leaves_nothing_where_nothing_was),
		SWAP_TEST(module_that_cannot_be_linked_leaves_the_stock_one),
		SWAP_TEST(kernel_is_asked_before_the_stock_one_goes),
		SWAP_TEST(second_that_fails_takes_the_first_back),
		SWAP_TEST(replacement_that_fails_leaves_the_older_one),
		SWAP_TEST(replacement_of_a_file_that_is_gone_is_told),
		SWAP_TEST(one_that_cannot_be_taken_out_again_is_told),
		SWAP_TEST(what_it_needs_waits_for_the_kernel),
		SWAP_TEST(what_it_needs_goes_with_it),
		SWAP_TEST(removal_that_fails_brings_back_what_is_out),

		SWAP_TEST(unknown_name_is_refused),
		SWAP_TEST(module_that_was_not_built_yet_is_refused),
		SWAP_TEST(module_that_is_built_in_is_refused),
		SWAP_TEST(module_without_callbacks_is_refused),
		SWAP_TEST(module_for_another_kernel_is_refused),
		SWAP_TEST(module_for_other_options_is_refused),
		SWAP_TEST(file_that_is_no_module_is_refused),
		SWAP_TEST(without_root_it_is_refused),
		SWAP_TEST(without_kcov_it_is_refused),
		SWAP_TEST(loaded_module_of_unknown_origin_is_refused),
		SWAP_TEST(loaded_module_of_another_build_is_refused),
		SWAP_TEST(stock_module_is_not_unloaded),
		SWAP_TEST(home_is_that_of_the_user),
	};
	const int failed = cmocka_run_group_tests(swap, setup, teardown);

	return failed != 0;
}
