#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2154 # what the files beside it share
#
# Read by instrument: --install and --uninstall. Modules in updates/ are preferred by
# depmod to those that the kernel brings.

readonly lasting_place=updates/kcov

may_change()
{
	[ -w "$stock" ] || die "--$1 changes $stock, which only root may: sudo kcovctl instrument --$1 ${names[*]}"
}

# Without kcov.ko they could not be loaded, and with a root filesystem on one of them
# the machine would not start.
may_install()
{
	may_change install
	in_list kcov modules.dep >/dev/null ||
		die "kcov.ko is not among the modules in $stock, and these need it from the boot on:" \
			"apt-get install kcov-dkms, or make install"
}

index_modules()
{
	depmod -b "${stock%lib/modules/*}" "$release" || die "depmod failed: $stock is not indexed"
	say "if the initramfs holds them: update-initramfs -u -k $release"
}

# file_of DIRECTORY NAME
file_of()
{
	find "$1" -maxdepth 1 -regextype posix-extended -regex ".*/$(spelt "$2")\.ko" 2>/dev/null | head -n 1
}

install_all()
{
	local name built file
	mkdir -p "$stock/$lasting_place"
	for name in "${names[@]}"; do
		built=$(file_of "$cache/modules/$release" "$name")
		[ -n "$built" ] || die "$name is not in $cache/modules/$release, although it was built: nothing is installed of it"
		file=$stock/$lasting_place/$(basename "$built")
		strip --strip-debug -o "$file.new" "$built"
		mv "$file.new" "$file"
		say "$file"
	done
	index_modules
}

uninstall_all()
{
	local name file files=()
	for name in "${names[@]}"; do
		file=$(file_of "$stock/$lasting_place" "$name")
		[ -n "$file" ] || die "there is no $name in $stock/$lasting_place: nothing to remove"
		files+=("$file")
	done
	rm -f "${files[@]}"
	say "removed: ${files[*]}"
	index_modules
}
