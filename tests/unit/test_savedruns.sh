#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kcovctl symbolize: PCs of saved runs, which begin with a layout, when modules lie
# elsewhere or are gone, and under another kernel.

set -u
cd "$(dirname "$0")/../.." || exit

echo "1..$(grep -c '^is "' "$0")"
# shellcheck disable=SC1091 # looked at by itself
. tests/unit/tap.sh
# shellcheck disable=SC1091 # looked at by itself
. tests/unit/machine.sh

"$kcovctl" symbolize --kallsyms machine/kallsyms --modules machine/modules --sysfs machine/sys -l >layout
run=$(cat layout; echo "$pcs")
moved=0x8000000
load 0xffffffffc0700000
pcs=$run symbolize --no-cache
says "$reads" && mentions "plug_write+0x" && mentions "[plug]"
is "a_saved_run_is_named_when_its_module_lies_elsewhere_without_any_file"

symbolize --no-cache
mentions "$plug_at ?"
is "which_its_layout_does"

unload
pcs=$run symbolize --no-cache -m files -i
says "  (inlined by) plug_write ./plug.c:$(line_of plug.c 'inlined(value);')" &&
	mentions "[plug] $plug_line"
is "and_by_its_file_when_the_module_is_gone"

pcs=$run symbolize --no-cache
says "$reads" && mentions "$plug_at ?" && mentions "plug: not loaded, and no plug.ko with build id"
is "without_the_file_it_is_said_once_what_is_missing"

printf '%s\n' "$run" "$plug_too" >twice
pcs=$(cat twice twice) symbolize --no-cache -k files/vmlinux -m files
[ "$(grep -c -x -F -- "$lines" <<<"$said")" = 2 ] && mentions "[plug] $plug_line" 2 &&
	mentions "[plug] ./plug.c:$(line_of plug.c 'sink(7)')" 2
is "runs_may_stand_one_behind_the_other"

cp machine/sys/kernel/notes notes
printf '\1' | dd of=machine/sys/kernel/notes bs=1 seek=20 conv=notrunc status=none
pcs=$run symbolize --no-cache -m files
mentions "$reads_at ?" && mentions "[plug] $plug_line" &&
	mentions "is not the running one" && mentions "give its vmlinux"
is "under_another_kernel_the_kernels_functions_are_unknown_and_that_is_said"

pcs=$run symbolize --no-cache -k files/vmlinux -m files
says "$lines" && mentions "[plug] $plug_line"
is "unless_its_vmlinux_is_at_hand"

mv machine/kallsyms hidden
sed 's/^[0-9a-f]*/0000000000000000/' hidden >machine/kallsyms
pcs=$run symbolize --no-cache -k files/vmlinux -m files
says "$lines" && mentions "hidden" 0
is "for_which_nobody_has_to_be_root"
mv notes machine/sys/kernel/notes

status=0
pcs=$run symbolize --no-cache -k files/vmlinux -m files || status=$?
[ "$status" = 0 ] && says "$lines" && mentions "[plug] $plug_line" && mentions "all addresses are hidden"
is "what_is_hidden_here_files_may_have"

status=0
symbolize --no-cache || status=$?
[ $status = 1 ] && mentions "all addresses are hidden" && mentions "run as root"
is "hidden_addresses_are_told_and_what_helps"
moved=0x1e000000
load $base

for word in "${run#*module plug }" ""; do
	pcs="# layout module plug ${word%% *}=
$reads_at" symbolize --no-cache || status=2
done
[ $status = 2 ] && mentions "standard input:1: not a line of a layout"
is "a_damaged_layout_is_told_by_its_line_and_is_a_failure"

printf '# layout module plug %s\n%s\n' "$(head -c 300000 /dev/zero | tr '\0' a)" "$reads_at" >long
status=0
said=$("$kcovctl" symbolize --no-cache --kallsyms machine/kallsyms 2>&1 <long | tail -n 2) || status=$?
mentions "$reads_at reads+" && "$kcovctl" symbolize --kallsyms machine/kallsyms <long 2>&1 >/dev/null |
	grep -q "standard input:1: not a line of a layout"
is "a_line_that_is_too_long_for_a_layout_is_a_damaged_one"

# whose sections lie one upon the other
id=$(readelf -n files/plug.ko | sed -n 's/.*Build ID: //p')
symbolize -l
kernel=$(grep ' kernel ' <<<"$said")
forget
pcs="$kernel
# layout module plug $id .text=0xffffffffa2300000+0x9 .init.text=0xffffffffa2300009+0x1000
0xffffffffa2300013" symbolize -m files
mentions "plug_init+0xa/"
is "what_a_made_up_layout_says_is_said_of_the_section"

pcs=$plug_too symbolize -m files
mentions "plug_write+0x13/" && mentions "[plug] ./plug.c:$(line_of plug.c 'sink(7)')"
is "and_does_not_get_into_what_is_kept_of_others"

# Sizes count what lies elsewhere. What "late" had at its start "early" had not, which was there;
# of one that came before it could have become the memory.
mkdir -p pair/sys/module/{early,late}/sections
late="late 12288 0 - Live 0xffffffffc0020000"
early="early 65536 0 - Live 0xffffffffc0010000"
echo 0xffffffffc0010000 >pair/sys/module/early/sections/.text
echo 0xffffffffc0018000 >pair/sys/module/early/sections/.init.text
echo 0xffffffffc0020000 >pair/sys/module/late/sections/.text
echo 0xffffffffc0014000 >pair/sys/module/late/sections/.init.text
layout_of()
{
	printf '%s\n' "$@" >pair/modules
	said=$("$kcovctl" symbolize --kallsyms machine/kallsyms --modules pair/modules --sysfs pair/sys -l)
}
layout_of "$late" "$early"
mentions " .text=0xffffffffa2010000+0x4000" && mentions " .init.text=0xffffffffa2014000+0x4000" &&
	mentions " .init.text=0xffffffffa2018000+0x8000" && mentions " .text=0xffffffffa2020000+0x3000"
is "a_module_ends_where_a_later_one_began"
layout_of "$early" "$late"
mentions " .text=0xffffffffa2010000+0x8000" && mentions " .init.text=0xffffffffa2014000+0x0"
is "a_module_may_lie_where_an_earlier_one_began"
