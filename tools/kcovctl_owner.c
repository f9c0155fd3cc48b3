// SPDX-License-Identifier: GPL-2.0-only
/*
 * Root in directories that belong to somebody else.
 */
#define _GNU_SOURCE 1
#include <err.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kcovctl_owner.h"

#define GROUPS_MAX 256

static gid_t groups[GROUPS_MAX];
static int group_count;
static bool entered;

/* The first on the way who is not root; links count as what they are. */
static uid_t owner_of(const char *path)
{
	char part[PATH_MAX];
	struct stat status;
	char *slash = part;

	if (snprintf(part, sizeof(part), "%s/", path) >= (int)sizeof(part))
		return 0;
	while ((slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		if (!lstat(part, &status) && status.st_uid)
			return status.st_uid;
		*slash = '/';
	}
	return 0;
}

static bool become(const struct passwd *owner)
{
	group_count = getgroups(GROUPS_MAX, groups);
	if (group_count < 0 || initgroups(owner->pw_name, owner->pw_gid))
		return false;
	entered = true;
	if (!setegid(owner->pw_gid) && !seteuid(owner->pw_uid))
		return true;
	owner_leave();
	return false;
}

bool owner_enter(const char *path)
{
	const struct passwd *entry;
	uid_t owner;

	if (geteuid())
		return true;
	owner = owner_of(path);
	if (!owner)
		return true;
	entry = getpwuid(owner);
	return entry && become(entry);
}

/* To go on as somebody else, or with his groups, would be a surprise. */
void owner_leave(void)
{
	if (!entered)
		return;
	entered = false;
	if (seteuid(0) || setegid(0) ||
	    setgroups((size_t)group_count, groups))
		err(1, "becoming root again");
}
