#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What make refuses: kernels that cannot carry the module, and installing
# without the right to. Each refusal must name the cause and the cure. And that what
# is installed works from where it is.
#
# KERNEL: whose headers to try with, as in make check.

set -u
cd "$(dirname "$0")/../.." || exit

headers=$PWD/build/kernel/${KERNEL:-6.1}/headers
# shellcheck disable=SC1091 # looked at by itself
. tests/unit/tap.sh

# shellcheck disable=SC2317 # called by is
explain()
{
	echo "$said"
}

# refuses TEXT... -- COMMAND...: it fails and says each text.
refuses()
{
	local texts=()
	while [ "$1" != -- ]; do
		texts+=("$1")
		shift
	done
	shift
	said=$("$@" 2>&1) && return 1
	for text in "${texts[@]}"; do
		grep -q -F -- "$text" <<<"$said" || return 1
	done
}

# As if the kernel were configured so.
build()
{
	make --no-print-directory module KDIR="$headers" "$@"
}

as_nobody()
{
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		"$@"
	fi
}

accepts()
{
	said=$("$@" 2>&1)
}

tools()
{
	make --no-print-directory "$1-tools" PREFIX=/opt/kcov DESTDIR="$work"
}

nothing_is_installed()
{
	said=$(find "$work" ! -type d)
	[ -z "$said" ]
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
installed=$work/opt/kcov/bin/kcovctl

echo "1..15"
refuses "CONFIG_KCOV=y" "/sys/kernel/debug/kcov" -- build CONFIG_KCOV=y
is "kernel_with_its_own_kcov_is_refused"
refuses "CONFIG_DEBUG_FS" "Use a kernel" -- build CONFIG_DEBUG_FS=
is "kernel_without_debugfs_is_refused"
refuses "CONFIG_PREEMPT_NOTIFIERS" "CONFIG_KVM" -- build CONFIG_PREEMPT_NOTIFIERS= CONFIG_TRACEPOINTS=
is "kernel_without_sight_of_switches_is_refused"
refuses "CONFIG_DYNAMIC_FTRACE" "CONFIG_FUNCTION_TRACER=y" -- build CONFIG_DYNAMIC_FTRACE= CONFIG_TRACEPOINTS=
is "kernel_without_sight_of_exits_is_refused"
refuses "CONFIG_RANDOMIZE_BASE" "CONFIG_KEXEC_CORE=y" -- build CONFIG_CRASH_CORE= CONFIG_VMCORE_INFO=
is "kernel_that_hides_its_address_is_refused"
refuses "CONFIG_X86_64" "Use a kernel for x86-64" -- build CONFIG_X86_64=
is "other_architecture_is_refused"
refuses "holds no prepared kernel headers" "linux-headers-amd64" -- make module KDIR=/nonexistent
is "directory_without_headers_is_refused"
refuses "only root may" "sudo make install" -- as_nobody make install KDIR="$headers"
is "install_without_root_is_refused"
accepts build
is "stock_kernel_is_accepted"
refuses "changes /usr/local, which you may not" "sudo make install-tools" "PREFIX=" -- as_nobody make install-tools
is "install_of_the_tools_without_the_right_to_is_refused"
accepts tools install
is "tools_are_installed"
refuses "no module is named" -- "$installed" instrument
is "installed_command_finds_its_script"
mv "$work/opt/kcov/libexec" "$work/elsewhere"
refuses "$work/opt/kcov/bin/../libexec/kcovctl/instrument" "make install-tools" -- "$installed" instrument
is "missing_script_has_a_place_and_a_cure"
mv "$work/elsewhere" "$work/opt/kcov/libexec"
! nothing_is_installed
is "something_is_installed"
accepts tools uninstall && nothing_is_installed
is "tools_are_uninstalled_to_the_last_file"
