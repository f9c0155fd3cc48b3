# SPDX-License-Identifier: GPL-2.0-only
#
# Reads what tests/vm/suite and its like print; prints a line a program and
# each failed test, writes KTAP into the file named by ktap, and appends
# "passed failed skipped" to the file named by sums.
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
	ran = passed = failed = skipped = 0
	said = tap = reason = ""
	explaining = 0
}

function result(verdict, name)
{
	ran++
	tap = tap "    " verdict " " ran " " name "\n"
	explaining = 0
}

function fail(name)
{
	failed++
	result("not ok", name)
	print "not ok: " title section ": " name
	printf "%s", said
	tap = tap said
	said = ""
	explaining = 1
	fflush()
}

function explain(line)
{
	print "    # " line
	tap = tap "    # " line "\n"
	fflush()
}

function pass(name)
{
	passed++
	result("ok", name)
	said = ""
}

function skip(name)
{
	skipped++
	result("ok", name " # SKIP " reason)
	said = ""
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
	else if (status != 0 && !failed)
		fail("ended with status " status " though no test failed")
	explained = 0
	printf "%-32s %4d passed%s%s, %.1f s\n", title section, passed,
		failed ? ", " failed " failed" : "", skipped ? ", " skipped " skipped" : "", seconds
	fflush()
	sections++
	all = all "    KTAP version 1\n    1.." ran "\n" tap \
		(failed ? "not ok " : "ok ") sections " " section "\n"
	total_passed += passed
	total_failed += failed
	total_skipped += skipped
	section = ""
}

BEGIN { title = run == "" ? "" : run ": " }
{ sub(/\r$/, "") }
/^@@ begin / { begin($3); next }
/^@@ end / { end($4, $5); next }
/^@@ done$/ { complete = 1; next }
section == "" { next }
/^1\.\.[0-9]+$/ { planned = substr($0, 4) + 0; next }
/^ok [0-9]+ - / { sub(/^ok [0-9]+ - /, ""); pass($0); next }
/^not ok [0-9]+ # SKIP/ { sub(/^not ok [0-9]+ # SKIP ?/, ""); skip($0); next }
/^not ok 0 - / { explained = 1; fail("group set-up"); next }
/^not ok [0-9]+ - / { sub(/^not ok [0-9]+ - /, ""); fail($0); next }
/^# (not )?ok - / { next }
/^$/ { next }
{
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
	print "KTAP version 1\n1.." sections "\n" all >ktap
	print total_passed + 0, total_failed + 0, total_skipped + 0 >>sums
}
