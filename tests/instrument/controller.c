// SPDX-License-Identifier: GPL-2.0-only
/*
 * A Bluetooth controller that hci_vhci presents to the kernel: a thread answers each command.
 *
 * It can do nothing but be there, which is what all zeroes mean in most answers.
 */
#include "controller.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* As the specification of HCI numbers them. */
#define COMMAND_COMPLETE	0x0e
#define READ_BUFFER_SIZE	0x1005
#define READ_BD_ADDR		0x1009

/* How long until it is noticed that it shall end. */
#define POLL_MS		20

#define BTPROTO_HCI		1
#define HCIDEVUP		_IOW('H', 201, int)
#define HCIGETDEVINFO		_IOR('H', 211, int)
#define HCI_UP			0

/* "packet type, event, length, commands allowed, opcode, status, ..." */
#define ANSWER_HEAD	7
#define LONGEST		248

/* How much the kernel wants to hear, behind the status; of all others no more than that. */
static const struct {
	unsigned int opcode;
	size_t length;
} answers[] = {
	{ 0x0c14, LONGEST },	/* name */
	{ 0x0c23, 3 },		/* class */
	{ 0x0c25, 2 },		/* voice setting */
	{ 0x0c38, 1 },		/* access codes, how many */
	{ 0x1001, 8 },		/* version */
	{ 0x1002, 64 },		/* commands */
	{ 0x1003, 8 },		/* features */
	{ READ_BUFFER_SIZE, 7 },
	{ READ_BD_ADDR, 6 },
};

static size_t answer_to(unsigned int opcode, unsigned char *parameters)
{
	const unsigned char sizes[] = { CONTROLLER_MTU & 0xff, CONTROLLER_MTU >> 8, 64, 8, 0, 8 };

	memset(parameters, 0, LONGEST);
	if (opcode == READ_BUFFER_SIZE)
		memcpy(parameters, sizes, sizeof(sizes));
	else if (opcode == READ_BD_ADDR)
		memcpy(parameters, CONTROLLER_ADDRESS, 6);
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		if (answers[i].opcode == opcode)
			return answers[i].length;
	return 0;
}

static void answer(struct controller *controller, const unsigned char *command)
{
	unsigned char frame[ANSWER_HEAD + LONGEST] = {
		EVENT_PACKET, COMMAND_COMPLETE, 0, 1, command[1], command[2], 0
	};
	const size_t count = answer_to(command[1] | command[2] << 8, frame + ANSWER_HEAD);

	frame[2] = ANSWER_HEAD - 3 + count;
	if (write(controller->fd, frame, ANSWER_HEAD + count) > 0)
		atomic_fetch_add(&controller->answered, 1);
}

static void take(struct controller *controller, const unsigned char *frame, ssize_t length)
{
	if (length == 4 && frame[0] == VENDOR_PACKET)
		__atomic_store_n(&controller->index, frame[2] | frame[3] << 8, __ATOMIC_RELEASE);
	else if (length >= 4 && frame[0] == COMMAND_PACKET)
		answer(controller, frame);
}

static void *control(void *data)
{
	struct controller *controller = data;
	struct pollfd poll_fd = { .fd = controller->fd, .events = POLLIN };
	unsigned char frame[1024];

	while (!atomic_load(&controller->ended)) {
		ssize_t length;

		if (poll(&poll_fd, 1, POLL_MS) < 1)
			continue;
		length = read(controller->fd, frame, sizeof(frame));
		if (length > 0)
			take(controller, frame, length);
	}
	return NULL;
}

static bool has_index(void *data)
{
	const struct controller *controller = data;

	return __atomic_load_n(&controller->index, __ATOMIC_ACQUIRE) >= 0;
}

static int ask(unsigned long request, void *argument)
{
	const int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);
	int err;

	if (fd < 0)
		return errno;
	err = ioctl(fd, request, argument) ? errno : 0;
	close(fd);
	return err;
}

int controller_info(const struct controller *controller, struct controller_info *info)
{
	*info = (struct controller_info){ .index = controller->index };
	return ask(HCIGETDEVINFO, info);
}

bool controller_is_up(const struct controller *controller)
{
	struct controller_info info;

	return !controller_info(controller, &info) && info.flags & 1U << HCI_UP;
}

/* The kernel brings a new one up by itself, for a while: who asks then is told EALREADY. */
static bool bring_up(const struct controller *controller)
{
	const int err = ask(HCIDEVUP, (void *)(long)controller->index);

	if (!err || err == EALREADY)
		return controller_is_up(controller);
	errno = err;
	return false;
}

bool controller_begin(struct controller *controller)
{
	const unsigned char make[] = { VENDOR_PACKET, 0 };

	controller->index = -1;
	atomic_store(&controller->ended, false);
	atomic_store(&controller->answered, 0);
	controller->fd = open("/dev/vhci", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (controller->fd < 0)
		return false;
	if (pthread_create(&controller->thread, NULL, control, controller)) {
		close(controller->fd);
		controller->fd = -1;
		return false;
	}
	return write(controller->fd, make, sizeof(make)) == sizeof(make) &&
	       kcov_wait_for(has_index, controller) && bring_up(controller);
}

void controller_end(struct controller *controller)
{
	atomic_store(&controller->ended, true);
	pthread_join(controller->thread, NULL);
	close(controller->fd);
}

int controller_write(const struct controller *controller, const void *frame, size_t count)
{
	return write(controller->fd, frame, count) < 0 ? errno : 0;
}

int controller_send(const struct controller *controller, __u8 event, const void *parameters,
		    size_t count)
{
	unsigned char frame[3 + 255] = { EVENT_PACKET, event, count };

	memcpy(frame + 3, parameters, count);
	return controller_write(controller, frame, 3 + count);
}
