#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For the test scripts beside it: one line of TAP a test.

count=0

# is NAME: the status so far decides; what the script's explain prints tells why.
is()
{
	local status=$?
	count=$((count + 1))
	if [ "$status" = 0 ]; then
		echo "ok $count - $1"
	else
		echo "not ok $count - $1"
		explain | sed 's/^/# /'
	fi
}
