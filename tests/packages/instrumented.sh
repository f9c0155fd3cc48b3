#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2154 # what the files beside it share
#
# Read by tests/vm/packages: the Debian that everything was installed in, on its own kernel
# in the VM, where it builds a module of that kernel, loads it and sees what it records.

# what loading and mounting take; the rest of the kernel's modules stays outside
needed="isofs cdrom loop"

# The source package takes a disk of 2 GB when it is unpacked: of what that gave outside of
# the VM, this is what a build of isofs reads.
keep_source()
{
	local source
	source=$(echo "$root"/root/.cache/kcov/source/*/)
	mkdir -p "$root/root/linux/fs"
	cp "$source/Makefile" "$root/root/linux/"
	cp -r "$source/fs/isofs" "$root/root/linux/fs/"
}

# Below the root directory, one a line
left_outside()
{
	local name names=()
	for name in $needed; do
		names+=(! -name "$name.ko")
	done
	printf '%s\n' proc dev sys boot root/.cache root/debs usr/share/doc usr/share/locale \
		var/cache/apt var/lib/apt usr/src/linux-source-6.1.tar.xz
	find "$root/usr/lib/modules" -name '*.ko' -path '*/kernel/*' "${names[@]}" -printf "usr/lib/modules/%P\n"
}

fill_home()
{
	rm -rf "$guest"
	mkdir -p "$guest/packaged"
	cp tests/packages/job "$guest/packaged/"
	left_outside >"$dir/outside"
	mksquashfs "$root" "$guest/packaged/debian" -quiet -no-progress -noappend -all-root \
		-comp zstd -Xcompression-level 3 -ef "$dir/outside"
}

check_instrumented()
{
	echo "booting $release with that Debian, which builds isofs there" >&2
	must home_is_filled fill_home
	must it_runs_to_its_end boot_guest instrumented MEM=2560 TIMEOUT=1800
	check without_its_headers_they_are_named says headers "no kernel headers in /none: apt-get install linux-headers-$release"
	check without_the_source_it_is_named says source 'no source of Linux 6\.1: apt-get install linux-source-6\.1'
	check without_kcov_its_package_is_named says kcov "no kcov.ko for $release.*apt-get install kcov-dkms"
	check module_that_there_is_not_is_named says nonesuch 'no module nonesuch in .*is that its name'
	check kernel_that_is_not_here_is_named says release '/lib/modules/5.0.0/modules.dep is missing'
	check nothing_was_built_by_these says nothing '^status 1$'
	check isofs_is_built_on_its_kernel says build '^isofs: fs/isofs, built in [0-9]+ s'
	check its_sites_are_counted says build '^ +[1-9][0-9]* +[1-9][0-9]* +0 +[0-9]+ +isofs.ko$'
	check its_sites_are_as_they_must_be says sites 'isofs.ko: 0 callbacks are jumps, 0 are in noinstr code'
	check stock_module_records_no_block says stock '^isofs +isofs_fill_super +1$'
	check it_is_swapped_in says load 'isofs: stock module out, instrumented one in \(/root/\.cache/kcov/modules/'
	check mounting_with_it_records_blocks says mount '^isofs +isofs_fill_super +([2-9][0-9]|[0-9]{3,})$'
	check blocks_have_lines says lines '^fs/isofs/inode\.c:[0-9]+$'
	check it_is_swapped_out says unload 'isofs: instrumented module out, stock one in'
}
