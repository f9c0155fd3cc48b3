#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kcovctl report --lcov and --html: what lcov's own tools make of a run. The run is
# made up, of the sample driver: the callbacks of one of its functions. So are
# the directories that are in the way.
#
# KERNEL: for whose kernel the driver was built, as in make check.

set -u
cd "$(dirname "$0")/../.." || exit

name=${KERNEL:-6.1}
release=$(cat "build/kernel/$name/release")
sample=$PWD/build/$release/sample
kcovctl=$PWD/build/tools/kcovctl
text=0xffffffff90000000
work=$(mktemp -d "$PWD/build/test-report.XXXXXX")
trap 'rm -rf "$work"' EXIT
export KCOV_CACHE=$work/cache
# shellcheck disable=SC1091 # looked at by itself
. tests/unit/tap.sh

# shellcheck disable=SC2317 # called by is
explain()
{
	echo "$said"
}

# callbacks FUNCTION: where its calls return to, as distances from .text
callbacks()
{
	objdump -dr --no-show-raw-insn --section=.text "$sample/kcov_sample.ko" | awk -v function_name="<$1>:" '
		/>:$/ { inside = $2 == function_name }
		inside && /R_X86_64_P(C|LT)32[ \t]__sanitizer_cov_trace_pc-/ {
			sub(/:$/, "", $1)
			print "0x" $1
		}' | while read -r operand; do
		echo $((operand + 4))
	done
}

# run FUNCTION...: a saved run that has reached all of these
run()
{
	local id size function offset count=0
	id=$(readelf -n "$sample/kcov_sample.ko" | sed -n 's/.*Build ID: //p')
	size=$(readelf -SW "$sample/kcov_sample.ko" | awk '$2 == ".text" { print $6 } $3 == ".text" { print $7 }')
	echo "# kcovctl run, version 0"
	echo "# layout kernel $release 0123456789"
	echo "# layout module kcov_sample $id .text=$text+0x${size##*(0)}"
	for function; do
		for offset in $(callbacks "$function"); do
			printf '0x%x\n' $((text + offset))
			count=$((count + 1))
		done
	done
	echo "# end $count"
}

report()
{
	said=$("$kcovctl" report -m "$sample" "$@" 2>&1)
}

# refuses TEXT -- ARGUMENT...: with status 1 and this text
refuses()
{
	local text=$1
	shift 2
	report "$@"
	[ $? = 1 ] && [[ $said == *"$text"* ]]
}

# lcov_of FILE: "lines hit, lines found, functions hit, functions found" by lcov's account
lcov_of()
{
	lcov --summary "$1" 2>&1 | sed -n 's/.*(\([0-9]*\) of \([0-9]*\) .*/\1 \2/p' | xargs
}

own_of()
{
	awk -F: '/^L[FH]:/ || /^FN[FH]:/ { sum[$1] += $2 }
		END { print sum["LH"], sum["LF"], sum["FNH"], sum["FNF"] }' "$1"
}

lcov_reads_it()
{
	report --source "$PWD" --lcov "$work/coverage.info" "$work/run" || return
	said=$(cat "$work/coverage.info"; lcov_of "$work/coverage.info")
	[ -n "$(lcov_of "$work/coverage.info")" ] &&
		[ "$(lcov_of "$work/coverage.info")" = "$(own_of "$work/coverage.info")" ]
}

percentages_are_of_all_that_can_be_reached()
{
	local hit found
	read -r hit found _ < <(lcov_of "$work/coverage.info")
	[ "$hit" -gt 0 ] && [ "$hit" -lt "$found" ]
}

source_files_are_there()
{
	said=$(sed -n 's/^SF://p' "$work/coverage.info")
	[[ $said == *"$PWD/tests/sample/kcov_sample.c"* ]]
}

