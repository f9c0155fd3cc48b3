#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2154 # what the files beside it share
#
# Read by instrument: the kernel's source, unpacked once, and whether it is what
# that kernel was built of. Sets source to a directory.

# What a package needs when it is unpacked, in MiB, and some objects.
readonly room=2048

free_room()
{
	df -BM --output=avail "$cache" | tail -n 1 | tr -dc 0-9
}

check_room()
{
	local free
	mkdir -p "$cache" 2>/dev/null || die "$cache cannot be made: give another directory with --cache"
	free=$(free_room)
	[ "$free" -ge "$1" ] ||
		die "$1 MiB are needed below $cache and $free are free: make room, or give another directory with --cache"
}

find_source()
{
	local file
	if [ -n "$source" ]; then
		[ -e "$source" ] || die "there is no $source: give the source of Linux $version with --source"
	else
		for file in "/usr/src/linux-source-$version" "/usr/src/linux-source-$version.tar".{xz,zst,gz,bz2}; do
			[ ! -e "$file" ] || { source=$file; break; }
		done
		[ -n "$source" ] ||
			die "no source of Linux $version: apt-get install linux-source-$version, or give --source"
	fi
	source=$(readlink -f "$source")
}

# A package knows which one it is, an archive by itself does not.
check_package()
{
	local theirs ours
	[ -f "$source" ] || return 0
	theirs=$(dpkg-query -S "$source" 2>/dev/null | sed -n '1s/:.*//p' || true)
	[ -n "$theirs" ] || return 0
	theirs=$(dpkg-query -W -f '${Version}' "$theirs")
	ours=$(defined package.h LINUX_PACKAGE_ID | sed 's/^ *[A-Za-z]* //')
	[ -z "$ours" ] || [ "$theirs" = "$ours" ] ||
		die "$source is of $theirs and the headers of $release are of $ours: apt-get install linux-source-$version=$ours"
}

# Into a directory of its own first: one with the right name is whole.
unpack()
{
	local directory=$cache/source temp
	directory+=/$(stat -c '%s-%Y' "$source")-$(basename "$source")
	mkdir -p "$cache/source" 2>/dev/null || die "$cache cannot be written to: give another directory with --cache"
	exec 8>>"$cache/source/lock"
	flock 8
	if [ ! -d "$directory" ]; then
		rm -rf "$cache"/source/unpacking.*
		check_room "$room"
		say "unpacking $source, once"
		temp=$(mktemp -d "$cache/source/unpacking.XXXXXX")
		if ! tar -xf "$source" -C "$temp" --strip-components=1; then
			rm -rf "$temp"
			die "$source cannot be unpacked below $cache: see above"
		fi
		chmod 755 "$temp"
		mv "$temp" "$directory"
	fi
	exec 8>&-
	source=$directory
}

source_version()
{
	sed -n -e '/^VERSION = /{s///;h}' -e '/^PATCHLEVEL = /{s///;H}' \
		-e '/^SUBLEVEL = /{s///;H;x;s/\n/./gp;q}' "$source/Makefile" 2>/dev/null || true
}

take_source()
{
	local theirs
	find_source
	check_package
	[ -d "$source" ] || unpack
	theirs=$(source_version)
	[ -n "$theirs" ] || die "$source holds no source of Linux: give it with --source"
	[ "$theirs" = "$version.$sublevel" ] ||
		die "$source is Linux $theirs and the headers of $release are of $version.$sublevel:" \
			"apt-get install linux-source-$version and linux-headers of the same version"
	if [ -e "$source/.config" ] || [ -e "$source/include/config" ]; then
		die "$source has been built in: 'make mrproper' there, or give another source with --source"
	fi
	if grep -q '^CONFIG_PREEMPT_RT=y' "$config" && ! grep -qs 'ARCH_SUPPORTS_RT' "$source/arch/x86/Kconfig"; then
		say "$release has the patches of PREEMPT_RT, which $source has not: what they change in a module is not built"
	fi
}
