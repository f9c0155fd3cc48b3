#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What decides about the ruler's numbers, tests/vm/limits.awk, on rows made up.

set -u
cd "$(dirname "$0")/../.." || exit

# shellcheck disable=SC1091 # looked at by itself
. tests/unit/tap.sh

# shellcheck disable=SC2317 # called by is
explain()
{
	echo "$said"
}

# name ours theirs
rows()
{
	printf '%s\tshown\tinstructions\t%s\t%s\t\twhat it is\n' \
		pc.record 15.00 20.00 pc.full 15.20 20.00 entry.record 20.00 '' \
		cpus.1.pc 15.00 20.00 cpus.2.pc 15.30 20.00 cpus.4.pc 15.31 20.00 cpus.8.pc 14.69 ''
}

limits()
{
	said=$(busybox awk -f tests/vm/limits.awk <(rows) <(printf '%s\n' "$@") 2>&1)
}

# is_met LIMIT, is_missed LIMIT: and says so
is_met()
{
	limits "$1" && grep -q 'ok$' <<<"$said"
}

is_missed()
{
	! limits "$1" && grep -q 'MISSED$' <<<"$said"
}

echo "1..14"
is_met "pc.record <= 15"
is "value_at_its_limit_meets_it"
is_missed "pc.record <= 14.9"
is "value_above_its_limit_misses_it"
is_met "pc.full >= 1.01 pc.record"
is "value_above_the_least_meets_it"
is_missed "pc.full >= 1.1 pc.record"
is "value_below_the_least_misses_it"
is_met "pc.record <= 0.75 theirs"
is "share_of_theirs_is_met"
is_missed "pc.record <= 0.74 theirs"
is "share_of_theirs_is_missed"
is_met "pc.full <= pc.record + 0.2" && is_missed "pc.full <= pc.record + 0.1"
is "number_is_added_to_another_row"
is_met "cpus.2.pc = cpus.1.pc within 2"
is "two_cpus_within_2_percent_meet_it"
is_missed "cpus.4.pc = cpus.1.pc within 2"
is "more_than_2_percent_more_misses_it"
is_missed "cpus.8.pc = cpus.1.pc within 2"
is "more_than_2_percent_less_misses_it"
is_missed "cpus.3.pc <= 15" && is_missed "pc.full <= pc.rekord" && is_missed "entry.record <= theirs"
is "row_that_is_not_there_is_missed"
is_missed "pc.record < 20" && is_missed "pc.record <= 20 30" && is_missed "pc.full = pc.record about 2"
is "line_that_is_not_understood_is_missed"
! limits "# none" "" "pc.full / pc.record" && grep -q ' 1.01$' <<<"$said"
is "nothing_but_what_is_shown_is_no_pass"
! limits "pc.record <= 15" "pc.record <= 14" && grep -q '^limits: 1 met, 1 missed$' <<<"$said"
is "one_missed_limit_fails_all"
