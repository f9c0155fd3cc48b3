#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2154 # what the files beside it share
#
# Read by instrument: which kernel, its modules, its headers, its kcov.ko. Sets
# release, stock, headers, config, version (6.1) and sublevel, and kcov.

# With headers, and no release, it is theirs.
find_modules()
{
	given_release=$release
	[ -n "$release" ] || [ -z "$headers" ] || release=$(defined utsrelease.h UTS_RELEASE)
	: "${release:=$(uname -r)}"
	: "${stock:=/lib/modules/$release}"
	[ -r "$stock/modules.dep" ] ||
		die "$stock/modules.dep is missing, so the modules of $release are unknown: run depmod, or give --modules"
	stock=$(realpath -s "$stock")
}

# defined HEADER NAME: what a #define says
defined()
{
	sed -n "s/^#define $2  *\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" "$headers/include/generated/$1" 2>/dev/null || true
}

find_headers()
{
	local found
	: "${headers:=/lib/modules/$release/build}"
	found=$(defined utsrelease.h UTS_RELEASE)
	[ -n "$found" ] ||
		die "no kernel headers in $headers: apt-get install linux-headers-$release, or give --headers"
	[ "$found" = "$release" ] ||
		die "the headers in $headers are of $found, not of $release: give those of $release with --headers"
	headers=$(readlink -f "$headers")
	config=$headers/include/config/auto.conf
	[ -r "$config" ] || die "$config is missing: run 'make modules_prepare' in $headers"
	! grep -q '^CONFIG_KCOV=y' "$config" ||
		die "$release has a kcov of its own (CONFIG_KCOV=y): its modules have callbacks already"
	version=$(defined uapi/linux/version.h LINUX_VERSION_MAJOR).$(defined uapi/linux/version.h LINUX_VERSION_PATCHLEVEL)
	sublevel=$(defined uapi/linux/version.h LINUX_VERSION_SUBLEVEL)
}

# kcov.ko of that kernel says what its callbacks' versions are.
find_kcov()
{
	local file theirs
	if [ -n "$kcov" ]; then
		[ -e "$kcov" ] || die "there is no $kcov: give kcov.ko of $release with --kcov"
	else
		for file in "$here/../../build/$release/kcov/kcov.ko" "$stock"/{updates,updates/dkms,extra}/kcov.ko*; do
			[ ! -e "$file" ] || { kcov=$file; break; }
		done
		[ -n "$kcov" ] ||
			die "no kcov.ko for $release, whose callbacks the modules are to call: apt-get install kcov-dkms," \
				"or build it (make KDIR=$headers), or give --kcov"
	fi
	theirs=$(modinfo -F vermagic "$kcov" 2>/dev/null || true)
	[ "${theirs%% *}" = "$release" ] ||
		die "$kcov is for '${theirs%% *}': give kcov.ko of $release with --kcov"
}

write_symvers()
{
	modprobe --show-exports "$kcov" 2>/dev/null |
		sed 's/^\(0x[0-9a-f]*\)[ \t]*\(.*\)$/\1\t\2\tkcov\tEXPORT_SYMBOL\t/' >"$work/kcov.symvers" || true
	grep -q __sanitizer_cov_trace_pc "$work/kcov.symvers" ||
		die "$kcov exports no callbacks: give kcov.ko of $release with --kcov"
}
