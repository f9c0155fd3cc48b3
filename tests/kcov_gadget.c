// SPDX-License-Identifier: GPL-2.0-only
/*
 * A USB gadget on the bus of dummy_hcd, which comes and goes: what the tests of USB share.
 */
#include "kcov_gadget.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIGFS	"/sys/kernel/config"
#define GADGET		CONFIGFS "/usb_gadget/kcov"
#define STRINGS		GADGET "/strings/0x409"
#define FUNCTION	"SourceSink.0"
#define LINK		GADGET "/configs/c.1/" FUNCTION
#define CONTROLLER	"/sys/bus/platform/devices/dummy_hcd.0"

static int bus;

static bool run(const char *command)
{
	return system(command) == 0;
}

int kcov_gadget_bus(void)
{
	return bus;
}

unsigned long kcov_usb_handle(int number)
{
	return kcov_remote_handle(KCOV_SUBSYSTEM_USB, number);
}

/* The gadget is described once. */
static bool make_gadget(void)
{
	return !mkdir(GADGET, 0755) &&
	       !kcov_write_file(GADGET "/idVendor", "0x1d6b") &&
	       !kcov_write_file(GADGET "/idProduct", "0x0104") &&
	       !mkdir(STRINGS, 0755) &&
	       !kcov_write_file(STRINGS "/product", KCOV_GADGET_PRODUCT) &&
	       !kcov_write_file(STRINGS "/serialnumber", KCOV_GADGET_SERIAL) &&
	       !mkdir(GADGET "/configs/c.1", 0755) &&
	       !mkdir(GADGET "/functions/" FUNCTION, 0755);
}

static void remove_gadget(void)
{
	rmdir(GADGET "/configs/c.1");
	rmdir(GADGET "/functions/" FUNCTION);
	rmdir(STRINGS);
	rmdir(GADGET);
}

/*
 * Bound to the controller, it is plugged in. Its function is taken anew each
 * time: the kernel's makes its descriptors whenever it is bound, and frees only
 * the last, which a kernel that looks for leaks would report.
 */
bool kcov_plug(void)
{
	return !symlink(GADGET "/functions/" FUNCTION, LINK) &&
	       !kcov_write_file(GADGET "/UDC", "dummy_udc.0");
}

bool kcov_unplug(void)
{
	const bool was_bound = !kcov_write_file(GADGET "/UDC", "\n");

	return !unlink(LINK) && was_bound;
}

bool kcov_gadget_is_there(void *unused)
{
	char path[128];

	(void)unused;
	snprintf(path, sizeof(path), KCOV_USB_DEVICES "/%d-1:1.0", bus);
	return !access(path, F_OK);
}

bool kcov_gadget_is_gone(void *unused)
{
	char path[128];

	(void)unused;
	snprintf(path, sizeof(path), KCOV_USB_DEVICES "/%d-1", bus);
	return access(path, F_OK);
}

static bool find_bus(void)
{
	DIR *directory = opendir(CONTROLLER);
	struct dirent *entry;

	bus = 0;
	while (directory && (entry = readdir(directory)))
		if (!strncmp(entry->d_name, "usb", 3) && !bus)
			bus = atoi(entry->d_name + 3);
	if (directory)
		closedir(directory);
	return bus > 0;
}

bool kcov_gadget_start(void)
{
	if (!run("modprobe dummy_hcd") || !run("modprobe libcomposite") ||
	    !run("modprobe usb_f_ss_lb"))
		return false;
	if (access(CONFIGFS "/usb_gadget", F_OK) &&
	    mount("configfs", CONFIGFS, "configfs", 0, NULL))
		return false;
	kcov_symbols_forget();
	return find_bus() && make_gadget();
}

bool kcov_gadget_stop(void)
{
	kcov_unplug();
	remove_gadget();
	umount(CONFIGFS);
	kcov_symbols_forget();
	/* fails when a module that both need went with the first */
	run("modprobe -r usb_f_ss_lb dummy_hcd");
	return !kcov_is_loaded("usb_f_ss_lb") && !kcov_is_loaded("dummy_hcd");
}
