#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2154 # what the files beside it share
#
# Read by tests/vm/packages: what was installed, in the VM. All of it runs in one boot,
# by tests/packages/job, whose parts begin with "== NAME"; another boot is locked down.

guest=$dir/guest

# In the places that they have, but for the modules, which the VM has a disk for
fill_guest()
{
	local library
	rm -rf "$guest"
	mkdir -p "$guest/packaged" "$guest/usr/bin"
	cp tests/packages/job "$root/$module" "$dir/kcov_sample.ko" "$guest/packaged/"
	cp "$root/root/.cache/kcov/modules/$release/isofs.ko" "$guest/packaged/"
	cp "build/$release/kcov/kcov.ko" "$guest/packaged/unsigned.ko"
	cp "$root/usr/bin/kcovctl" "$guest/usr/bin/"
	cp "$root"/root/{client,static} "$guest/packaged/"
	in_root 'ldd /usr/bin/kcovctl; ldd /root/client' | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "$guest${library%/*}"
		cp -L "$root$library" "$guest$library"
	done
}

# boot_guest JOB [VARIABLE=VALUE...]: a kernel that was locked, or is strict about signatures, stays so
boot_guest()
{
	env "${@:2}" KERNEL="$kernel" BARE=1 CONSOLE="$dir/console.$1" EXTRA="$guest" RUN="sh /packaged/job $1" \
		tests/vm/boot | tee "$dir/output.$1"
	grep -x '== done' "$dir/output.$1"
	cat "$dir/output.$1" >>"$dir/output"
}

# says PART PATTERN: in what that part of the job printed
says()
{
	sed -n "/^== $1\$/,/^== /p" "$dir/output" >"$dir/part"
	cat "$dir/part"
	grep -qE -- "$2" "$dir/part"
}

check_guest()
{
	echo "booting $release with what was installed" >&2
	must guest_is_filled fill_guest
	must guest_runs_to_its_end boot_guest open
	must locked_guest_runs_to_its_end boot_guest locked
	check packaged_module_loads says load '^status 0$'
	check command_without_the_module_gets_none says before '^status 1$'
	check doctor_finds_all_well says doctor '^status 0$'
	check packaged_command_gets_pcs says trace '^0x[0-9a-f]+$'
	check pcs_have_names says names ' ksys_read\+0x'
	check client_gets_pcs says client '^0x[0-9a-f]+$'
	check static_client_gets_pcs says static '^0x[0-9a-f]+$'
	check driver_is_covered_by_its_blocks says driver ' sample_path_a\+0x[0-9a-f]+/0x[0-9a-f]+ \[kcov_sample\]'
	check isofs_is_swapped_in says isofs 'isofs: .*instrumented (module|one) in'
	check signed_by_dkms_is_refused says enforced 'Key was rejected by service|EKEYREJECTED'
	check kernel_says_that_it_does_not_know_the_key says enforced 'module with unavailable key is rejected'
	check unsigned_is_refused_for_another_reason says unsigned 'unsigned module is rejected'
	check command_says_how_to_go_on says after 'insmod kcov.ko|modprobe kcov'
	check doctor_says_that_signatures_are_wanted says strict 'module signatures.*only signed modules'
	check lockdown_refuses_it_however_it_is_signed says locked 'Operation not permitted'
	check lockdown_has_loaded_it_before says unlocked '^status 0$'
	check lockdown_closes_the_file_of_a_loaded_one says closed 'EPERM.*|locked down'
}
