/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A Bluetooth controller that hci_vhci presents to the kernel: a thread answers each command.
 */
#ifndef INSTRUMENT_CONTROLLER_H
#define INSTRUMENT_CONTROLLER_H

#include "kcov_test.h"

#include <pthread.h>
#include <stdatomic.h>

/* As the specification of HCI numbers them. */
#define COMMAND_PACKET		0x01
#define EVENT_PACKET		0x04
#define VENDOR_PACKET		0xff

/* What it says of itself. */
#define CONTROLLER_ADDRESS	"\x42\x00\x00\x01\xaa\x00"
#define CONTROLLER_MTU		1021

struct controller {
	int fd;			/* of /dev/vhci */
	int index;		/* hciN; -1 until the kernel has said it */
	pthread_t thread;
	atomic_bool ended;	/* the thread is to end */
	atomic_int answered;	/* commands */
};

/* What HCIGETDEVINFO answers. */
struct controller_info {
	__u16 index;
	char name[8];
	__u8 address[6];
	__u32 flags;
	__u8 type;
	__u8 features[8];
	__u32 packet_type, link_policy, link_mode;
	__u16 acl_mtu, acl_packets, sco_mtu, sco_packets;
	__u32 error_rx, error_tx, command_tx, event_rx, acl_tx, acl_rx, sco_tx, sco_rx;
	__u32 byte_rx, byte_tx;
};

/* Whether it is there, and up; else errno says why not. */
bool controller_begin(struct controller *controller);
void controller_end(struct controller *controller);
int controller_info(const struct controller *controller, struct controller_info *info);
bool controller_is_up(const struct controller *controller);

/* A frame, as if received: 0 or an errno; and one with an event. */
int controller_write(const struct controller *controller, const void *frame, size_t count);
int controller_send(const struct controller *controller, __u8 event, const void *parameters,
		    size_t count);

#endif /* INSTRUMENT_CONTROLLER_H */
