# SPDX-License-Identifier: GPL-2.0-only
#
# Holds rows of the ruler against limits, and prints a table. The status is 1 if one
# is missed, a row or a limit is not there, or a line is not understood.
#
#   awk -f limits.awk ROWS LIMITS      ROWS as join_rows of tests/vm/bench makes them:
#                                      name, guarded, unit, ours, theirs and others, by
#                                      TABs; LIMITS says itself how it is written

# values are printed with two digits
BEGIN { rounding = 0.005 }

NR == FNR {
	split($0, part, "\t")
	ours[part[1]] = part[4]
	theirs[part[1]] = part[5]
	next
}

/^#/ || !NF { next }

function is_number(word)
{
	return word ~ /^[0-9]+(\.[0-9]+)?$/
}

# The value that this row is compared with.
function reference(name)
{
	name = name == "theirs" ? theirs[$1] : ours[name]
	if (name == "")
		wrong = "is not there"
	return name
}

# The fields from the third on: NUMBER, or [FACTOR] OF [+ NUMBER].
function limit(    at, factor, of, more)
{
	if (NF == 3 && is_number($3))
		return $3
	at = 3
	factor = is_number($at) ? $(at++) : 1
	of = $(at++)
	more = 0
	if ($at == "+" && is_number($(at + 1))) {
		more = $(at + 1)
		at += 2
	}
	if (is_number(of) || of == "" || NF >= at)
		wrong = "is not understood"
	return wrong ? "" : factor * reference(of) + more
}

# The same for = and /: OF, and for the first how far from it.
function neighbour()
{
	if (NF == 5 && $2 == "=" && $4 == "within" && is_number($5))
		distance = $5
	else if (NF == 3)
		distance = 0
	else
		wrong = "is not understood"
	return wrong ? "" : reference($3)
}

function differ(value, from, percent)
{
	return value > from * (1 + percent / 100) + rounding ||
		value < from * (1 - percent / 100) - rounding
}

function shown(value)
{
	return sprintf(value >= 1000 ? "%.0f" : "%.2f", value)
}

!header++ { printf "%-46s %9s %9s\n", "limit", "is", "reached" }

{
	wrong = $1 in ours ? "" : "is not there"
	if (!wrong && $2 ~ /^[<>]=$/)
		allowed = limit()
	else if (!wrong && $2 ~ /^[=\/]$/)
		allowed = neighbour()
	else if (!wrong)
		wrong = "is not understood"
}

wrong {
	failed++
	printf "%-46s %s  MISSED\n", $0, wrong
	next
}

$2 == "/" {
	ratio = allowed ? sprintf("%.2f", ours[$1] / allowed) : "-"
	printf "%-46s %9s %9s\n", $0, "", ratio
	next
}

{
	value = ours[$1]
	if ($2 == "<=")
		missed = value > allowed + rounding
	else if ($2 == ">=")
		missed = value < allowed - rounding
	else
		missed = differ(value, allowed, distance)
	printf "%-46s %9s %9s  %s\n", $0, shown(allowed), shown(value), missed ? "MISSED" : "ok"
	if (missed)
		failed++
	else
		passed++
}

END {
	printf "limits: %d met, %d missed\n", passed, failed
	exit failed > 0 || !passed
}
