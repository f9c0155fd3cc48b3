/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A USB gadget on the bus of dummy_hcd, which comes and goes: what the tests of USB share.
 */
#ifndef KCOV_GADGET_H
#define KCOV_GADGET_H

#include "kcov_test.h"

#define KCOV_USB_DEVICES	"/sys/bus/usb/devices"
#define KCOV_GADGET_PRODUCT	"sources and sinks"
#define KCOV_GADGET_SERIAL	"kcov-1"

/* The modules, and a gadget that is not plugged in; what is left of it is removed in any case. */
bool kcov_gadget_start(void);
bool kcov_gadget_stop(void);

int kcov_gadget_bus(void);
unsigned long kcov_usb_handle(int bus);

bool kcov_plug(void);
bool kcov_unplug(void);

/* Conditions: a device behind the root hub's first port has been configured, or there is none. */
bool kcov_gadget_is_there(void *unused);
bool kcov_gadget_is_gone(void *unused);

#endif /* KCOV_GADGET_H */
