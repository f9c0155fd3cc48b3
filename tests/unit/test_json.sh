#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What kcovctl prints as JSON is JSON, whatever bytes are in names and paths: Python
# reads it. The run is made up, of an object whose function and source file have names
# of all bytes that are no ASCII.

set -u
cd "$(dirname "$0")/../.." || exit

kcovctl=$PWD/build/tools/kcovctl
work=$(mktemp -d "$PWD/build/test-json.XXXXXX")
trap 'rm -rf "$work"' EXIT
export KCOV_CACHE=$work/cache
# shellcheck disable=SC1091 # looked at by itself
. tests/unit/tap.sh

# shellcheck disable=SC2317 # called by is
explain()
{
	cat "$work/said"
}

# object FILE NAME: a module with a function and a source file that have that in their names
object()
{
	{
		printf '#line 1 "fs/%s.c"\n' "$2"
		printf 'void sink(int v);\nvoid reads(int v) __asm__("reads_%s");\n' "$2"
		printf 'void reads(int v)\n{\n\tsink(v);\n\tsink(v + 1);\n}\n'
	} >"$work/plug.c"
	gcc -g -O1 -ffreestanding -fno-pic -mcmodel=kernel -fcf-protection=none -w \
		-fno-optimize-sibling-calls -c "$work/plug.c" -o "$work/plug.o" &&
		ld -r --build-id=sha1 -o "$1" "$work/plug.o"
}

# run FILE: a saved run that has reached the byte behind the first call in it
run()
{
	local id call
	id=$(readelf -n "$1" | sed -n 's/.*Build ID: //p')
	call=$(objdump -d --no-show-raw-insn "$1" | awk 'seen { print "0x" substr($1, 1, length($1) - 1); exit }
		/[ \t]call/ { seen = 1 }')
	echo "# layout kernel 6.1.0 0123456789"
	echo "# layout module plug $id .text=0xffffffff90000000+0x1000"
	printf '0x%x\n' $((0xffffffff90000000 + call))
}

# names_of FILE: file and function of the place, as Python reads them
names_of()
{
	"$kcovctl" report --json -m "$work" "$1" >"$work/said" 2>"$work/errors" &&
		python3 -c '
import json, sys
place = json.load(open(sys.argv[1], encoding="utf-8"))["places"][0]
print(place["frames"][0]["file"], place["function"])' "$work/said" 2>&1
}

# named BYTES TEXT: such a name is told so
named()
{
	object "$work/plug.ko" "$1" || return
	run "$work/plug.ko" >"$work/run"
	[ "$(names_of "$work/run")" = "fs/$2.c reads_$2" ]
}

echo "1..$(grep -c '^is ' "$0")"

all=
told=
for byte in {128..255}; do
	hex=$(printf '%02x' "$byte")
	all+=$(printf '%b' "\\x$hex")
	told+="\\x$hex"
done
named "$all" "$told"
is each_byte_that_is_no_utf8_is_told_by_its_number

named $'\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7' 'ä€🐧'
is what_is_utf8_stays

# of a longer form than needed, half of a pair, behind the last, and cut off
named $'\xc1\x81\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82' '\xc1\x81\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82'
is what_looks_like_utf8_and_is_none_is_told_by_its_bytes
