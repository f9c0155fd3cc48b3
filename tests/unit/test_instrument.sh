#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kcovctl instrument and kcovctl sites: what is built, what is refused with which
# words, and that what was there before is not touched by what fails. What such a
# module records is the business of the VM.
#
# KERNEL: whose headers and modules to take, as in make check. What is to be
# wrong is wrong in copies of them.

set -u
cd "$(dirname "$0")/../.." || exit

name=${KERNEL:-6.1}
kernel=$PWD/build/kernel/$name
release=$(cat "$kernel/release")
stock=$kernel/modules/$release
real=$(SERIES=${name%%-*} tests/vm/source)
inside=$(cat "$kernel/inside" 2>/dev/null)
kcovctl=$PWD/build/tools/kcovctl
# a compiler of another place only sees this tree
work=$(mktemp -d "$PWD/build/test-instrument.XXXXXX")
trap 'rm -rf "$work"' EXIT
cache=$work/cache
result=$cache/modules/$release
: >"$work/start"
[ -z "$inside" ] || export KCOV_MAKE="$PWD/tests/vm/inside $inside make"
# shellcheck disable=SC1091 # looked at by itself
. tests/unit/tap.sh

# shellcheck disable=SC2317 # called by is
explain()
{
	echo "$said"
}

# Options that are given again later are those that count.
instrument()
{
	"$kcovctl" instrument -H "$kernel/headers" -M "$stock" -s "$real" \
		-K "build/$release/kcov/kcov.ko" -c "$cache" "$@" 2>&1
}

builds()
{
	said=$(instrument "$@")
}

# refuses TEXT... -- ARGUMENT...: with status 1 and one message that has each text
refuses()
{
	local texts=() text status=0
	while [ "$1" != -- ]; do
		texts+=("$1")
		shift
	done
	shift
	said=$(instrument "$@") || status=$?
	[ "$status" = 1 ] && [ "$(grep -c '^kcovctl instrument: ' <<<"$said")" = 1 ] || return 1
	for text in "${texts[@]}"; do
		grep -q -F -- "$text" <<<"$said" || return 1
	done
}

# usage TEXT ARGUMENT...
usage()
{
	local text=$1 status=0
	shift
	said=$("$kcovctl" instrument "$@" 2>&1) || status=$?
	[ "$status" = 2 ] && grep -q -F -- "$text" <<<"$said"
}

# bare ARGUMENT...: as instrument, in a system whose /dev has one device
bare()
{
	unshare --mount --map-root-user sh -euc '
		mount -t tmpfs none /dev
		touch /dev/null
		exec "$@" </dev/null' sh "$kcovctl" instrument "$@" 2>&1
}

