// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network interfaces that would go with a module: no count holds them, and the
 * connection to this machine may be one of them.
 *
 * A driver makes its interfaces again, so those that are down are in nobody's way.
 * What has no device is of a kind (bridge, wireguard) and was made by somebody, who
 * would have to make it again. Only our own network namespace is looked at.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kcovctl.h"
#include "kcovctl_disks.h"
#include "kcovctl_interfaces.h"

struct interface {
	const char *name, *kind;	/* NULL: none */
	bool up;
};

struct search {
	const struct modules *modules;
	const char *name;
	size_t found;
};

/* A module makes these itself, and nobody can delete them. */
static const char *const fallbacks[] = {
	"erspan0", "gre0", "gretap0", "ip6_vti0", "ip6gre0", "ip6tnl0",
	"ip_vti0", "sit0", "tunl0",
};

static bool is_fallback(const struct interface *interface)
{
	for (size_t i = 0; i < ARRAY_SIZE(fallbacks); i++)
		if (!strcmp(interface->name, fallbacks[i]))
			return true;
	return false;
}

static void find_in_driven(struct search *search,
			   const struct interface *interface, const char *device)
{
	if (!interface->up || !device_hangs_on(device, search->name))
		return;
	search->found++;
	warnx("%s: in use: it drives the network interface %s, which is up",
	      search->name, interface->name);
	warnx("  ip link set %s down", interface->name);
}

static void find_in_made(struct search *search,
			 const struct interface *interface)
{
	const bool fallback = is_fallback(interface);

	if (!interface->kind || (fallback && !interface->up) ||
	    !modules_serve(search->modules, search->name, "rtnl-link-", interface->kind))
		return;
	search->found++;
	warnx("%s: in use: the network interface %s is made by it and would be gone",
	      search->name, interface->name);
	warnx(fallback ? "  ip link set %s down" : "  ip link delete %s", interface->name);
}

static void find_in_interface(struct search *search,
			      const struct interface *interface)
{
	char device[MODULE_PATH];

	snprintf(device, sizeof(device), "/sys/class/net/%s/device", interface->name);
	if (access(device, F_OK))
		find_in_made(search, interface);
	else
		find_in_driven(search, interface, device);
}

/* --- what the kernel tells ------------------------------------------------ */

static const char *kind_in(const struct rtattr *info)
{
	const struct rtattr *attribute = RTA_DATA(info);
	int room = RTA_PAYLOAD(info);

	for (; RTA_OK(attribute, room); attribute = RTA_NEXT(attribute, room))
		if (attribute->rta_type == IFLA_INFO_KIND)
			return RTA_DATA(attribute);
	return NULL;
}

static struct interface read_interface(const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);
	const struct rtattr *attribute = IFLA_RTA(link);
	struct interface interface = { .up = link->ifi_flags & IFF_UP };
	int room = IFLA_PAYLOAD(message);

	for (; RTA_OK(attribute, room); attribute = RTA_NEXT(attribute, room)) {
		if (attribute->rta_type == IFLA_IFNAME)
			interface.name = RTA_DATA(attribute);
		if (attribute->rta_type == IFLA_LINKINFO)
			interface.kind = kind_in(attribute);
	}
	return interface;
}

/* False: that was the last one. */
static bool find_in_message(struct search *search, const struct nlmsghdr *message)
{
	struct interface interface;

	if (message->nlmsg_type != RTM_NEWLINK)
		return false;
	interface = read_interface(message);
	if (interface.name)
		find_in_interface(search, &interface);
	return true;
}

static bool ask(int fd)
{
	const struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
	} request = {
		.header.nlmsg_len = sizeof(request),
		.header.nlmsg_type = RTM_GETLINK,
		.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
	};

	return send(fd, &request, sizeof(request), 0) == sizeof(request);
}

static bool find_in_answers(struct search *search, int fd)
{
	static char answer[1 << 17] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool more = true;

	while (more) {
		const struct nlmsghdr *message = (const struct nlmsghdr *)answer;
		ssize_t length = recv(fd, answer, sizeof(answer), 0);

		if (length <= 0)
			return false;
		for (; more && NLMSG_OK(message, length); message = NLMSG_NEXT(message, length))
			more = find_in_message(search, message);
	}
	return true;
}

size_t interfaces_name(const struct modules *modules, const char *name)
{
	struct search search = { .modules = modules, .name = name };
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0 || !ask(fd) || !find_in_answers(&search, fd)) {
		search.found++;
		warnx("%s: the kernel does not tell which network interfaces there are: %s",
		      name, error_text(errno));
	}
	if (fd >= 0)
		close(fd);
	return search.found;
}
