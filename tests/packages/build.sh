#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2154 # what the files beside it share
#
# Read by tests/vm/packages: the packages as files, and the Debian to install them in.

all_packages="kcov-dkms kcovctl libkcov0 libkcov-dev"

has_all_packages()
{
	local package
	for package in $all_packages; do
		ls "$dir/debs/${package}"_*_amd64.deb || return
	done
}

sums()
{
	(cd "$1" && sha256sum ./*.deb)
}

# The same changelog, so the same SOURCE_DATE_EPOCH, elsewhere, at another time and place
build_again()
{
	TZ=Asia/Tokyo LC_ALL=C.UTF-8 tests/vm/debs "$dir/some/where/else/again"
}

same_sums()
{
	diff <(sums "$1") <(sums "$2")
}

judge()
{
	lintian --allow-root --fail-on error "$@"
}

# Policy wants that file of every package.
without_copyright()
{
	dpkg-deb -R "$dir"/debs/kcovctl_*.deb "$dir/bad"
	rm "$dir/bad/usr/share/doc/kcovctl/copyright"
	dpkg-deb -b "$dir/bad" "$dir/bad.deb"
}

tree_state()
{
	git status --porcelain
}

tree_is_as_before()
{
	tree_state
	[ "$(tree_state)" = "$state" ]
}

# is_hardened FILE: functions of the C library with checks, no binding once it runs
is_hardened()
{
	nm -D "$1" | grep -E '__[a-z]+_chk' && readelf -d "$1" | grep BIND_NOW
}

packaged_command_is_hardened()
{
	dpkg-deb -x "$dir"/debs/kcovctl_[0-9]*.deb "$dir/kcovctl"
	is_hardened "$dir/kcovctl/usr/bin/kcovctl"
}

check_build()
{
	local state
	state=$(tree_state)
	must packages_are_built tests/vm/debs "$dir/debs"
	must all_packages_are_there has_all_packages
	check tree_stays_as_it_was tree_is_as_before
	must packages_are_built_again build_again
	check both_builds_give_the_same_files same_sums "$dir/debs" "$dir/some/where/else/again"
	must next_version_is_built tests/vm/debs "$dir/next" "$(next_version)"
	check another_version_gives_other_files fails same_sums "$dir/debs" "$dir/next"
	check lintian_finds_no_error judge "$dir"/debs/*.changes
	must package_with_a_fault_is_made without_copyright
	check lintian_finds_the_fault fails judge "$dir/bad.deb"
	check packaged_command_is_hardened packaged_command_is_hardened
	check command_of_the_tree_is_not fails is_hardened build/tools/kcovctl
	rm -rf "$dir/some" "$dir/bad" "$dir/bad.deb" "$dir/kcovctl"
}

# What apt would bring along
dependencies()
{
	local deb
	for deb in "$dir"/debs/*.deb; do
		dpkg-deb -f "$deb" Depends
		echo ,
	done | tr ',' '\n' | sed -e 's/[(|].*//' -e 's/ //g' | sort -u | grep -vxE "|$(echo "$all_packages" | tr ' ' '|')" | xargs
}

# dpkg's own way: headers tell dkms that they have come.
install_headers()
{
	local headers=linux-headers-$1 files
	# shellcheck disable=SC2046 # names of packages
	files=$(tests/vm/deb files $(tests/vm/deb depends "$headers" linux-kbuild-) \
		$(tests/vm/deb depends "$headers" linux-headers-) "$headers")
	# shellcheck disable=SC2086 # one path a word
	cp $files "$root/root/"
	in_root 'dpkg -i /root/linux-*.deb && rm /root/linux-*.deb'
}

# The image's package itself would make an initramfs.
install_kernel()
{
	tests/vm/deb unpack "$root/root/image" "linux-image-$release"
	cp -r "$root/root/image/lib/modules" "$root/usr/lib/"
	cp "$root"/root/image/boot/config-* "$root/boot/"
	rm -r "$root/root/image"
	install_headers "$release"
	in_root "depmod $release"
}

make_root()
{
	echo "making a Debian to install in" >&2
	# shellcheck disable=SC2046 # names of packages
	must a_clean_debian_is_made tests/vm/chroot make "$root" $(dependencies)
	must kernel_is_installed install_kernel
}
