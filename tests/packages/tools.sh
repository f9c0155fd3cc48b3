#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2154 # what the files beside it share
#
# Read by tests/vm/packages: kcovctl, and what is built with nothing but what the packages
# have installed.

tool_packages()
{
	echo "${all_packages/kcov-dkms/}"
}

install_tools()
{
	# shellcheck disable=SC2046 # a list of words
	install_packages "$dir/debs" $(tool_packages)
}

command_says_its_version()
{
	in_root 'kcovctl --version' | tee "$dir/version"
	[ "$(cat "$dir/version")" = "kcovctl $first" ]
}

# pages_are_installed FILE...: of their sources
pages_are_installed()
{
	local file page asked=
	for file; do
		page=$(basename "$file" .scd)
		asked+="man -w ${page##*.} ${page%.*} && "
	done
	in_root "${asked}true"
}

# is_completed COMMAND: one without a file of its own gets _minimal
is_completed()
{
	in_root "bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader $1; complete -p $1'" |
		grep -vw _minimal
}

# build_driver WORDS: as README.md has it, without words
build_driver()
{
	mkdir -p "$root/root/driver"
	rm -f "$root"/root/driver/*
	cp tests/packages/driver/Kbuild tests/sample/kcov_sample.c tests/sample/sample_timer.h "$root/root/driver/"
	in_root "make -C /lib/modules/$release/build M=/root/driver ${1-}" 2>&1
}

driver_calls_the_callbacks()
{
	in_root "modinfo -F depends /root/driver/kcov_sample.ko; nm /root/driver/kcov_sample.ko"
	in_root "modinfo -F depends /root/driver/kcov_sample.ko" | grep -x kcov
	in_root "nm /root/driver/kcov_sample.ko" | grep -w __sanitizer_cov_trace_pc
}

is_refused_by_modpost()
{
	fails build_driver KBUILD_EXTRA_SYMBOLS= | tee "$dir/modpost"
	grep '__sanitizer_cov_trace_pc.*undefined!' "$dir/modpost"
}

# build_client NAME [-static]
build_client()
{
	cp tests/packages/client.c "$root/root/"
	in_root "cd /root && gcc -Wall -Werror -o $1 ${2-} client.c \$(pkg-config ${2:+-$2} --cflags --libs libkcov)"
}

client_needs_the_library()
{
	in_root "ldd /root/$1" | grep libkcov.so.0
}

# Without the module, which this machine may even have: the library's own words
client_runs()
{
	local status=0
	in_root "/root/$1" 2>&1 | tee "$dir/client" || status=$?
	[ "$status" = 0 ] || grep '/sys/kernel/debug/kcov' "$dir/client"
}

# debian/tests as the archive's machines run it
autopkgtest()
{
	rm -rf "$root/root/tests"
	cp -r debian/tests "$root/root/"
	in_root "/root/tests/$1"
}

install_source()
{
	cp "$(tests/vm/deb files linux-source-6.1)" "$root/root/source.deb"
	in_root "dpkg -i /root/source.deb && rm /root/source.deb"
}

# The chroot runs another kernel than it has.
instrument()
{
	in_root "kcovctl instrument -k $release isofs"
}

isofs_has_callbacks()
{
	in_root "kcovctl sites $1"
	in_root "nm $1" | grep -w __sanitizer_cov_trace_pc
}

instrument_names_the_cure()
{
	fails instrument 2>&1 | tee "$dir/cure"
	grep "no kcov.ko for $release.*apt-get install kcov-dkms" "$dir/cure"
}

check_tools()
{
	must tools_install install_tools
	check command_says_its_version command_says_its_version
	check manual_is_installed pages_are_installed tools/man/*.scd
	check page_that_is_not_there_is_missed fails pages_are_installed tools/man/none.1.scd
	check command_is_completed is_completed kcovctl
	check command_without_a_completion_is_not fails is_completed kcov_none
	check driver_is_built build_driver
	check driver_calls_the_callbacks driver_calls_the_callbacks
	cp "$root/root/driver/kcov_sample.ko" "$dir/" || true
	check without_their_versions_it_is_not is_refused_by_modpost
	check client_is_built build_client client
	check client_has_the_shared_library client_needs_the_library client
	check client_runs client_runs client
	check client_is_built_with_the_static_one build_client static -static
	check client_needs_no_library_then fails client_needs_the_library static
	check client_runs_with_the_static_one client_runs static
	check autopkgtest_of_the_module_passes autopkgtest dkms
	check autopkgtest_of_the_library_passes autopkgtest library
	echo "building isofs with callbacks" >&2
	must source_is_installed install_source
	check isofs_is_built instrument
	check isofs_has_callbacks isofs_has_callbacks "/root/.cache/kcov/modules/$release/isofs.ko"
	check stock_isofs_has_none fails isofs_has_callbacks "/lib/modules/$release/kernel/fs/isofs/isofs.ko"
	must source_of_isofs_is_kept keep_source
	rm -rf "$root/root/.cache/kcov/source"
}
