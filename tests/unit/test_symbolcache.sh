#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kcovctl symbolize: what is kept for the next call, and when it counts.

# shellcheck disable=SC2119 # these arguments are options
set -u
cd "$(dirname "$0")/../.." || exit

echo "1..$(grep -c '^is "' "$0")"
# shellcheck disable=SC1091 # looked at by itself
. tests/unit/tap.sh
# shellcheck disable=SC1091 # looked at by itself
. tests/unit/machine.sh

forget
symbolize
symbolize -k files/vmlinux -m files
says "$lines" && mentions "$plug_line"
is "what_was_kept_without_debug_information_does_not_hide_it"

data=$(nm files/vmlinux | sed -n 's/^\([0-9a-f]*\) B data$/0x\1/p')
data=$(printf '0x%x' $((data + 8)))
pcs=$data all_files
head -n "$(grep -n ' _text$' machine/kallsyms | cut -d : -f 1)" machine/kallsyms >machine/head
mv machine/kallsyms machine/whole
mv machine/head machine/kallsyms
mv files/vmlinux files/plug.ko empty
symbolize
says "$lines" && mentions "[plug] $plug_line"
is "a_second_call_needs_neither_kallsyms_nor_files"

echo "no line" >>machine/kallsyms
pcs=$data symbolize
[ "$said" = "$data ?" ]
is "nor_where_there_is_no_name"

pcs=$data symbolize --no-cache
mentions "not a line of that file"
is "which_is_not_known_without_the_cache"
sed -i '$d' machine/kallsyms

symbolize --no-cache
mentions " reads+" 0 && mentions "plug_write" 0
is "which_is_the_caches_doing"
mv machine/whole machine/kallsyms
mv empty/* files

cp -p files/plug.ko empty/plug.ko
objcopy --strip-debug files/plug.ko
symbolize -m files
mentions "[plug]" && mentions "$plug_line" 0
is "lines_of_a_file_that_has_changed_are_not_believed"
mv empty/plug.ko files/plug.ko

all_files
all_files
says "$lines" && mentions "[plug] $plug_line"
is "and_are_found_again_in_the_file_as_it_was"

forget
all_files
good=$(cat "$KCOV_CACHE"/symbols/* | sha256sum)
same()
{
	all_files
	says "$lines" && mentions "$plug_line" && [ "$(wc -l <<<"$said")" = 2 ]
}
status=0
for file in "$KCOV_CACHE"/symbols/*; do
	size=$(stat -c %s "$file")
	for at in 0 9 40 60 130 $((size - 1)); do
		printf '\377' | dd of="$file" bs=1 seek="$at" conv=notrunc status=none
		same || status=1
		[ "$(cat "$KCOV_CACHE"/symbols/* | sha256sum)" = "$good" ] || status=1
	done
	for length in 0 7 100 $((size - 1)); do
		truncate -s "$length" "$file"
		same || status=1
		[ "$(cat "$KCOV_CACHE"/symbols/* | sha256sum)" = "$good" ] || status=1
	done
done
[ $status = 0 ]
is "a_damaged_file_of_the_cache_is_not_believed_and_written_anew"

one=("$KCOV_CACHE"/symbols/*)
cp "${one[0]}" "${one[1]}"
same && [ "$(cat "$KCOV_CACHE"/symbols/* | sha256sum)" = "$good" ]
is "nor_is_that_of_another_build_id"

rm "${one[0]}"
ln -s "$work/elsewhere" "${one[0]}"
mkfifo "$work/elsewhere"
same && [ -p "$work/elsewhere" ] && [ -f "${one[0]}" ] && [ ! -L "${one[0]}" ]
is "a_link_in_its_place_is_not_followed"

forget
: >"$KCOV_CACHE"
same
is "where_there_can_be_no_cache_it_does_without"
rm "$KCOV_CACHE"

said=$(trap '' XFSZ; ulimit -f 0; all_files; echo "$said")
says "$lines" && [ -z "$(ls "$KCOV_CACHE/symbols")" ]
is "one_that_cannot_be_written_leaves_nothing"

forget
for _ in 1 2 3 4 5 6 7 8; do
	(all_files; says "$lines" && mentions "$plug_line") &
	children+=($!)
done
status=0
for child in "${children[@]}"; do
	wait "$child" || status=1
done
[ $status = 0 ] && [ "$(find "$KCOV_CACHE/symbols" -type f | wc -l)" = 2 ] && same
is "several_at_once_do_not_disturb_each_other"

# more than there may be
forget
same
touch -d yesterday "$KCOV_CACHE/symbols/00000000.unfini"
truncate -s 100M "$KCOV_CACHE/symbols/0123456789" "$KCOV_CACHE/symbols/9876543210"
touch -d "2 hours ago" "$KCOV_CACHE/symbols/0123456789"
touch -d yesterday "$KCOV_CACHE/symbols/9876543210"
: >"$KCOV_CACHE/symbols/README"
pcs=$plug_too all_files
[ ! -e "$KCOV_CACHE/symbols/9876543210" ] && [ -e "$KCOV_CACHE/symbols/0123456789" ] &&
	[ ! -e "$KCOV_CACHE/symbols/00000000.unfini" ] && [ -e "$KCOV_CACHE/symbols/README" ]
is "the_cache_has_an_upper_bound_and_the_oldest_goes_first"
forget

mkdir -p "$KCOV_CACHE/modules/$(uname -r)"
cp files/plug.ko "$KCOV_CACHE/modules/$(uname -r)"
symbolize --no-cache
mentions "[plug] $plug_line"
is "modules_are_found_where_instrument_puts_them"
forget
