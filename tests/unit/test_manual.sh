#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The manual and the completion: a page for each verb, with the options that its help
# has and no others, that renders without a warning; and what bash offers at the cursor.

set -u
cd "$(dirname "$0")/../.." || exit

work=$(mktemp -d "$PWD/build/test-manual.XXXXXX")
trap 'rm -rf "$work"' EXIT
PATH=$PWD/build/tools:$PATH
# shellcheck disable=SC1091 # looked at by itself
. tests/unit/tap.sh
# shellcheck disable=SC1091
. tools/completion/kcovctl

# shellcheck disable=SC2317 # called by is
explain()
{
	echo "$said"
}

verbs()
{
	_kcovctl_verbs | grep -v '^help$'
}

# --- pages ------------------------------------------------------------------------

# Options that a page names, outside of its examples
options_of_page()
{
	awk '/^```/ { skip = !skip; next } !skip' "tools/man/kcovctl-$1.1.scd" |
		grep -oE '(^|[] [,;|])\*(--[a-z][a-z-]*|-[a-zA-Z])\*' | grep -oE -e '--?[a-zA-Z-]*[a-zA-Z]' |
		sort -u
}

# also that the help has some, or all would be alike
has_same_options()
{
	said=$(diff <(_kcovctl_options "$1") <(options_of_page "$1") 2>&1) &&
		[ -n "$(_kcovctl_options "$1")" ]
}

each_verb_has_a_page()
{
	said=
	for verb in $(verbs); do
		[ -f "tools/man/kcovctl-$verb.1.scd" ] || said+="$verb "
		grep -q -F "*kcovctl-$verb*(1)" tools/man/kcovctl.1.scd || said+="kcovctl(1):$verb "
	done
	[ -z "$said" ] && [ "$(verbs | wc -l)" -ge 8 ]
}

each_page_has_a_verb()
{
	said=$(for page in tools/man/kcovctl-*.1.scd; do
		page=${page##*/kcovctl-}
		verbs | grep -q -x -F "${page%.1.scd}" || echo "$page"
	done)
	[ -z "$said" ]
}

pages_are_built()
{
	said=$(make man 2>&1) &&
		for page in tools/man/*.scd; do
			[ -s "build/man/$(basename "$page" .scd)" ] || return
		done
}

renders()
{
	said=$(groff -ww -z -man -t -Tutf8 -K utf8 "$1" 2>&1) && [ -z "$said" ]
}

each_page_renders()
{
	local page
	for page in tools/man/*.scd; do
		page=build/man/$(basename "$page" .scd)
		renders "$page" || return
	done
}

# The control: groff would say so.
a_bad_page_does_not()
{
	printf '.TH a 1\n.nothing\n\\*[nobody]\n' >"$work/bad.1"
	! renders "$work/bad.1"
}

library_is_complete()
{
	said=$(sed -n 's/^\(KCOV_API\|static inline\) .*[ *]\(kcov_[a-z_]*\)(.*/\2/p' include/libkcov.h |
		while read -r function; do
			grep -q -F "$function(" tools/man/libkcov.3.scd || echo "$function"
		done)
	[ -z "$said" ] && [ "$(grep -c KCOV_API include/libkcov.h)" -gt 5 ]
}

ioctls_are_complete()
{
	said=$(sed -n 's/^#define \(KCOV_[A-Z_]*\) _IO.*/\1/p' include/kcov_ioctl.h |
		while read -r name; do
			grep -q -F "*$name*" tools/man/kcov.4.scd || echo "$name"
		done)
	[ -z "$said" ]
}

# What the module counts as lost, kcovctl instances has words for.
losses_have_words()
{
	said=$(sed -n 's/^\t\[KCOV_LOST_.*= "\(.*\)",/\1/p' kcov_loss.c |
		while read -r name; do
			grep -q -F "\"$name\"" tools/kcovctl_cures.c || echo "$name"
		done)
	[ -z "$said" ] && [ "$(grep -c '\[KCOV_LOST_' kcov_loss.c)" -gt 5 ]
}

