# SPDX-License-Identifier: GPL-2.0-only
#
# Reads what tests/vm/suite and its like print; prints, when a program has ended, a line
# for it and each failed test, writes KTAP, with what the tests said, into the file named
# by ktap, and appends "passed failed skipped different not-run" to the file
# named by sums.
#
# The table (tests/KERNEL.differences) names tests that this
# kernel must fail, or that were not run in it. All others pass, and a line that
# was not needed is a failure. whole: every group ran, so every line was. loud: what
# a program says is printed as it comes.
#
# cmocka 1.1.5 says "not ok N # SKIP name" for a skip, calls a failed group
# set-up test 0, ends each group with a line "# ok" or "# not ok" that means
# nothing, and explains a failure in lines after it.

# A section that is still open at the next begin, or at the end, was cut off.
function cut_off()
{
	if (section == "")
		return
	said = ""
	fail("did not end: the guest died or hung in it")
	explained = 1
	end(1, 0)
}

function begin(name)
{
	cut_off()
	section = name
	planned = -1
	ran = passed = failed = skipped = different = not_run = 0
	said = tap = reason = ""
	explaining = quiet = 0
}

# The key of the line of the table for this test, "" for none.
function line_for(name, wanted,    key)
{
	key = section SUBSEP name
	if (!(key in wants))
		key = section SUBSEP "*"
	if (!(key in wants) || wants[key] != wanted)
		return ""
	used[key] = 1
	return key
}

function read_table(    line, words, key)
{
	while ((getline line < table) > 0) {
		if (line ~ /^(#|$)/)
			continue
		if (split(line, words, " ") < 4 || words[3] !~ /^(fails|not-run)$/ ||
		    words[2] == "*" && words[3] == "fails") {
			begin("table")
			fail("not \"group case fails|not-run reason\": " line)
			explained = 1
			end(1, 0)
		}
		key = words[1] SUBSEP words[2]
		wants[key] = words[3]
		sub(/^([^ ]+ +){3}/, "", line)
		reasons[key] = line
	}
	close(table)
}

# Lines about this group that no test of it needed.
function find_stale(    key, words)
{
	for (key in wants) {
		split(key, words, SUBSEP)
		if (words[1] == section && !(key in used))
			fail("the line of " table " about " words[2] " is stale: no such test")
	}
}

function find_stale_groups(    key, words)
{
	for (key in wants) {
		split(key, words, SUBSEP)
		if (!(words[1] in groups)) {
			begin(words[1])
			find_stale()
			explained = 1
			end(1, 0)
		}
	}
}

function result(verdict, name)
{
	ran++
	tap = tap "    " verdict " " ran " " name "\n" said
	said = ""
	explaining = 0
}

function differ(name, key)
{
	different++
	result("ok", name " # XFAIL " reasons[key])
	print "fails as listed: " title section ": " name " (" reasons[key] ")"
	explaining = quiet = 1
}

function judge_failure(name,    key)
{
	key = line_for(name, "fails")
	if (key == "")
		fail(name)
	else
		differ(name, key)
}

function judge_pass(name)
{
	if (line_for(name, "fails") == "")
		pass(name)
	else
		fail(name " passes, but " table " says that it fails")
}

function judge_not_run(name,    key)
{
	key = line_for(name, "not-run")
	if (key == "") {
		fail(name " was not run, and " table " has no line for that")
		return
	}
	not_run++
	result("ok", name " # SKIP " reasons[key])
	print "not run: " title section ": " name " (" reasons[key] ")"
}

function fail(name)
{
	failed++
	quiet = 0
	print "not ok: " title section ": " name
	if (!loud)
		printf "%s", said
	result("not ok", name)
	explaining = 1
}

function explain(line)
{
	if (!quiet && !loud)
		print "    # " line
	tap = tap "    # " line "\n"
}

function pass(name)
{
	passed++
	result("ok", name)
	if (loud)
		print "ok: " title section ": " name
}

function skip(name)
{
	skipped++
	said = ""
	result("ok", name " # SKIP " reason)
	print "skipped: " title section ": " name (reason == "" ? "" : " (" reason ")")
}

# The program's own account of itself must agree with what was seen of it.
function end(status, seconds)
{
	if (explained)
		;
	else if (planned < 0)
		fail("printed no plan, status " status)
	else if (ran != planned)
		fail("ran " ran " of " planned " tests, status " status)
	else if (status != 0 && !failed && !different)
		fail("ended with status " status " though no test failed")
	if (!explained)
		find_stale()
	explained = 0
	groups[section] = 1
	printf "%-32s %4d passed%s%s%s%s, %.1f s\n", title section, passed,
		failed ? ", " failed " failed" : "", skipped ? ", " skipped " skipped" : "",
		different ? ", " different " fail as listed" : "",
		not_run ? ", " not_run " not run" : "", seconds
	fflush()
	sections++
	all = all "    KTAP version 1\n    1.." ran "\n" tap \
		(failed ? "not ok " : "ok ") sections " " section "\n"
	total_passed += passed
	total_failed += failed
	total_skipped += skipped
	total_different += different
	total_not_run += not_run
	section = ""
}

BEGIN {
	title = run == "" ? "" : run ": "
	if (table != "")
		read_table()
}
{ sub(/\r$/, "") }
/^@@ begin / { begin($3); next }
/^@@ end / { end($4, $5); next }
/^@@ done$/ { complete = 1; next }
section == "" { next }
/^1\.\.[0-9]+$/ { planned = ran + substr($0, 4); next }
/^ok [0-9]+ - / { sub(/^ok [0-9]+ - /, ""); judge_pass($0); next }
/^not run - / { sub(/^not run - /, ""); judge_not_run($0); next }
/^not ok [0-9]+ # SKIP/ { sub(/^not ok [0-9]+ # SKIP ?/, ""); skip($0); next }
/^not ok 0 - / { explained = 1; fail("group set-up"); next }
/^not ok [0-9]+ - / { sub(/^not ok [0-9]+ - /, ""); judge_failure($0); next }
/^# (not )?ok - / { next }
/^$/ { next }
{
	if (loud) {
		print
		fflush()
	}
	comment = sub(/^# ?/, "")
	if (comment && explaining) {
		explain($0)
		next
	}
	reason = $0
	said = said "    # " $0 "\n"
}
END {
	cut_off()
	if (!complete) {
		begin("run")
		fail("is not complete")
		explained = 1
		end(1, 0)
	}
	if (complete && whole)
		find_stale_groups()
	print "KTAP version 1\n1.." sections "\n" all >ktap
	print total_passed + 0, total_failed + 0, total_skipped + 0, total_different + 0,
		total_not_run + 0 >>sums
}
