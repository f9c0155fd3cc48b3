#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2154 # what the files beside it share
#
# Read by instrument: the tree that is built in. It has links to the source, and real
# directories where objects go.

# What a build leaves in a source that somebody has built in: writing to it would be
# writing there.
products=(-name '*.o' -o -name '*.ko' -o -name '*.a' -o -name '*.mod' -o -name '*.mod.c'
	-o -name modules.order -o -name Module.symvers)

# Links to all in the source's directory that is not here yet, and none to what is gone
link_files()
{
	local path=$1 name missing=()
	find "$tree/$path" -maxdepth 1 -xtype l -delete
	while IFS= read -r name; do
		[ -e "$tree/$path/$name" ] || missing+=("$source/$path/$name")
	done < <(find "$source/$path/" -mindepth 1 -maxdepth 1 ! -name '.*' ! \( "${products[@]}" \) -printf '%f\n')
	[ "${#missing[@]}" = 0 ] || ln -s -t "$tree/$path" "${missing[@]}"
}

# Makes the path $1 of the tree a directory of its own.
open_directory()
{
	local path=$1
	[ "$path" = . ] || open_directory "$(dirname "$path")"
	if [ -L "$tree/$path" ] || [ ! -d "$tree/$path" ]; then
		rm -f "$tree/$path"
		mkdir -p "$tree/$path"
	fi
	link_files "$path"
}

# What objects depend on besides files that make looks at: another source, other headers
tree_key()
{
	echo "$source"
	echo "$headers"
	stat -c '%i %Y' "$headers/include/generated/autoconf.h"
}

# normal PATH: without its a/..
normal()
{
	realpath -ms --relative-to="$tree" "$tree/$1"
}

# open_directories DIR...: the first is that of a module, in others are parts of it
open_directories()
{
	local path key
	key=$(tree_key)
	if [ "$(cat "$tree.key" 2>/dev/null)" != "$key" ]; then
		rm -rf "$tree"
		echo "$key" >"$tree.key"
	fi
	for path; do
		[ -d "$source/$path" ] || die "$source has no directory $path"
		open_directory "$path"
	done
	path=$tree/$1
	write_makefile "$1" >"$work/kcov.Makefile"
	cmp -s "$work/kcov.Makefile" "$path/kcov.Makefile" || cp "$work/kcov.Makefile" "$path/kcov.Makefile"
	ln -sf "$here/Kbuild" "$path/Kbuild"
}
