#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2154 # what the files beside it share
#
# Read by tests/vm/packages: kcov-dkms, from its installation to its end.

first=$(sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog)
module=lib/modules/$release/updates/dkms/kcov.ko

next_version()
{
	echo "$first+1"
}

# install DIRECTORY PACKAGE...: as somebody does who has downloaded them
install_packages()
{
	local from=$1 package
	shift
	mkdir -p "$root/root/debs"
	rm -f "$root"/root/debs/*
	for package; do
		cp "$from/$package"_[0-9]*.deb "$root/root/debs/"
	done
	in_root 'apt-get -y -o APT::Sandbox::User=root --reinstall install /root/debs/*.deb'
}

# is_installed VERSION RELEASE: says dkms, and nothing else of that version
is_installed()
{
	in_root 'dkms status' | tee "$dir/status"
	grep -x "kcov/$1, $2, x86_64: installed" "$dir/status"
}

is_the_only_one()
{
	in_root 'dkms status'
	[ "$(in_root 'dkms status' | wc -l)" = 1 ]
}

# one word a line
fields_of()
{
	in_root "modinfo -F vermagic $1; modinfo -F depends $1"
}

# What the module of the tree says, and how the kernel's own one is called by the kernel
says_what_it_should()
{
	in_root "modinfo -k $release kcov"
	[ "$(in_root "modinfo -k $release -n kcov")" = "/$module" ]
	cp "build/$release/kcov/kcov.ko" "$root/root/tree.ko"
	diff <(fields_of /root/tree.ko) <(fields_of "/$module")
	diff <(in_root "modinfo -F vermagic -k $release isofs") <(in_root "modinfo -F vermagic /$module")
}

signer_is_dkms()
{
	in_root "modinfo -F signer $1; test -s /var/lib/dkms/mok.pub"
	[ "$(in_root "modinfo -F signer $1")" = "DKMS module signing key" ]
}

symvers_are_kept()
{
	grep __sanitizer_cov_trace_pc "$root/var/lib/dkms/kcov/kernel-$1-x86_64/Module.symvers"
}

mark_as_having_kcov()
{
	echo CONFIG_KCOV=y >>"$root/usr/src/linux-headers-$cloud/.config"
}

# What a user sees of it is all on this screen: apt is content, and a line says why.
own_kcov_is_left_out()
{
	in_root "dkms remove kcov/$first -k $cloud"
	install_packages "$dir/debs" kcov-dkms 2>&1 | tee "$dir/apt"
	grep -F "kcov: not built for $cloud: it has CONFIG_KCOV=y" "$dir/apt"
	fails is_installed "$first" "$cloud"
	is_installed "$first" "$release"
}

headers_with_kcov_come()
{
	in_root "DPKG_MAINTSCRIPT_PACKAGE=linux-headers-$cloud run-parts --verbose --exit-on-error \
		--arg=$cloud /etc/kernel/header_postinst.d" 2>&1 | tee "$dir/hook"
	grep -F "kcov: not built for $cloud: it has CONFIG_KCOV=y" "$dir/hook"
	fails is_installed "$first" "$cloud"
}

# With its headers gone, as the rest is about one kernel
remove_cloud()
{
	in_root "dpkg -P linux-headers-$cloud && rm -rf /lib/modules/$cloud"
}

# But for what the tests have put into root's home, and logs
names_of_ours()
{
	(cd "$root" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./root -o -path ./sys \
		-o -path './usr/src/linux-*' -o -path ./var/log \) -prune -o -iname '*kcov*' -print | sort)
}

# Others know the word, too.
nothing_is_left()
{
	diff "$dir/names" <(names_of_ours)
}

check_dkms()
{
	echo "installing" >&2
	names_of_ours >"$dir/names"
	must kcov_dkms_installs install_packages "$dir/debs" kcov-dkms
	must dkms_has_built_it_for_the_stock_kernel is_installed "$first" "$release"
	check module_says_what_it_should says_what_it_should
	check module_is_signed_by_dkms signer_is_dkms "/$module"
	check module_of_the_tree_is_not fails signer_is_dkms /root/tree.ko
	check versions_of_the_callbacks_are_kept symvers_are_kept "$release"
	check headers_of_a_second_kernel_come install_headers "$cloud"
	check dkms_has_built_it_for_that_too is_installed "$first" "$cloud"
	must second_kernel_gets_a_kcov_of_its_own mark_as_having_kcov
	check kernel_with_its_own_kcov_is_left_out own_kcov_is_left_out
	check its_headers_come_without_a_failure headers_with_kcov_come
	check second_kernel_goes remove_cloud
}

check_upgrade()
{
	echo "upgrading" >&2
	# shellcheck disable=SC2086 # a list of words
	must next_version_installs install_packages "$dir/next" $all_packages
	check dkms_has_built_the_next_version is_installed "$(next_version)" "$release"
	check version_before_is_gone is_the_only_one
	check source_of_the_version_before_is_gone test ! -e "$root/usr/src/kcov-$first"
	check source_of_the_next_version_is_there test -e "$root/usr/src/kcov-$(next_version)"
	check versions_of_the_callbacks_are_new symvers_are_kept "$release"
}

# What is removed and has left nothing, apt does not know any more.
purge()
{
	local package
	in_root "apt-get -y remove $*"
	in_root "dpkg --purge $*"
	for package; do
		fails in_root "dpkg-query -s $package"
	done
}

check_removal()
{
	check something_is_there_before fails nothing_is_left
	check module_is_removed_and_purged purge kcov-dkms
	check kernel_has_lost_the_module fails in_root "modinfo -k $release kcov"
	check instrument_without_it_names_the_cure instrument_names_the_cure
	# shellcheck disable=SC2046 # a list of words
	check tools_are_removed_and_purged purge $(tool_packages)
	check nothing_is_left nothing_is_left
}