# A source of our own: links, but for the directory $2, whose files are copies.
copy_source()
{
	mkdir -p "$work/$1"
	ln -s "$real"/* "$work/$1/"
	rm "$work/$1/fs"
	mkdir "$work/$1/fs"
	ln -s "$real/fs"/* "$work/$1/fs/"
	rm "$work/$1/fs/isofs"
	cp -r "$real/fs/isofs" "$work/$1/fs/"
}

# Headers of our own: links, but for the Makefile, which may name their place, and for
# the files $2...
copy_headers()
{
	local copy=$work/$1 from path
	from=$(readlink -f "$kernel/headers")
	shift
	mkdir "$copy"
	ln -s "$from"/* "$copy/"
	rm "$copy/Makefile"
	sed "s:$from\\>:$copy:g" "$from/Makefile" >"$copy/Makefile"
	for path; do
		rm "$copy/${path%%/*}"
		cp -r "$from/${path%%/*}" "$copy/"
	done
}

# Modules of our own: the real one's isofs, and what is asked for.
copy_modules()
{
	mkdir -p "$work/$1/lib/modules/$release/kernel/fs/isofs"
	copied=$work/$1/lib/modules/$release
	cp "$stock"/modules.{builtin,builtin.modinfo,order} "$copied/"
	cp "$stock/kernel/fs/isofs/isofs.ko"* "$copied/kernel/fs/isofs/"
}

index_copied()
{
	PATH=$PATH:/sbin:/usr/sbin depmod -b "${copied%/lib/modules/*}" "$release"
}

# The number of files that the last call compiled
compiled()
{
	awk '/^  CC / && !/\.(mod|module-common)\.o$/ { n++ } END { print n + 0 }' "$cache/build/$release/fs-isofs.log"
}

# column FILE NUMBER: of what was said about that file
column()
{
	awk -v file="$1" -v column="$2" '$5 == file { print $column }' <<<"$said"
}

# id FILE: what tells builds apart
id()
{
	readelf -n "$1" 2>/dev/null | sed -n 's/.*Build ID: //p'
}

# --- what is built --------------------------------------------------------------

echo "1..$(grep -c '^is "' "$0")"

builds isofs && [ -s "$result/isofs.ko" ] && grep -q "^isofs: fs/isofs, built in" <<<"$said"
is "isofs_is_built"
first=$(id "$result/isofs.ko")
pcs=$(column isofs.ko 1)
util=$(column util.o 1)
comparisons=$(column isofs.ko 2)
[ "$pcs" -gt 0 ] && [ "$comparisons" -gt 0 ] && [ "$util" -gt 0 ] &&
	[ "$pcs" = "$(awk '$5 ~ /\.o$/ { n += $1 } END { print n }' <<<"$said")" ] &&
	[ "$comparisons" = "$(awk '$5 ~ /\.o$/ { n += $2 } END { print n }' <<<"$said")" ]
is "module_has_the_callbacks_of_its_files"
grep -q "^isofs.ko: 0 callbacks are jumps, 0 are in noinstr code" <<<"$said"
is "no_callback_is_a_jump_or_in_noinstr_code"
read -r before after < <(sed -n 's/^text: \([0-9]*\) bytes before, \([0-9]*\) after/\1 \2/p' <<<"$said")
[ "$before" -gt 0 ] && [ "$after" -gt "$before" ]
is "size_before_and_after_is_said"
said=$(modinfo -F vermagic "$result/isofs.ko"; modinfo -F vermagic "$stock/kernel/fs/isofs/isofs.ko")
[ "$(sort -u <<<"$said" | wc -l)" = 1 ]
is "vermagic_is_that_of_the_stock_module"
said=$(modinfo -F depends "$result/isofs.ko")
grep -qw kcov <<<"$said"
is "it_depends_on_kcov"
said=$(find "$real/fs" "$real/include" "$kernel/headers/" "$cache/build" -newer "$work/start")
grep -q "tree/fs/isofs/util.o" <<<"$said" && ! grep -v "^$cache/" <<<"$said"
is "neither_source_nor_headers_are_written_to"
builds isofs && [ "$(compiled)" = 0 ] && grep -q "up to date" <<<"$said"
is "second_call_compiles_nothing"
builds -c "$(realpath --relative-to=. "$cache")" isofs && [ "$(compiled)" = 0 ]
is "directories_may_be_relative"
copy_source touched
builds -s "$work/touched" isofs && touch "$work/touched/fs/isofs/util.c" &&
	builds -s "$work/touched" isofs && [ "$(compiled)" = 1 ]
is "change_of_one_file_compiles_that_file"
cp "$work/touched/fs/isofs/util.c" "$work/touched/fs/isofs/more.c"
sed -i 's/isofs_get_last_session/kcov_more/; s/iso_date/kcov_more/g' "$work/touched/fs/isofs/more.c"
sed -i 's/util\.o/util.o more.o/' "$work/touched/fs/isofs/Makefile"
builds -s "$work/touched" isofs && [ "$(column more.o 1)" = "$util" ]
is "file_that_is_new_is_found"
sed -i 's/ more\.o//' "$work/touched/fs/isofs/Makefile" && rm "$work/touched/fs/isofs/more.c"
builds -s "$work/touched" isofs && [ -z "$(column more.o 1)" ] && [ "$(column isofs.ko 1)" = "$pcs" ]
is "file_that_is_gone_is_forgotten"
builds -V -s "$work/touched" isofs && grep -q "up to date" <<<"$said"
is "commands_in_full_are_up_to_date_too"
mkdir "$work/touched/fs/isofs/was"
touch "$work/touched/fs/isofs"/{util.o,isofs.mod.c,modules.order,Module.symvers}
touch "$work/touched/fs/isofs/util.c"
builds -s "$work/touched" isofs && said=$(find "$work/touched/fs/isofs/" -name '*.o' -size +0 -o -name '*.mod.c' -size +0 -o -name 'Mod*' -size +0 -o -name 'mod*' -size +0) && [ -z "$said" ]
is "what_somebody_has_built_in_the_source_stays"
touch "$work/touched/.config"
refuses "has been built in" "make mrproper" -- -s "$work/touched" isofs
is "source_that_was_built_as_a_whole_is_refused"
printf '%s\n' '#include <linux/module.h>' 'static int __init begin(void) { return 0; }' 'module_init(begin);' \
	'MODULE_LICENSE("GPL");' 'MODULE_DESCRIPTION("of a test");' >"$work/touched/fs/isofs/part.c"
# shellcheck disable=SC2016 # variables of make
printf '%s\n' 'obj-$(CONFIG_KCOV_NOBODY) += kcov_nobody.o' 'kcov_nobody-$(CONFIG_KCOV_NOBODY) += part.o' \
	>>"$work/touched/fs/isofs/Makefile"
rm "$work/touched/.config"
builds -s "$work/touched" kcov-nobody && [ "$(column kcov_nobody.ko 1)" -gt 0 ]
is "module_of_several_files_that_was_left_out_is_built"
builds nf_nat && [ "$(column nf_nat.ko 1)" -gt 0 ]
is "module_with_parts_for_bpf_is_built"
builds --no-comparisons isofs && [ "$(column isofs.ko 2)" = 0 ] && [ "$(column isofs.ko 1)" -gt 0 ]
is "without_comparisons_there_are_pcs_only"

copy_source excluded
echo 'KCOV_INSTRUMENT_util.o := n' >>"$work/excluded/fs/isofs/Makefile"
builds -s "$work/excluded" isofs && [ "$(column util.o 1)" = 0 ] && [ "$(column isofs.ko 1)" = $((pcs - util)) ]
is "file_that_the_kernel_excludes_has_no_callbacks"
grep -q "without callbacks by the kernel's Makefile: util.o: $util PC" <<<"$said"
is "what_an_exclusion_costs_is_said"
builds -s "$work/excluded" isofs && grep -q "up to date" <<<"$said" && grep -q "util.o: $util PC" <<<"$said"
is "counting_what_is_excluded_changes_nothing"
sed -i '1i #ifdef __KCOV_SOURCE_IS_COUNTED\n#error not with callbacks\n#endif' "$work/excluded/fs/isofs/util.c"
# shellcheck disable=SC2016 # a variable of make
echo 'ccflags-$(KCOV_COUNT) += -D__KCOV_SOURCE_IS_COUNTED' >>"$work/excluded/fs/isofs/Makefile"
builds -s "$work/excluded" isofs && grep -q "util.o: as many as cannot be counted" <<<"$said"
is "what_does_not_compile_with_callbacks_is_left_uncounted"
echo 'KCOV_INSTRUMENT := n
KCOV_INSTRUMENT_util.o := y' >"$work/kcov"
sed -i '/KCOV_INSTRUMENT_util/d' "$work/excluded/fs/isofs/Makefile"
cat "$work/kcov" >>"$work/excluded/fs/isofs/Makefile"
builds -s "$work/excluded" isofs && [ "$(column util.o 1)" = "$util" ] && [ "$(column isofs.ko 1)" = "$util" ]
is "directory_is_excluded_but_for_a_file"
builds isofs && [ "$(id "$result/isofs.ko")" = "$first" ]
is "same_source_gives_the_same_module"

# --- an archive -----------------------------------------------------------------

mkdir -p "$work/archive/linux-source"
for path in Makefile arch block crypto drivers fs include kernel lib mm net samples scripts security sound virt; do
	[ "$path" = fs ] && continue
	ln -s "$real/$path" "$work/archive/linux-source/$path"
done
mkdir "$work/archive/linux-source/fs"
cp -r "$real/fs/isofs" "$work/archive/linux-source/fs/"
tar -cJf "$work/linux-source.tar.xz" -C "$work/archive" linux-source
builds -s "$work/linux-source.tar.xz" isofs && grep -q "^unpacking " <<<"$said"
is "archive_is_unpacked"
builds -s "$work/linux-source.tar.xz" isofs && ! grep -q "^unpacking " <<<"$said"
is "archive_is_unpacked_once"
touch -d yesterday "$work/linux-source.tar.xz"
(instrument -s "$work/linux-source.tar.xz" isofs >"$work/other.log" || echo failed >>"$work/other.log") &
builds -s "$work/linux-source.tar.xz" isofs && wait && said+=$'\n'$(cat "$work/other.log") && ! grep -q failed "$work/other.log" &&
	[ "$(grep -c "^unpacking " <<<"$said")" = 1 ]
is "two_calls_at_once_unpack_once_and_both_build"
head -c 3000 "$work/linux-source.tar.xz" >"$work/half.tar.xz"
refuses "half.tar.xz cannot be unpacked" -- -s "$work/half.tar.xz" isofs &&
	! ls -d "$cache"/source/*half* 2>/dev/null
is "damaged_archive_is_refused_and_leaves_nothing"
! said=$(bare isofs) && [ "$(wc -l <<<"$said")" = 1 ] && grep -q "no /dev/fd: mount /proc" <<<"$said"
is "system_without_dev_fd_is_told"

# --- names ----------------------------------------------------------------------

builds isofs	# what must stay
refuses "no module nonesuch" "is that its name?" -- nonesuch
is "unknown_name_is_refused"
builtin=$(sed -n '1s:.*/\(.*\)\.ko:\1:p' "$stock/modules.builtin")
refuses "$builtin is built into $release" "function entries" -- "$builtin"
is "module_built_into_the_kernel_is_refused"
refuses "no module but a part of the kernel itself" "CONFIG_KCOV" -- kcov
is "part_of_the_kernel_that_was_left_out_is_refused"
refuses "namei is no module but a part of the kernel itself" -- namei
is "object_of_the_kernel_is_no_module"
copy_modules elsewhere
mkdir -p "$copied/updates/dkms"
cp "build/$release/sample/kcov_sample.ko" "$copied/updates/dkms/"
index_copied
refuses "kcov_sample (" "not part of the kernel's source" "kcov.mk" -- -M "$copied" kcov_sample
is "module_of_another_source_is_refused"
usage "no module is named"
is "call_without_a_module_is_refused"
usage "'isofs.ko' is no name of a module" -M "$stock" isofs.ko
is "file_is_no_name"
usage "see 'kcovctl help instrument'" --nonsense isofs
is "unknown_option_is_refused"
usage "--jobs none is not a number" --jobs none isofs
is "jobs_that_are_no_number_are_refused"

# --- headers and source ------------------------------------------------------------

refuses "no kernel headers in $work/none" "apt-get install linux-headers-" -- -H "$work/none" isofs
is "missing_headers_are_refused"
refuses "headers in $kernel/headers are of $release, not of 5.0.0" "--headers" -- -k 5.0.0 isofs
is "headers_of_another_release_are_refused"
copy_headers own_kcov include/config
echo CONFIG_KCOV=y >>"$work/own_kcov/include/config/auto.conf"
refuses "has a kcov of its own" -- -H "$work/own_kcov" isofs
is "kernel_with_its_own_kcov_is_refused"
refuses "modules.dep is missing" "depmod" -- -M "$work/none" isofs
is "unknown_modules_are_refused"
refuses "there is no $work/none" -- -s "$work/none" isofs
is "missing_source_is_refused"
refuses "holds no source of Linux" -- -s "$work/archive" isofs
is "directory_without_a_source_is_refused"
copy_source old
rm "$work/old/Makefile"
sed 's/^SUBLEVEL = .*/SUBLEVEL = 1/' "$real/Makefile" >"$work/old/Makefile"
refuses "$work/old is Linux" "headers of $release are of" "apt-get install linux-source-" -- -s "$work/old" isofs
is "source_of_another_version_is_refused"
copy_headers crc Module.symvers
# one of the small modules that export something, whichever this kernel has
read -r symbol module < <(awk '$3 ~ "^lib/(crc/)?crc(8|16|-itu-t)$" { sub(".*/", "", $3); print $2, $3; exit }' "$work/crc/Module.symvers")
sed -i "s/^0x[0-9a-f]*\t\($symbol\)\t/0x00c0ffee\t\1\t/" "$work/crc/Module.symvers"
refuses "the versions of $symbol and others differ" "linux-source-" -- -H "$work/crc" "$module" && [ ! -e "$result/$module.ko" ]
is "source_that_gives_other_symbol_versions_is_refused"
copy_headers btf
rm -f "$work/btf/vmlinux"
: >"$work/btf/vmlinux"
KCOV_MAKE="${KCOV_MAKE-make} PAHOLE=false" builds -c "$work/btf.cache" -H "$work/btf" isofs
is "headers_with_a_vmlinux_need_no_pahole"
copy_modules other
sed -i "s/vermagic=${release:0:3}/vermagic=9.9/" "$copied/kernel/fs/isofs/isofs.ko"
index_copied
refuses "isofs.ko is for '$release" "the headers are not those of that kernel" -- -M "$copied" isofs
is "stock_module_of_another_kernel_is_refused"
refuses "there is no $work/none" "--kcov" -- -K "$work/none" isofs
is "missing_kcov_is_refused"
refuses "exports no callbacks" "--kcov" -- -K "$stock/kernel/fs/isofs/isofs.ko" isofs
is "kcov_without_callbacks_is_refused"

# --- a build that fails -------------------------------------------------------------

copy_source broken
echo '#error this does not compile' >>"$work/broken/fs/isofs/util.c"
refuses "this does not compile" "fs/isofs cannot be built out of tree" "fs-isofs.log" -- -s "$work/broken" isofs &&
	[ "$(id "$result/isofs.ko")" = "$first" ]
is "compilers_error_is_shown_and_the_module_of_before_stays"
copy_source needy
echo 'extern void kcov_nobody_has_this(void); void kcov_needs(void); void kcov_needs(void) { kcov_nobody_has_this(); }' \
	>>"$work/needy/fs/isofs/util.c"
refuses "kcov_nobody_has_this" "it needs what this kernel has not" -- -s "$work/needy" isofs &&
	[ "$(id "$result/isofs.ko")" = "$first" ]
is "symbol_that_the_kernel_has_not_is_named"
mkdir -p "$work/bin"
printf '#!/bin/sh\necho "Avail"; echo "17M"\n' >"$work/bin/df"
chmod +x "$work/bin/df"
PATH=$work/bin:$PATH refuses "MiB are needed below $cache and 17 are free" "--cache" -- isofs
is "want_of_room_is_refused_before_the_build"
printf '#!/bin/sh\necho "fatal error: closing dependency file: No space left on device" >&2\nexit 2\n' >"$work/bin/full"
chmod +x "$work/bin/full"
KCOV_MAKE=$work/bin/full refuses "no space is left below $cache" "--cache" -- isofs &&
	[ "$(id "$result/isofs.ko")" = "$first" ]
is "disk_that_is_full_is_named"
LANGUAGE=de LC_ALL=C.UTF-8 refuses "this does not compile" "fs-isofs.log" -- -s "$work/broken" isofs
is "language_of_the_user_changes_nothing"
refuses "make cannot work in $work/a b" "--cache" -- -c "$work/a b" isofs
is "cache_that_make_cannot_work_in_is_refused"
mkdir "$work/theirs"
[ "$(id -u)" != 0 ] || chown 65534 "$work/theirs"
builds -c "$work/theirs/cache" isofs &&
	said=$(find "$work/theirs" ! -user "$(stat -c %u "$work/theirs")") && [ -z "$said" ]
is "in_a_directory_of_a_user_all_is_his"
refuses "--cache" -- -c /proc/nonesuch isofs
is "cache_that_cannot_be_made_is_refused"

# --- lasting -------------------------------------------------------------------------

copy_modules lasting
index_copied
refuses "kcov.ko is not among the modules" "kcov-dkms" "make install" -- -M "$copied" --install isofs && [ ! -e "$copied/updates" ]
is "lasting_install_without_kcov_is_refused"
install -D "build/$release/kcov/kcov.ko" "$copied/updates/kcov.ko"
index_copied
builds -M "$copied" --install isofs && said=$(cat "$copied/modules.dep") &&
	grep -q '^updates/kcov/isofs.ko:.* updates/kcov.ko' <<<"$said" && ! grep -q '^kernel/fs/isofs' <<<"$said"
is "lasting_install_comes_before_the_stock_module"
[ "$(id "$copied/updates/kcov/isofs.ko")" = "$first" ] && [ "$(stat -c %s "$copied/updates/kcov/isofs.ko")" -lt "$(stat -c %s "$result/isofs.ko")" ]
is "what_is_installed_has_no_debug_information"
builds -M "$copied" isofs && [ "$(column isofs.ko 1)" = "$pcs" ] && grep -q '^text: ' <<<"$said"
is "installed_module_is_built_again"
refuses "there is no ext4 in $copied/updates/kcov" -- -M "$copied" --uninstall ext4
is "uninstall_of_what_is_not_there_is_refused"
builds -M "$copied" -k "$release" -H "$work/none" --uninstall isofs isofs && said=$(cat "$copied/modules.dep") && grep -q '^kernel/fs/isofs' <<<"$said" &&
	[ ! -e "$copied/updates/kcov/isofs.ko" ]
is "uninstall_brings_the_stock_module_back"

# --- sites ---------------------------------------------------------------------------

# callbacks INSTRUCTION SECTION [SECTION]: an object with one call like that
object()
{
	printf '.section %s,"ax"\n%s\n.section %s,"a"\n.byte 0\n' "$2" "$1" "${3:-.nothing}" | as -o "$work/object.ko" -
	said=$("$kcovctl" sites "$work/object.ko" 2>&1)
}

object "nop; call __sanitizer_cov_trace_pc" .text .gnu.linkonce.this_module && [ "$(column "$work/object.ko" 1)" = 1 ]
is "call_is_a_site"
object "nop; call __sanitizer_cov_trace_const_cmp4" .init.text .gnu.linkonce.this_module && [ "$(column "$work/object.ko" 2)" = 1 ]
is "comparison_is_a_site"
! object "nop; jmp __sanitizer_cov_trace_pc" .text .gnu.linkonce.this_module && grep -q "1 callbacks are jumps" <<<"$said"
is "jump_in_a_module_fails"
! object "nop; je __sanitizer_cov_trace_switch" .text .gnu.linkonce.this_module && grep -q "1 callbacks are jumps" <<<"$said"
is "conditional_jump_in_a_module_fails"
! object "nop; call __sanitizer_cov_trace_pc" .noinstr.text .gnu.linkonce.this_module && grep -q "1 are in noinstr code" <<<"$said"
is "call_in_noinstr_code_of_a_module_fails"
object "nop; jmp __sanitizer_cov_trace_pc" .text
is "object_is_not_judged_before_objtool"
object ".byte 0x0f, 0x1f, 0x44, 0, 0; .reloc 1, R_X86_64_NONE, __sanitizer_cov_trace_pc" .noinstr.text .gnu.linkonce.this_module &&
	[ "$(column "$work/object.ko" 3)" = 1 ] && [ "$(column "$work/object.ko" 1)" = 0 ]
is "what_objtool_removed_is_lost"
! said=$("$kcovctl" sites "$0" 2>&1) && grep -q "no object file" <<<"$said"
is "file_that_is_no_object_is_refused"
! said=$("$kcovctl" sites "$work/none" 2>&1) && grep -q "ENOENT" <<<"$said"
is "missing_file_is_refused"
