#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2154 # what the files beside it share
#
# Read by instrument: the build of the modules of one directory (objects, options: see
# build_all), and whether what came out is as it should be.

# kbuild DIR WORDS...: a make in that directory of the tree
# BTF is for BPF that looks into a module: where headers have a vmlinux, it would take
# pahole, of a version that fits, and what is recorded is the same without. That the
# kernel has it (CONFIG_DEBUG_INFO_BTF_MODULES) stays said, as parts depend on it.
kbuild()
{
	local dir=$1
	shift
	# shellcheck disable=SC2086 # words
	$make -C "$headers" M="$tree/$dir" -j"$jobs" ${verbose:+V=1} \
		KBUILD_EXTRA_SYMBOLS="$work/kcov.symvers" ${options[0]+"${options[@]}"} KCOV_OBJECTS="${objects[*]}" \
		KCOV_TREE="$tree" KCOV_INCLUDE="$include" KCOV_TOOLS="$here" KCOV_COMPARISONS="$comparisons" \
		cmd_btf_ko= "$@" \
		</dev/null 2>&1
}

# Where a line can be written over.
is_terminal()
{
	[ -t 2 ] && [ "${TERM:-}" != dumb ]
}

# Counts compiled files on a terminal, and every ten seconds elsewhere.
progress()
{
	local title=$1 whole=$2 line done=0 shown=$SECONDS
	while IFS= read -r line; do
		case $line in
		*' CC [M] '*.mod.o | *' CC [M] '*.module-common.o) ;;
		*' CC '*.o | *' AS '*.o) done=$((done + 1)) ;;
		*warning:* | *error:*) [ -z "$verbose" ] || say "$line" ;;
		esac
		if is_terminal; then
			printf '\r%s: %d of %d files ' "$title" "$done" "$whole" >&2
		elif [ $((SECONDS - shown)) -ge 10 ]; then
			say "$title: $done of $whole files"
			shown=$SECONDS
		fi
	done
	! is_terminal || printf '\r\033[K' >&2
}

# show_failure DIR
show_failure()
{
	grep -aE 'error|undefined!|Error|\*\*\*|not found|No space' "$log" | head -n 30 >&2 || true
	if grep -aq 'No space left' "$log" || [ "$(free_room)" -lt 8 ]; then
		die "$1: no space is left below $cache: make room, or give another directory with --cache"
	elif grep -aq 'undefined!' "$log"; then
		die "$1 cannot be built for $release: it needs what this kernel has not (above; all of it: $log)"
	fi
	die "$1 cannot be built out of tree: see the compiler's words above, and all of them in $log"
}

# exchange DIR PART OUT IN: which of two builds of a part lies where make looks
exchange()
{
	local object=$tree/$1/$2 file
	for file in "$object" "${object%/*}/.${object##*/}.cmd"; do
		[ ! -e "$file" ] || mv "$file" "$file.$3"
		[ ! -e "$file.$4" ] || mv "$file.$4" "$file"
	done
}

# What is excluded is compiled with callbacks, too, to say how many that costs. It may be
# excluded because it cannot be.
count_excluded()
{
	local dir=$1 part count
	shift
	excluded=()
	for part; do
		exchange "$dir" "$part" plain counted
		count="as many as cannot be counted: it does not compile with them"
		! kbuild "$dir" KCOV_COUNT=y "$part" >"$log" || count=$("$KCOVCTL" sites --total "$tree/$dir/$part")
		exchange "$dir" "$part" counted plain
		excluded+=("$part: $count")
	done
}

# build DIR: $objects
build()
{
	local dir=$1 listing what parts=() out=() part
	log=$logs/${dir//\//-}.log
	listing=$(ask "$dir" parts KCOV_OBJECTS="${objects[*]}" ${options[0]+"${options[@]}"}) ||
		die "the Makefile in $dir is not understood: $(tail -n 1 "$work/list.log")"
	while read -r what part; do
		case $what in
		part) parts+=("$part") ;;
		excluded) out+=("$part") ;;
		esac
	done <<<"$listing"
	# shellcheck disable=SC2046 # paths of the kernel's
	open_directories "$dir" $(for part in "${parts[@]}"; do normal "$dir/$(dirname "$part")"; done | sort -u)
	count_excluded "$dir" ${out[0]+"${out[@]}"}
	: >"$work/start"
	started=$SECONDS
	kbuild "$dir" modules | tee "$log" | progress "$dir" "${#parts[@]}" || show_failure "$dir"
	took=$((SECONDS - started))
	check_versions "$tree/$dir/Module.symvers"
}

# --- is it what it should be? ---------------------------------------------------

plain_file()
{
	case $1 in
	*.xz) xz -dc "$1" ;;
	*.zst) zstd -dc "$1" ;;
	*.gz) gzip -dc "$1" ;;
	*) cat "$1" ;;
	esac >"$work/stock.ko"
}

# What is exported has the versions that the kernel's other modules expect.
check_versions()
{
	local differ
	differ=$(awk -F '\t' 'NR == FNR { crc[$2] = $1; next }
		($2 in crc) && crc[$2] != $1 && n++ < 3 { print $2 }' "$headers/Module.symvers" "$1" | xargs)
	[ -z "$differ" ] ||
		die "$source is not what $release was built of: the versions of $differ and others differ;" \
			"install linux-source-$version and linux-headers of the same package version"
}

check_vermagic()
{
	local ours theirs
	ours=$(modinfo -F vermagic "$1")
	theirs=$(modinfo -F vermagic "$work/stock.ko")
	[ "$ours" = "$theirs" ] || die "$1 is for '$ours' and $2 for '$theirs': the headers are not those of that kernel"
}

# How to load it, as this user, from where it is
hint()
{
	local how=kcovctl
	[ "$(id -u)" = 0 ] || how="sudo kcovctl"
	if [ -n "$given_cache" ]; then
		say "$1: $how load $1"
	else
		say "$1: $how load $2"
	fi
}

# finish DIR OBJECT STOCK
finish()
{
	local name=${2%.o} dir=$1 file=$3 built part parts before=() when="up to date"
	built=$tree/$dir/$name.ko
	if [ "$file" != - ]; then
		plain_file "$stock/$file"
		check_vermagic "$built" "$file"
		before=(--before "$work/stock.ko")
	fi
	mapfile -t parts < <(ask "$dir" parts KCOV_OBJECTS="$2" ${options[0]+"${options[@]}"} | sed -n 's/^part //p')
	[ "${parts[*]}" != "$2" ] || parts=()	# one file is the module
	[ ! "$built" -nt "$work/start" ] || when="built in $took s"
	echo "$name: $dir, $when"
	for part in ${excluded[0]+"${excluded[@]}"}; do
		echo "left without callbacks by the kernel's Makefile: $part"
	done
	(cd "$tree/$dir" && "$KCOVCTL" sites ${before[0]+"${before[@]}"} ${parts[0]+"${parts[@]}"} "$name.ko") ||
		die "$built is not used: callbacks that are jumps record another place, and noinstr code must not have any"
	if ! cp "$built" "$result/.$name.ko.new" || ! mv "$result/.$name.ko.new" "$result/$name.ko"; then
		rm -f "$result/.$name.ko.new"
		die "$result/$name.ko cannot be written: make room, or give another directory with --cache"
	fi
	hint "$result/$name.ko" "$name"
}
