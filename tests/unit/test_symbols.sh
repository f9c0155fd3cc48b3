#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kcovctl symbolize: names, lines and inlined functions, where debug information comes
# from, and files and input that are not as they should be.

set -u
cd "$(dirname "$0")/../.." || exit

echo "1..$(grep -c '^is "' "$0")"
# shellcheck disable=SC1091 # looked at by itself
. tests/unit/tap.sh
# shellcheck disable=SC1091 # looked at by itself
. tests/unit/machine.sh

symbolize --no-cache
says "$reads" && mentions " plug_write+" && mentions "[plug]"
is "names_are_known_without_any_file_and_KASLR_is_undone"

[ ! -e "$KCOV_CACHE" ]
is "no_cache_leaves_nothing_behind"

all_files --no-cache
says "$lines" && mentions "[plug] $plug_line" && [ "$(wc -l <<<"$said")" = 2 ]
is "a_line_is_that_of_the_innermost_function_and_one_a_PC"

all_files --no-cache -i
says "$lines (innermost)" \
	"  (inlined by) between ./kernel.c:$(line_of kernel.c 'innermost(value * 3)')" \
	"  (inlined by) reads ./kernel.c:$(line_of kernel.c 'between(value);')" \
	"  (inlined by) plug_write ./plug.c:$(line_of plug.c 'inlined(value);')" &&
	mentions "[plug] $plug_line (inlined)" && [ "$(wc -l <<<"$said")" = 5 ]
is "i_tells_who_inlined_it_each_on_a_line_of_its_own"

pcs=$(kernel_pc starts 1) all_files --no-cache -i
mentions "(innermost)" &&
	says "  (inlined by) same ./kernel.c:$(line_of kernel.c 'innermost(value);')" \
		"  (inlined by) starts ./kernel.c:$(line_of kernel.c 'same(value);')"
is "of_functions_that_begin_at_one_address_the_innermost_is_the_first"

# which the compiler has made the last instruction
pcs=$(printf '0x%s' "$(nm files/vmlinux | sed -n 's/ T behind$//p')") all_files --no-cache
mentions " last_call+" && mentions "./kernel.c:$(line_of kernel.c 'ends();')"
is "a_call_that_is_the_last_of_its_function_is_not_one_of_the_next_function"

cp files/vmlinux files/plug.ko empty
for file in empty/vmlinux empty/plug.ko; do
	objcopy --remove-section=.debug_aranges --remove-section=.rela.debug_aranges $file 2>/dev/null