pages_are_made()
{
	report --source "$PWD" --html "$work/html" "$work/run" || return
	said=$(find "$work/html" -name '*.html')
	[ -e "$work/html/index.html" ] && [[ $said == *"kcov_sample.c.gcov.html"* ]] &&
		[ ! -e "$work/html/coverage.info" ]
}

# The colour of a line: reached, or not.
pages_show_what_was_reached()
{
	local page
	page=$(find "$work/html" -name 'kcov_sample.c.gcov.html')
	said=$(grep -n -E 'lineCov|lineNoCov' "$page")
	grep -q 'lineCov.*visits) + 1' "$page" && grep -q 'lineNoCov.*visits) + 2' "$page"
}

older_pages_are_replaced()
{
	: >"$work/html/older"
	report --source "$PWD" --html "$work/html" "$work/run" || return
	said=$(ls "$work")
	[ ! -e "$work/html/older" ] && [ -e "$work/html/index.html" ] && nothing_is_left
}

# No directory or file under a temporary name.
nothing_is_left()
{
	said=$(find "$work" -mindepth 1 -maxdepth 1 -name '*.??????')
	[ -z "$said" ]
}

another_directory_is_kept()
{
	mkdir -p "$work/mine"
	: >"$work/mine/file"
	: >"$work/mine/gcov.css"
	refuses "$work/mine: is there, and is no report" -- --html "$work/mine" "$work/run" &&
		[ -e "$work/mine/file" ] && nothing_is_left
}

without_genhtml_is_told()
{
	mkdir -p "$work/nothing"
	PATH=$work/nothing refuses "apt-get install lcov" -- --html "$work/other" "$work/run" &&
		[ ! -e "$work/other" ] && nothing_is_left
}

genhtml_that_fails_leaves_nothing()
{
	mkdir -p "$work/bin"
	printf '#!/bin/sh\nexit 3\n' >"$work/bin/genhtml"
	chmod +x "$work/bin/genhtml"
	PATH=$work/bin:$PATH refuses "genhtml failed" -- --html "$work/other" "$work/run" &&
		[ ! -e "$work/other" ] && nothing_is_left
}

# To both, as the terminal does it; but SIGINT may be ignored here, as in a shell's background.
interrupt_leaves_nothing()
{
	# shellcheck disable=SC2016 # for that shell
	printf '#!/bin/sh\nkill -TERM "$PPID" $$\n' >"$work/bin/genhtml"
	PATH=$work/bin:$PATH report --html "$work/other" "$work/run"
	[ $? = $((128 + 15)) ] && [[ $said == *"ended by signal 15"* ]] && [ ! -e "$work/other" ] && nothing_is_left
}

run_without_a_line_is_told()
{
	grep -v module "$work/run" >"$work/lines"
	refuses "nothing for lcov" -- --lcov "$work/none.info" "$work/lines" && [ ! -e "$work/none.info" ]
}

difference_is_of_the_second()
{
	run sample_parse sample_path_b >"$work/other-run"
	report --diff --functions "$work/run" "$work/other-run" &&
		[[ $said == *sample_path_b* ]] && [[ $said != *sample_path_a* ]] &&
		[[ $said != *sample_parse* ]]
}

# lost FILE NUMBER: that run, which has lost so much
lost()
{
	sed "1a# lost $2 remote sections, 1 records without room" "$1"
}

# from DIRECTORY ARGUMENT...: the driver's source file in the report that is made there
from()
{
	said=$(cd "$1" && shift && "$kcovctl" report -m "$sample" --lcov "$work/from.info" "$@" "$work/run" 2>&1)
	said=$(sed -n 's/^SF:\(.*kcov_sample.c\)/\1/p' "$work/from.info"; echo "$said")
}

