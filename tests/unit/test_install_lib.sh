#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# libkcov as others get it: installed below a directory, found by pkg-config, built into a
# program of C and one of C++. The programs run here, where there is no kcov, so they
# say why not.

set -u
cd "$(dirname "$0")/../.." || exit

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck disable=SC1091 # looked at by itself
. tests/unit/tap.sh
lib=$dir/root/usr/lib/x86
export PKG_CONFIG_LIBDIR=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$dir/root

# shellcheck disable=SC2317 # called by is
explain()
{
	cat "$dir/said"
}

says()
{
	"$@" >"$dir/said" 2>&1
}

install_lib()
{
	says make --no-print-directory "$1" PREFIX=/usr LIBDIR=/usr/lib/x86 DESTDIR="$dir/root"
}

# One of its functions, so that nothing is left out by the linker.
write_program()
{
	cat >"$dir/program.c" <<-'END'
		#include <libkcov.h>
		#include <stdio.h>

		int main(void)
		{
			struct kcov_set *set = kcov_set_new();
			struct kcov kcov = { -1, 0, NULL, 0 };

			kcov_settle();
			if (kcov_set_add(set, 1) != 1 || kcov_enable(&kcov, KCOV_TRACE_PC) != -1)
				return 1;
			puts(kcov_error());
			kcov_set_free(set);
			return 0;
		}
	END
}

# build NAME COMMAND...: pkg-config's words stand where the command says FLAGS.
build()
{
	local output=$1
	shift
	write_program
	# shellcheck disable=SC2046,SC2086 # words
	says "$@" -Wall -Wextra -Werror -o "$dir/$output" "$dir/program.c" $(pkg-config $flags libkcov)
}

runs()
{
	says env LD_LIBRARY_PATH="$lib" "$dir/$1" && grep -q 'KCOV_ENABLE: EBADF' "$dir/said"
}

# Without the other's headers and libraries a program would be built with neither.
uses_shared()
{
	says readelf -d "$dir/$1" && grep -q 'NEEDED.*libkcov.so.0' "$dir/said"
}

# Nothing is exported that the header does not declare, and all that it does.
exports_are_those_of_the_header()
{
	nm -D --defined-only "$lib/libkcov.so.0" | awk '$2 == "T" { sub("@.*", "", $3); print $3 }' | sort >"$dir/exports"
	sed -n 's/^KCOV_API .*[ *]\(kcov_[a-z_]*\)(.*/\1/p' "$dir/root/usr/include/libkcov.h" | sort >"$dir/declared"
	says diff "$dir/exports" "$dir/declared" && [ -s "$dir/declared" ]
}

symbols_are_bound_at_once()
{
	says readelf -d "$lib/libkcov.so.0" && grep -q 'FLAGS.*NOW' "$dir/said"
}

# It would clear what the name begins with.
a_space_is_refused()
{
	mkdir "$dir/my"
	! says make --no-print-directory -n uninstall-tools DESTDIR="$dir/my root" &&
		grep -q 'DESTDIR=.*a place with a space' "$dir/said" && ! grep 'rm -' "$dir/said"
}

nothing_is_left()
{
	says find "$dir/root" ! -type d && [ ! -s "$dir/said" ]
}

echo "1..12"
install_lib install-lib
is "library_is_installed"
flags="--cflags --libs"
build shared cc
is "program_is_built_by_pkg_config"
uses_shared shared
is "program_uses_the_shared_library"
runs shared
is "program_runs"
flags="--cflags --libs --static"
build static cc -static && ! uses_shared static
is "static_program_is_built_by_pkg_config"
runs static
is "static_program_runs"
flags="--cflags --libs"
build cplusplus g++ -x c++ -std=c++11 -pedantic && runs cplusplus
is "header_is_good_for_cplusplus"
exports_are_those_of_the_header
is "exports_are_those_of_the_header"
symbols_are_bound_at_once
is "symbols_are_bound_at_once"
install_lib uninstall-lib && nothing_is_left
is "uninstall_leaves_nothing"
! build gone cc
is "without_it_nothing_is_built"
a_space_is_refused
is "place_with_a_space_is_refused"