help_fits_a_screen()
{
	said=$(for verb in "" $(verbs); do
		kcovctl help ${verb:+"$verb"} | awk -v verb="$verb" '
			length > 80 { print verb ": " $0 }
			END { if (NR > 30) print verb ": " NR " lines" }'
	done)
	[ -z "$said" ]
}

# one line a test, and one a verb of the loop
echo "1..$(($(grep -c '^is ' "$0") + $(verbs | wc -w)))"

each_verb_has_a_page
is each_verb_has_a_page
each_page_has_a_verb
is each_page_has_a_verb
for verb in $(verbs); do
	has_same_options "$verb"
	is "page_has_the_options_of_$verb"
done
pages_are_built
is pages_are_built
each_page_renders
is each_page_renders_without_a_warning
a_bad_page_does_not
is a_bad_page_is_noticed
library_is_complete
is libkcov_3_has_each_function
ioctls_are_complete
is kcov_4_has_each_ioctl_of_ours
losses_have_words
is each_counter_of_losses_has_words
help_fits_a_screen
is each_help_fits_a_screen

# --- completion ---------------------------------------------------------------------

# offers EXPECTED... -- WORD...: bash offers at least these behind kcovctl and the words
offers()
{
	local expected=() one
	while [ "$1" != -- ]; do
		expected+=("$1")
		shift
	done
	shift
	COMP_WORDS=(kcovctl "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_kcovctl
	said="kcovctl $*: ${COMPREPLY[*]}"
	for one in "${expected[@]}"; do
		printf '%s\n' "${COMPREPLY[@]}" | grep -q -x -F -e "$one" || return 1
	done
}

# The same, and nothing else
offers_only()
{
	local count=0 word
	for word; do
		[ "$word" != -- ] || break
		count=$((count + 1))
	done
	offers "$@" && [ "${#COMPREPLY[@]}" = "$count" ]
}

# What the machine has, in the place of what it has not
uname()
{
	echo 0-test
}

kcovctl()
{
	if [ "$1" = functions ]; then
		printf '%s\n' vfs_read 'ext4_read [ext4]' | awk -v word="${2%\*}" '
			{ module = substr($2, 2, length($2) - 2) }
			index($1, word) == 1 || index(module ":" $1, word) == 1 { print }'
	else
		command kcovctl "$@"
	fi
}

export KCOV_CACHE=$work/cache
mkdir -p "$KCOV_CACHE/modules/0-test" "$work/files"
: >"$KCOV_CACHE/modules/0-test/isofs.ko"
: >"$work/files/one.cov"

# shellcheck disable=SC2046 # a list of words
offers $(verbs) help -- ""
is verbs_are_offered
offers_only instances instrument -- ins
is verbs_that_begin_so_are_offered
offers --json --watch --follow -w -- instances -
is options_are_offered
offers_only --json -- doctor --j
is options_that_begin_so_are_offered
offers_only -- doctor --nothing
is options_that_there_are_not_are_not
offers_only on off -- instances --follow ""
is values_are_offered
offers_only doctor -- help doc
is verbs_are_offered_behind_help
offers_only isofs -- load ""
is modules_that_were_built_are_offered_to_load
offers_only "$work/files/one.cov" -- report "$work/files/"
is files_are_offered_to_report
offers_only "$work/files" -- report --html "$work/fil"
is directories_are_offered
offers ls -- run -- l
is commands_are_offered_behind_dashes
offers ls -- run --json l
is commands_are_offered_behind_options
offers_only "$work/files/one.cov" -- run -o x -- cat "$work/files/o"
is files_are_offered_to_the_command
offers_only "$work/files/one.cov" -- run --output = "$work/files/o"
is files_are_offered_behind_an_equals_sign
offers_only on off -- instances --follow =
is values_are_offered_behind_an_equals_sign
offers_only "$work/files/one.cov" -- run --output = x cat "$work/files/o"
is files_are_offered_to_the_command_behind_that
offers_only ext4_read -- functions + ext4 : ext
is functions_are_offered_behind_a_colon
offers_only -- functions isofs : ext
is functions_of_other_modules_are_not
offers_only vfs_read -- functions vf
is functions_are_offered
offers_only "=ext4_read" -- functions "=ext"
is functions_are_offered_to_rules
offers_only default -- functions def
is default_is_offered