# Another file of that name lies where the report is made.
sources_are_those_that_are_given()
{
	local name=tests/sample/kcov_sample.c
	mkdir -p "$work/here/${name%/*}" "$work/empty"
	echo "/* another */" >"$work/here/$name"
	from "$work/here" --source "$work/empty" && [[ $said == "$work/empty/$name"$'\n'*"not where --source says"* ]] || return
	from "$work/here" --source "$work/empty" --source "$PWD" && [[ $said == "$PWD/$name"$'\n'* ]] || return
	from "$work/here" && [[ $said == "$work/here/$name"$'\n'* ]] || return
	from "$work/empty" && [[ $said == "$name"$'\n'*"are not here"* || $said == "$name"$'\n'*"is not here"* ]]
}

# A message would be in the file that was opened first.
without_standard_descriptors_no_file_is_damaged()
{
	local status=0
	mkdir -p "$work/empty"
	# missing sources are told while the file is open
	set -- "$kcovctl" report -m "$sample" --source "$work/empty" --lcov
	"$@" "$work/usual.info" "$work/run" 2>/dev/null || return
	"$@" "$work/closed.info" "$work/run" <&- >&- 2>&-
	said=$(diff "$work/usual.info" "$work/closed.info") || return
	"$@" "$work/closed.info" "$work/run" 2>&-
	said=$(diff "$work/usual.info" "$work/closed.info") || return
	"$kcovctl" report -m "$sample" --raw "$work/run" >&- 2>"$work/said" || status=$?
	said=$(cat "$work/said")
	[ "$status" = 1 ] && [[ $said == *EBADF* ]] || return
	"$kcovctl" report - <&- >"$work/said" 2>&1
	said=$(cat "$work/said") && [[ $said == *"no PC is in it"* ]]
}

losses_of_runs_add_up()
{
	lost "$work/run" 3 >"$work/a" && lost "$work/other-run" 40 >"$work/b" || return
	report "$work/a" "$work/b" &&
		[[ $said == *"all runs: lost: 43 remote sections, 2 records without room"* ]] || return
	report --json "$work/a" "$work/b" && [[ $said == *'"remote sections": 43'* ]] || return
	report --diff "$work/a" "$work/run" && [[ $said == *"/a: lost: 3 remote"*"may not be new"* ]] || return
	report "$work/run" && [[ $said != *lost* ]]
}

run_that_was_cut_is_told()
{
	local cut=$work/cut
	sed '$d' "$work/run" >"$cut"
	refuses "cut off" -- "$cut" && refuses "sed '1d;\$d' $cut | kcovctl report -" -- "$cut" || return
	said=$(sed '1d;$d' "$cut" | "$kcovctl" report -m "$sample" - 2>&1) && [[ $said == *kcov_sample* ]]
}

echo "1..18"
run sample_parse sample_path_a >"$work/run"
lcov_reads_it
is lcov_counts_as_the_file_says
percentages_are_of_all_that_can_be_reached
is percentages_are_of_all_that_can_be_reached
source_files_are_there
is source_files_are_named_where_they_are
pages_are_made
is pages_are_made
pages_show_what_was_reached
is pages_show_what_was_reached
older_pages_are_replaced
is older_pages_are_replaced
another_directory_is_kept
is another_directory_is_kept
without_genhtml_is_told
is without_genhtml_its_package_is_named
genhtml_that_fails_leaves_nothing
is genhtml_that_fails_leaves_nothing
interrupt_leaves_nothing
is interrupt_leaves_nothing
run_without_a_line_is_told
is run_without_a_line_is_told
difference_is_of_the_second
is difference_is_of_the_second
report "$work/run" && [[ $said == *"kcov_sample"* ]]
is names_need_no_kernel_and_no_module
report --functions --filter 'tests/sample/' "$work/run" && [[ $said == *"sample_parse"* ]]
is filter_of_a_path_takes_its_functions
losses_of_runs_add_up
is losses_of_runs_add_up
run_that_was_cut_is_told
is run_that_was_cut_is_told_and_what_helps
sources_are_those_that_are_given
is sources_are_looked_for_where_they_are_said_to_be_alone
without_standard_descriptors_no_file_is_damaged
is without_standard_descriptors_no_file_is_damaged
