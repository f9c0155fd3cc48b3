#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2154 # what the files beside it share
#
# Read by instrument: which directory a module is of, and which object there.

# Both spellings of a name, as an expression
spelt()
{
	echo "${1//[-_]/[-_]}"
}

# The file of that name in an index of the kernel's modules
in_list()
{
	grep -m 1 -oE "^[^: ]*/$(spelt "$1")\.ko[.a-z]*" "$stock/$2" 2>/dev/null
}

# The stock module's file, where an installed one is in the index instead of it
stock_file()
{
	(cd "$stock" && find kernel -regextype posix-extended -regex ".*/$(spelt "$1")\.ko(\.[a-z]+)?" 2>/dev/null | head -n 1)
}

# makefile_of DIR
makefile_of()
{
	local file
	for file in "$source/$1/Kbuild" "$source/$1/Makefile"; do
		[ ! -e "$file" ] || { echo "$file"; return; }
	done
	return 1
}

# What is found in $(srctree), and is not in the headers, is found in the tree; 6.1
# has a whole path in $(src).
write_makefile()
{
	# shellcheck disable=SC2016 # variables of make
	sed -e 's:\$(srctree)/\$(src):$(src):g' -e 's:\$(srctree):$(KCOV_TREE):g' "$(makefile_of "$1")"
}

# ask DIR WORD...: list.mk; fails where that Makefile is not understood
ask()
{
	local from=$1
	shift
	write_makefile "$from" >"$work/kcov.Makefile" 2>/dev/null || return
	make -s -f "$here/list.mk" "$@" CONFIG="$config" MAKEFILE="$work/kcov.Makefile" \
		KCOV_TREE="$source" src="$source/$from" 2>"$work/list.log" </dev/null
}

# The option that a Makefile makes an object depend on
option_of()
{
	sed -nE "s/^obj-\\$\\((CONFIG_[A-Z0-9_]+)\\).*[^-_a-zA-Z0-9]$2( .*)?\$/\\1/p" "$(makefile_of "$1")" | head -n 1
}

# Can it only be in the kernel or not?
is_bool()
{
	[ -n "$(find "$source/" -name 'Kconfig*' -exec awk -v option="${1#CONFIG_}" '
		$1 ~ /^(menu)?config$/ { found = $2 == option }
		found && $1 ~ /^(def_)?bool$/ { print; exit }' {} +)" ]
}

# One that is not among the kernel's modules: whose Makefile knows it? Others may have an
# object of that name that can be no module.
search_directory()
{
	local file dir object option part=
	while read -r file; do
		dir=${file%/*}
		dir=${dir#"$source"/}
		object=$(ask "$dir" modules | grep -xE "[mb] $(spelt "$1")\.o" || true)
		case $object in
		b*) : "${part:=$dir}" ;;
		m*)
			option=$(option_of "$dir" "${object#m }")
			if [ -n "$option" ] && is_bool "$option"; then
				part="$dir, $option"
			else
				echo "$dir ${object#m } - ${option:--}"
				return
			fi
			;;
		esac
	done < <(grep -rlE --include=Makefile --include=Kbuild "(^|[^-_a-zA-Z0-9])$(spelt "$1")\.o" \
		"$source"/{arch/x86,block,crypto,drivers,fs,kernel,lib,mm,net,samples,security,sound,virt} 2>/dev/null || true)
	[ -z "$part" ] || die "$1 is no module but a part of the kernel itself ($part)"
}

# locate NAME: "DIRECTORY OBJECT.o STOCK OPTION", a - for what there is not
locate()
{
	local file builtin place
	if builtin=$(in_list "$1" modules.builtin); then
		die "$1 is built into $release ($builtin), so there is no module to replace: it is covered by function entries"
	fi
	file=$(in_list "$1" modules.dep || true)
	case $file in
	"$lasting_place"/*) file=$(stock_file "$1") ;;
	esac
	case $file in
	kernel/*)
		place=$(basename "${file%.ko*}").o
		echo "$(dirname "${file#kernel/}") $place $file -"
		return
		;;
	?*)
		die "$1 ($stock/$file) is not part of the kernel's source: put 'include kcov.mk' into its own Kbuild"
		;;
	esac
	place=$(search_directory "$1") || exit
	[ -n "$place" ] || die "no module $1 in $stock, and none in $source: is that its name? (modinfo -n, or ls /sys/module)"
	echo "$place"
}