done
symbolize --no-cache -k empty/vmlinux -m empty
says "$lines" && mentions "[plug] $plug_line"
is "debug_information_without_a_table_of_units_by_address_is_enough"
rm empty/*

pcs="$reads_at
some text
ffffffff8100
$reads_at x"
symbolize --no-cache
says "some text" ffffffff8100 "$reads_at x"
is "what_is_no_PC_is_copied"
pcs="$reads_at
$plug_at"

# --- a kernel's log -----------------------------------------------------------

# Names are the key, so it does not matter where the kernel lay: load says that nothing is.
in_plug=$(printf 'plug_write+0x%x/0x40 [plug]' $((0x$(call files/plug.ko plug_write 1))))
log()
{
	pcs=$(cat) symbolize --no-cache -m files --log "$@"
}

log <<<"[    1.5]  $in_plug"
says "[    1.5]  $in_plug $plug_line" && [ "$(wc -l <<<"$said")" = 1 ]
is "a_line_of_a_stack_gets_its_file_and_line"

log -i <<<"[    1.5]  ? $in_plug"
says "[    1.5]  ? $in_plug $plug_line (inlined)" && mentions "  (inlined by) plug_write ./plug.c:"
is "and_with_i_who_inlined_it"

log <<<"[    1.5]  $in_plug"$'\r'
says "[    1.5]  $in_plug $plug_line"
is "lines_of_a_serial_console_are_taken_too"

# a call of 5 bytes, which is the last instruction of its function
size=$((0x$(nm files/vmlinux | sed -n 's/ T behind$//p') - 0x$(nm files/vmlinux | sed -n 's/ T last_call$//p')))
call=$(printf 'last_call+0x%x/0x%x' $((size - 5)) $size)
after=$(printf 'last_call+0x%x/0x%x' $size $size)
ends_line="./kernel.c:$(line_of kernel.c 'ends();')"
log -k files/vmlinux <<-END
	RIP: 0010:$call
	RIP: 0010:$after
	 $after
END
says "RIP: 0010:$call $ends_line" && mentions "RIP: 0010:$after $ends_line" 0
is "the_place_of_RIP_is_that_of_the_instruction"

says " $after $ends_line"
is "and_that_of_a_stack_is_the_call_before"

log <<-END
	some text
	 plug_write+0x2
	 plug_write+0xg/0x40 [plug]
	 +0x2/0x40 [plug]
	 nobody+0x2/0x40 [plug]
	 reads+0x2/0x40
	 plug_write+0x2/0x40 [
END
says "some text" " plug_write+0x2" " plug_write+0xg/0x40 [plug]" " +0x2/0x40 [plug]" " nobody+0x2/0x40 [plug]" \
	" reads+0x2/0x40" " plug_write+0x2/0x40 [" && [ "$(wc -l <<<"$said")" = 7 ]
is "what_names_no_code_or_unknown_code_stays_as_it_is"

log <<<" other+0x2/0x40 [other]
 other+0x2/0x40 [other]"
mentions "other: not loaded, so its build id is not known" && mentions " other+0x2/0x40 [other]" 2
is "of_a_module_that_is_not_loaded_it_is_said_once_that_its_build_is_unknown"

symbolize -l
echo "$said" >layout
unload
log <<<"$(cat layout)
 $in_plug"
says " $in_plug $plug_line"
is "a_layout_before_the_log_tells_the_build"
load "$base"

cp files/plug.ko empty/plug.ko
objcopy --update-section .note.gnu.build-id=<(printf '\4\0\0\0\24\0\0\0\3\0\0\0GNU\0aaaaaaaaaaaaaaaaaaaa') empty/plug.ko
pcs=" $in_plug" symbolize --no-cache -m empty --log
mentions "$plug_line" 0 && says " $in_plug" && mentions "empty/plug.ko: build id 6161"
is "a_file_of_another_build_gives_no_lines"
rm empty/plug.ko

pcs=" $in_plug" symbolize --no-cache -m files
says " $in_plug"
is "without_log_such_a_line_is_copied"

# --- bad files ----------------------------------------------------------------

cp files/plug.ko empty/plug.ko
objcopy --update-section .note.gnu.build-id=<(printf '\4\0\0\0\24\0\0\0\3\0\0\0GNU\0aaaaaaaaaaaaaaaaaaaa') empty/plug.ko
pcs="$plug_at
$plug_too" symbolize --no-cache -m empty
mentions "[plug]" 2 && mentions "$plug_line" 0 && mentions "empty/plug.ko: build id 6161" && mentions "is what ran"
is "a_file_of_another_build_is_refused_once_and_names_are_left"

pack_gz()
{
	gzip
}

# as the kernel wants it
pack_xz()
{
	xz --check=crc32
}

rm empty/plug.ko
for suffix in gz xz; do
	pack_$suffix <files/plug.ko >"empty/plug.ko.$suffix"
	symbolize --no-cache -m empty
	mentions "[plug] $plug_line" || break
	rm empty/plug.ko.*
done
[ -z "$(ls empty)" ]
is "modules_may_be_compressed"

objcopy --strip-debug files/plug.ko empty/plug.ko
symbolize --no-cache -m empty
mentions "[plug]" && mentions "empty/plug.ko: no debug information: names only"
is "of_a_stripped_file_that_was_named_it_is_said_that_it_is"

status=0
for length in 0 3 64 500 2000 4000; do
	head -c $length files/plug.ko >empty/plug.ko
	head -c $length files/vmlinux >empty/vmlinux
	symbolize --no-cache -m empty && says "$reads" && mentions "[plug]" || status=3
	if symbolize --no-cache -k empty/vmlinux; then
		says "$reads" "kcovctl: empty/vmlinux: no debug information: names only"
	else
		mentions "empty/vmlinux: build id missing"
	fi || status=3
done
[ $status = 0 ]
is "files_that_were_cut_short_are_refused_or_names_are_left"

status=0
symbolize --no-cache -k /nonexistent || status=$?
[ $status = 1 ] && mentions "/nonexistent: ENOENT"
is "a_vmlinux_that_is_not_there_is_a_failure"

head -c 40000000 /dev/zero | tr '\0' f >long
said=$(ulimit -v 100000 && "$kcovctl" symbolize --kallsyms machine/kallsyms 2>&1 <long | sha256sum)
[ "$said" = "$(sha256sum <long)" ]
is "a_line_without_an_end_passes_through_in_little_memory"

printf '%s%s\n' "$(head -c $((256 * 1024)) long)" "${reads_at#0x}" >longer
"$kcovctl" symbolize --no-cache --kallsyms machine/kallsyms <longer >copied
cmp longer copied
is "and_no_end_of_it_is_a_PC"

said=$( (trap '' PIPE; yes "$reads_at" | head -n 100000 | "$kcovctl" symbolize --kallsyms machine/kallsyms; echo "status $?" >&2) 2>&1 >/dev/full)
mentions "standard output: ENOSPC" && mentions "status 1"
is "a_full_disk_is_a_failure"

many=$(printf '0xffffffff8100%04x\n' {0..65535})
said=$(pcs=$many; symbolize; echo "$said")	# too long for an environment
[ "$(cut -d ' ' -f 1 <<<"$said")" = "$many" ]
is "lines_that_share_a_slot_are_told_apart"

said=$("$kcovctl" help symbolize)
[ "$(wc -l <<<"$said")" -le 24 ] && [ "$(wc -L <<<"$said")" -le 80 ]
is "the_help_fits_a_screen"

# --- debuginfod ---------------------------------------------------------------

id=$(readelf -n files/plug.ko | sed -n 's/.*Build ID: //p')
mkdir -p "www/buildid/$id"
objcopy --only-keep-debug files/plug.ko "www/buildid/$id/debuginfo"
objcopy --strip-debug files/plug.ko empty/plug.ko
port=$((20000 + $$ % 20000))
busybox httpd -f -v -p 127.0.0.1:$port -h www 2>requests &
server=$!
for _ in $(seq 50); do
	busybox wget -q -O /dev/null "http://127.0.0.1:$port/buildid/$id/debuginfo" 2>/dev/null && break
	sleep 0.1
done
: >requests
export DEBUGINFOD_CACHE_PATH=$work/downloads
forget
symbolize -m empty
mentions "[plug]" && mentions "$plug_line" 0 && [ ! -s requests ] && [ ! -e downloads ]
is "nobody_is_asked_for_debug_information_without_DEBUGINFOD_URLS"

export DEBUGINFOD_URLS=http://127.0.0.1:$port
symbolize -m empty
mentions "[plug] $plug_line" && grep -q 200 requests
is "DEBUGINFOD_URLS_are_asked"

kill "$server"
wait "$server" 2>/dev/null
server=
rm -rf downloads
symbolize
mentions "[plug] $plug_line"
is "and_not_again_for_what_is_in_the_cache"
