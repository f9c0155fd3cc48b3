# SPDX-License-Identifier: GPL-2.0-only
#
# Builds kcov.ko, its tools and its tests, and drives the test VM: make help.

KERNEL ?= 6.1
CPUS ?= 2
# half of it goes into what a debug kernel remembers; why user-mode Linux has little: tests/vm/uml
MEM ?= $(if $(filter debug,$(KERNEL)),2048,$(if $(filter uml,$(KERNEL)),256,1024))
CFLAGS ?= -O2 -g

# The running kernel's headers if they are there, else the newest installed.
ifndef KDIR
running := /lib/modules/$(shell uname -r)/build
installed := $(wildcard $(addsuffix /.config,$(running) /lib/modules/*/build /usr/src/linux-headers-*))
newest = $(lastword $(shell printf '%s\n' $(installed) | sort -V))
KDIR := $(patsubst %/.config,%,$(or $(wildcard $(running)/.config),$(newest)))
endif

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory
Q := $(if $(filter-out 0,$(V)),,@)
say = $(if $(Q),@printf '  %-8s%s\n' '$(1)' '$(2)')

# The command of make vm reaches the guest as it was typed: make expands nothing
# in it, neither here nor in a make below this one.
export KCOV_RUN := $(value RUN)
unexport RUN
export KERNEL CPUS MEM ACCEL KIMG CMDLINE EXTRA TIMEOUT TESTS ROUNDS BOOTS SCRIPT DEBUGINFO V
export SRC MODULES FIX STRACE LIMIT REPRO_CFLAGS

.PHONY: all
all: kcov.ko tools tests

# --- the module --------------------------------------------------------------

header = $(KDIR)/include/generated/utsrelease.h
krel := $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(if $(KDIR),$(header),/dev/null) 2>/dev/null)
out := build/$(krel)
# Kernels differ in how sources are found that are not where objects go (6.10,
# 6.13): so there they are, as links.
linked = mkdir -p $(1) && ln -sf $(addprefix $(CURDIR)/,$(wildcard $(addprefix $(2),Kbuild *.c *.h *.S))) $(1)/
# Headers of another release's kernel: tests/vm/kernel.
inside := $(shell cat $(KDIR:/headers=/inside) 2>/dev/null </dev/null)
# BTF needs pahole and the kernel's vmlinux, which header packages have from 6.12 on
kbuild = $(if $(inside),tests/vm/inside $(inside)) $(MAKE) -C $(KDIR) M=$(CURDIR)/$(1) TOP=$(CURDIR) \
	V=$(or $(V),0) CONFIG_DEBUG_INFO_BTF_MODULES= $(if $(filter-out default,$(origin CC)),CC='$(CC)') $(as_clang) $(as_uml)

# Headers of a kernel that gcc has built say so, and what gcc can do. Clang 16 is
# the first with the options that protect a stock kernel's returns and stacks.
# recordmcount lists the calls of __fentry__ as such a kernel expects them; objtool,
# in 6.1, has them made nops, and loading warns of that.
clang := $(if $(filter-out default,$(origin CC)),$(findstring clang,$(CC) $(shell $(CC) --version 2>/dev/null)))
as_clang := $(if $(clang),CONFIG_CC_IS_GCC= CONFIG_CC_IS_CLANG=y CONFIG_AS_IS_GNU= CONFIG_AS_IS_LLVM=y \
	CONFIG_CC_IMPLICIT_FALLTHROUGH=-Wimplicit-fallthrough \
	CONFIG_FTRACE_MCOUNT_USE_CC= CONFIG_FTRACE_MCOUNT_USE_RECORDMCOUNT=y \
	KCFLAGS='-Wno-unknown-warning-option -Wno-duplicate-decl-specifier')

# Those of user-mode Linux are of an architecture of their own.
as_uml := $(if $(shell grep -s '^CONFIG_UML=y' $(KDIR)/.config),ARCH=um SUBARCH=x86_64)

# A kernel with its own kcov has the callbacks, and takes no second kcov.
own_kcov := $(shell grep -s '^CONFIG_KCOV=y' $(KDIR)/.config)

.PHONY: module sample headers kcov.ko
headers:
	@if [ -z "$(KDIR)" ]; then \
		echo "make: no kernel headers are installed: apt-get install linux-headers-amd64, or give KDIR=" >&2; exit 1; \
	elif [ -z "$(krel)" ]; then \
		echo "make: KDIR=$(KDIR) holds no prepared kernel headers ($(header) is missing):" \
			"install linux-headers-amd64 or run 'make modules_prepare' there" >&2; exit 1; \
	fi

module: headers
	$(Q)$(call linked,$(out)/kcov,)
	$(Q)ln -sfn $(CURDIR)/include $(out)/kcov/include
	$(Q)+$(call kbuild,$(out)/kcov) modules

kcov.ko: module
	$(Q)cmp -s $(out)/kcov/$@ $@ || cp $(out)/kcov/$@ $@

# One object for all kernels, by gcc, with flags that every kernel can link.
fixed_code := build/obj/fixed_code.o
$(fixed_code): tests/sample/fixed_code.c tests/sample/fixed_code.h Makefile
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(if $(clang),gcc,$(CC)) -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter -ffreestanding \
		-ffile-prefix-map=$(CURDIR)/= -fno-pic -mcmodel=kernel -mno-red-zone \
		-mgeneral-regs-only -fno-stack-protector -fcf-protection=branch \
		-mfunction-return=thunk-extern -fno-asynchronous-unwind-tables -fno-jump-tables -fno-tree-switch-conversion \
		-fno-optimize-sibling-calls -fno-inline \
		-fsanitize-coverage=trace-pc -fsanitize-coverage=trace-cmp -c $< -o $@

sample: $(if $(own_kcov),headers,module) $(fixed_code)
	$(Q)$(call linked,$(out)/sample,tests/sample/)
	$(Q)+$(call kbuild,$(out)/sample) FIXED_CODE=$(CURDIR)/$(fixed_code) \
		$(if $(own_kcov),,KBUILD_EXTRA_SYMBOLS=$(CURDIR)/$(out)/kcov/Module.symvers) modules

# Where the kernel has them as modules.
swapped := $(if $(own_kcov),,$(shell grep -s '^CONFIG_CRC_ITU_T=m' $(KDIR)/.config))
.PHONY: swap
swap: module
	$(Q)$(call linked,$(out)/swap,tests/swap/)
	$(Q)+$(call kbuild,$(out)/swap) KBUILD_EXTRA_SYMBOLS=$(CURDIR)/$(out)/kcov/Module.symvers modules

# For make check-repro: a driver that goes wrong, and the sample driver without its bug.
.PHONY: debugging
debugging: $(if $(own_kcov),headers,module)
	$(Q)mkdir -p $(out)/debugging
	$(Q)ln -sf $(addprefix $(CURDIR)/tests/debugging/,Kbuild kcov_trouble.c) $(out)/debugging/
	$(Q)patch -s -o $(out)/debugging/kcov_crash.c tests/sample/kcov_crash.c tests/debugging/kcov_crash.patch
	$(Q)+$(call kbuild,$(out)/debugging) \
		$(if $(own_kcov),,KBUILD_EXTRA_SYMBOLS=$(CURDIR)/$(out)/kcov/Module.symvers) modules

# What is timed, on either kind of kernel.
.PHONY: bench-parts
bench-parts: $(if $(own_kcov),headers,module) build/tests/bench/measure
	$(Q)$(call linked,$(out)/bench,tests/bench/)
	$(Q)+$(call kbuild,$(out)/bench) \
		$(if $(own_kcov),,KBUILD_EXTRA_SYMBOLS=$(CURDIR)/$(out)/kcov/Module.symvers) modules

# --- programs ----------------------------------------------------------------

examples := $(patsubst tools/%.c,build/tools/%,$(wildcard tools/examples/*.c))
# A group of many files has a directory.
large := stress fuzz
groups := $(patsubst tests/%.c,build/tests/%,$(wildcard tests/test_*.c)) $(large:%=build/tests/test_%)
# for make check-instrument alone
scenarios := $(patsubst tests/%.c,build/tests/%,$(wildcard tests/instrument/test_*.c))
units := $(patsubst tests/unit/%.c,build/tests/unit/%,$(wildcard tests/unit/test_*.c))
asan := $(patsubst build/tests/unit/%,build/tests/unit-asan/%,$(units))
shared := $(filter-out tests/test_%,$(wildcard tests/*.c))

.PHONY: tools lib tests
# the manual, too, where it can be: who installs it is not who builds
tools: lib $(if $(wildcard tools/kcovctl.c),build/tools/kcovctl) $(examples) $(if $(shell command -v scdoc),man)
	@:
tests: $(groups) $(scenarios) $(if $(groups),build/tests/compat/caller build/tests/same/records) $(units) $(asan) $(if $(wildcard tests/sample/Kbuild),sample) $(if $(swapped),swap)
	@:

all_cflags = -std=gnu11 -Wall -Wextra -Werror $(CPPFLAGS) $(CFLAGS) -Iinclude -I. -Itests -MMD -MP -MF build/dep/$(subst /,_,$@).d

# program: sources, more flags, libraries
define program
	$(call say,CC,$@)
	@mkdir -p $(@D) build/dep
	$(Q)$(CC) $(all_cflags) $(if $(filter -c,$(2)),,$(LDFLAGS)) $(2) $(1) -o $@ $(3)
endef

comma := ,
# archive: file, objects
define archive
	$(call say,AR,$(1))
	@mkdir -p $(dir $(1))
	$(Q)rm -f $(1) && $(AR) rcs $(1) $(2)
endef

# One compiler call a source, as gcc writes one dependency file a call.
objects = $(patsubst %.c,build/obj/%.o,$(1))
build/obj/%.o: %.c
	$(call program,$<,-c)

build/obj-asan/%.o: %.c
	$(call program,$<,-c $(sanitize))

# The library: one set of objects for programs that take it in, one that can be
# anywhere in memory. What libkcov.h does not name is hidden in both.
lib_sources := $(wildcard tools/libkcov/*.c)
lib_soname := libkcov.so.0
lib_map := tools/libkcov/libkcov.map
version = $(shell sed -n 's/.*KCOVCTL_VERSION "\(.*\)"/\1/p' tools/kcovctl.h)
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include

lib: build/lib/libkcov.a build/lib/libkcov.so build/lib/libkcov.pc
	@:
build/obj/tools/libkcov/%.o: tools/libkcov/%.c
	$(call program,$<,-c -fvisibility=hidden)
build/obj-pic/tools/libkcov/%.o: tools/libkcov/%.c
	$(call program,$<,-c -fvisibility=hidden -fPIC)
build/lib/libkcov.a: $(call objects,$(lib_sources))
	$(call archive,$@,$^)
# No symbol is looked up while something is recorded, nor found in the program.
build/lib/$(lib_soname): $(lib_sources:%.c=build/obj-pic/%.o) $(lib_map)
	$(call program,$(filter %.o,$^),-shared -Wl$(comma)-soname$(comma)$(lib_soname) \
		-Wl$(comma)--version-script=$(lib_map) -Wl$(comma)-z$(comma)now -Wl$(comma)-z$(comma)defs \
		-Wl$(comma)-Bsymbolic-functions)
build/lib/libkcov.so: build/lib/$(lib_soname)
	$(Q)ln -sf $(lib_soname) $@
build/lib/libkcov.pc: tools/libkcov/libkcov.pc.in tools/kcovctl.h always
	@mkdir -p $(@D)
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
		-e 's|@VERSION@|$(version)|' $< >$@.tmp
	$(Q)if cmp -s $@.tmp $@; then rm $@.tmp; else mv $@.tmp $@; fi
.PHONY: always
always:

verbs := $(wildcard tools/kcovctl_*.c)
tool_libs = $(shell pkg-config --libs json-c libdw libelf libkmod libseccomp zlib 2>/dev/null || \
	echo -ljson-c -ldw -lelf -lkmod -lseccomp -lz)
# what it runs lies beside it
build/tools/kcovctl: $(call objects,tools/kcovctl.c $(verbs)) build/lib/libkcov.a
	$(call program,$^,,$(tool_libs))
	$(Q)ln -sfn ../../tools/instrument $(@D)/instrument

build/tools/examples/%: tools/examples/%.c
	$(call program,$<)

# The manual: section and name are those of the source, tools/man/NAME.SECTION.scd.
.PHONY: man
man: $(patsubst tools/man/%.scd,build/man/%,$(wildcard tools/man/*.scd))
	@:
build/man/%: tools/man/%.scd
	$(call say,MAN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)command -v scdoc >/dev/null || { echo "make: scdoc, which makes the manual, is missing: apt-get install scdoc" >&2; exit 1; }
	$(Q)scdoc <$< >$@.tmp && mv $@.tmp $@

test_libs := -lcmocka -lpthread

define large_group
build/tests/test_$(1): $$(call objects,$$(wildcard tests/$(1)/*.c) $$(shared))
	$$(call program,$$^,,$$(test_libs))

endef
$(foreach group,$(large),$(eval $(call large_group,$(group))))
# with the shared library, which lies where the program looks for it here and in the VM
build/tests/test_libkcov: build/obj/tests/test_libkcov.o build/lib/libkcov.so
	$(call program,$^,-Wl$(comma)-rpath$(comma)'$$ORIGIN/../lib',$(test_libs))
build/tests/test_%: build/obj/tests/test_%.o $(call objects,$(shared))
	$(call program,$^,,$(test_libs))

build/tests/instrument/test_%: build/obj/tests/instrument/test_%.o \
		$(call objects,$(filter-out tests/instrument/test_%,$(wildcard tests/instrument/*.c)) $(shared))
	$(call program,$^,,$(test_libs))

build/tests/same/records: build/obj/tests/same/records.o $(call objects,$(shared))
	$(call program,$^,,$(test_libs))

build/tests/bench/measure: $(call objects,$(wildcard tests/bench/measure*.c) $(shared))
	$(call program,$^,,$(test_libs))

build/tests/bench/symbolize: build/obj/tests/bench/symbolize.o
	$(call program,$^)

# A 32-bit program of the compiler's alone; the kernel's headers serve both widths.
build/tests/compat/caller: tests/compat/caller.c
	$(call program,$<,-m32 -ffreestanding -nostdlib -static -fno-pie -fno-stack-protector \
		-idirafter /usr/include/x86_64-linux-gnu)

# The host's ring takes what it tests from the tool's objects and the library's.
sanitize := -fsanitize=address -fsanitize=undefined -fno-sanitize-recover=all
build/obj/tools.a: $(call objects,$(verbs) $(lib_sources))
build/obj-asan/tools.a: $(patsubst %.c,build/obj-asan/%.o,$(verbs) $(lib_sources))
build/%/tools.a:
	$(call archive,$@,$^)

# One input of the format; make fuzz-record makes many.
build/tests/unit/test_corpus: build/obj/tests/unit/record_input.o
build/tests/unit-asan/test_corpus: build/obj-asan/tests/unit/record_input.o

build/tests/unit/%: build/obj/tests/unit/%.o build/obj/tools.a
	$(call program,$^,,$(test_libs) $(tool_libs))

build/tests/unit-asan/%: build/obj-asan/tests/unit/%.o build/obj-asan/tools.a
	$(call program,$^,$(sanitize),$(test_libs) $(tool_libs))

.SECONDARY:
-include $(wildcard build/dep/*.d)

# --- modules of the distribution ----------------------------------------------

# What the VM's kernel has with callbacks, for the group isofs. kbuild knows what is to be
# done, so it is always asked.
.PHONY: instrumented
instrumented: $(if $(own_kcov),headers,module) build/tools/kcovctl build/tests/isofs.iso
	$(Q)tests/vm/instrumented $(KERNEL) build/instrument isofs >build/instrument.log

build/tests/isofs.iso: tests/vm/instrumented
	$(call say,ISO,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tests/vm/instrumented iso $@

# --- the VM ------------------------------------------------------------------

vmdir := $(CURDIR)/build/kernel/$(KERNEL)/headers

# several runs of make at once do not share a file
own := $(shell echo $$PPID)
jobs = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: demo check check-all stress fuzz fuzz-record mutations check-excluded check-same reference vm uml shell image
image: parts := tools tests instrumented
# no more than what is timed
bench-image: parts := bench-parts
image bench-image:
	$(if $(word 2,$(CURDIR)),$(error the kernel's build takes no spaces in the name of a directory: move $(CURDIR)))
	$(Q)tests/vm/host $(if $(clang),clang)
	$(Q)tests/vm/kernel $(KERNEL)
	$(Q)$(if $(filter uml,$(KERNEL)),,tests/vm/qemu)
	$(Q)+flock build/lock $(MAKE) $(jobs) KDIR=$(if $(filter file,$(origin KDIR)),$(vmdir),$(KDIR)) $(parts)
	$(Q)tests/vm/image $(KERNEL)

demo check: image
	$(Q)tests/vm/$@

# each of its runs is a make of its own, from the start
check-all:
	$(Q)+env -u KERNEL -u CPUS -u TIMEOUT -u TESTS -u RUNS -u ROUNDS -u MAKEFLAGS tests/vm/check-all

reference:
	$(Q)tests/vm/host
	$(Q)tests/vm/build-kernel $@

mutations: image
	$(Q)tests/mutations/run $(MUTATIONS)

check-excluded: image
	$(Q)tests/vm/host check-excluded
	$(Q)tests/vm/excluded

check-same: image
	$(Q)+$(MAKE) KERNEL=reference image
	$(Q)tests/vm/same

# A baseline is of one compiler: tests/vm/bench.
.PHONY: bench bench-time bench-check bench-baseline bench-image
bench bench-time: bench-image
	$(Q)+$(MAKE) KERNEL=reference bench-image
	$(Q)tests/vm/bench $(if $(filter bench,$@),table,time)

bench-check bench-baseline: bench-image
	$(Q)tests/vm/bench $(@:bench-%=%)

# naming PCs: linear, and cheap for the second time
.PHONY: bench-symbolize
bench-symbolize: image build/tests/bench/symbolize
	$(Q)tests/vm/bench_symbolize

# how long, and what the decisions follow from
SECONDS ?= 60
SEED ?= $(shell date +%s)

stress fuzz: image
	$(Q)WHAT=$@ TESTS=$@ RUNS=stock KCOV_SECONDS=$(SECONDS) KCOV_SEED=$(SEED) \
		TIMEOUT=$$(($(SECONDS) + 900)) tests/vm/check

# its first run builds what the others, which boot, use
.PHONY: check-instrument
check-instrument: image
	$(Q)tests/vm/host $@
	$(Q)tests/vm/instrument programs
	$(Q)WHAT=$@ TESTS='$(or $(TESTS),isofs $(scenarios:build/tests/instrument/test_%=%))' JOBS=1 \
		EXTRA=build/$@/root tests/vm/check

# what a test reaches in a file system, for a browser
.PHONY: report
report: image
	$(Q)tests/vm/host check-instrument
	$(Q)tests/vm/report

# fuzzers for programs, with the kernel's coverage: tools/examples
.PHONY: check-harness
check-harness: image
	$(Q)tests/vm/host $@
	$(Q)+tests/vm/harness

# on the host, with what clang makes of kcov_record.h; finds go to build/fuzz
fuzz-record:
	$(Q)tests/vm/host fuzz-record
	$(Q)rm -rf build/fuzz/corpus && mkdir -p build/fuzz/corpus build/fuzz/found
	$(Q)for file in tests/corpus/record/*; do \
		sed '/^#/d' $$file | busybox xxd -r -p >build/fuzz/corpus/$${file##*/}; done
	$(Q)clang -std=gnu11 -O1 -g -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all -I. -Iinclude tests/unit/record_input.c -o build/fuzz/record
	$(Q)build/fuzz/record -max_total_time=$(SECONDS) -seed=$(SEED) -artifact_prefix=build/fuzz/ \
		-print_final_stats=1 build/fuzz/found build/fuzz/corpus
	$(Q)echo "1 passed, 0 failed"

shell:
	$(Q)+$(MAKE) image >&2
	$(Q)tests/vm/boot shell

# make vm, make uml and make repro end with their command's status, which make by itself cannot.
ifneq ($(filter vm uml repro,$(MAKECMDGOALS)),)
build/status.so: tests/vm/status.c
	$(Q)tests/vm/host >&2
	$(Q)mkdir -p build
	$(Q)$(CC) -Wall -Wextra -Werror -shared -fPIC -o $@ $<

-load build/status.so
endif

.PHONY: vm-run
vm-run:
	$(Q)+$(MAKE) image >&2
	$(Q)mkdir -p build/vm
	$(Q)status=0; RUN="$$KCOV_RUN" tests/vm/boot $(how) || status=$$?; echo $$status >build/vm/status.$(own)

# A kernel that is a program: a shell in it, or a command, as in the VM.
uml: export KERNEL := uml
uml: export GDB := $(GDB)
uml: how = $(if $(KCOV_RUN),,$(if $(GDB),,shell))

# Expanded when the run is over.
vm uml: vm-run
	@:$(end-with $(shell cat build/vm/status.$(own); rm build/vm/status.$(own)))

# The kernel under gdb, from its start; and the test of that.
.PHONY: gdb check-gdb
gdb:
	$(Q)tests/vm/host $@ >&2
	$(Q)+$(MAKE) image >&2
	$(Q)RUN="$$KCOV_RUN" tests/debugging/gdb

check-gdb: image
	$(Q)tests/vm/host gdb
	$(Q)tests/debugging/check-gdb

# A crash, again and with its coverage. What does not compile boots nothing.
.PHONY: repro repro-run check-repro
repro-run:
	$(Q)tests/vm/host debugging >&2
	$(Q)mkdir -p build
	$(Q)+status=0; tests/debugging/repro try || status=$$?; \
	if [ $$status = 0 ]; then $(MAKE) image >&2 && tests/debugging/repro || status=$$?; fi; \
	echo $$status >build/repro.status.$(own)

repro: repro-run
	@:$(end-with $(shell cat build/repro.status.$(own); rm build/repro.status.$(own)))

check-repro: image
	$(Q)tests/vm/host debugging
	$(Q)+$(MAKE) KDIR=$(vmdir) debugging
	$(Q)tests/debugging/check-repro

.PHONY: check-uml
check-uml:
	$(Q)tests/vm/host $@
	$(Q)tests/vm/host build-kernel
	$(Q)+$(MAKE) image KERNEL=uml
	$(Q)tests/debugging/check-uml

# The ways from a crash to its cause that docs/debugging.md shows.
.PHONY: check-debugging
check-debugging: image
	$(Q)tests/vm/host gdb
	$(Q)tests/vm/host debugging
	$(Q)tests/vm/host build-kernel
	$(Q)+$(MAKE) KDIR=$(vmdir) debugging
	$(Q)+$(MAKE) image KERNEL=uml
	$(Q)+tests/debugging/check

# --- packages --------------------------------------------------------------------

.PHONY: deb check-packages
deb:
	$(Q)tests/vm/host packages
	$(Q)tests/vm/debs build/deb
	$(Q)ls build/deb/*.deb

check-packages: image
	$(Q)tests/vm/host packages
	$(Q)tests/vm/packages

# --- the rest ----------------------------------------------------------------

.PHONY: lint install uninstall clean help
lint:
	$(Q)tests/vm/host lint
	$(Q)tests/vm/kernel $(KERNEL)
	$(Q)tests/vm/lint

root = $(DESTDIR)$(INSTALL_MOD_PATH)
moddir = $(root)/lib/modules/$(krel)
may_install = @if [ -z "$(root)" ] && [ "$$(id -u)" != 0 ]; then \
	echo "make: $@ changes $(moddir), which only root may: sudo make $@, or give DESTDIR=" >&2; exit 1; fi
# a directory that a package is made of has no kernel to index
depmod = if [ -z "$(root)" ] || [ -e $(moddir)/modules.order ]; then \
	PATH="$$PATH:/sbin:/usr/sbin" depmod $(if $(root),-b $(root)) $(krel); fi

install: headers
	$(may_install)
	@[ -e $(out)/kcov/kcov.ko ] || { echo "make: $(out)/kcov/kcov.ko is not built yet: run make first" >&2; exit 1; }
	$(call say,INSTALL,$(moddir)/updates/kcov.ko)
	$(Q)install -D -m 644 $(out)/kcov/kcov.ko $(moddir)/updates/kcov.ko
	$(Q)$(depmod)

uninstall: headers
	$(may_install)
	$(call say,REMOVE,$(moddir)/updates/kcov.ko)
	$(Q)rm -f $(moddir)/updates/kcov.ko
	$(Q)$(depmod)

# make parts names at spaces, and rm -rf would take each part for a directory.
places := DESTDIR INSTALL_MOD_PATH PREFIX LIBDIR INCLUDEDIR
$(foreach place,$(places),$(if $(word 2,x$($(place))x),$(error \
	$(place)=$($(place)): a place with a space cannot be installed to, nor be cleared: choose another)))

# What a program needs that is built with the library.
.PHONY: install-lib uninstall-lib
# the loader finds what lies in /usr/local by its index only, which a package has no use for
ldconfig = if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ]; then PATH="$$PATH:/sbin:/usr/sbin" ldconfig || \
	echo "make: programs find $(libdir)/$(lib_soname) when ldconfig has run" >&2; fi
libdir = $(DESTDIR)$(LIBDIR)
incdir = $(DESTDIR)$(INCLUDEDIR)
install-lib: lib
	$(call say,INSTALL,$(libdir)/libkcov.so)
	$(Q)install -D -m 644 -t $(libdir) build/lib/libkcov.a build/lib/$(lib_soname)
	$(Q)ln -sf $(lib_soname) $(libdir)/libkcov.so
	$(Q)install -D -m 644 -t $(libdir)/pkgconfig build/lib/libkcov.pc
	$(Q)install -D -m 644 -t $(incdir) include/libkcov.h include/kcov_ioctl.h
	$(Q)$(ldconfig)

uninstall-lib:
	$(call say,REMOVE,$(libdir)/libkcov.so)
	$(Q)rm -f $(addprefix $(libdir)/,libkcov.a $(lib_soname) libkcov.so pkgconfig/libkcov.pc) \
		$(addprefix $(incdir)/,libkcov.h kcov_ioctl.h)
	$(Q)$(ldconfig)

# All that is no module
prefix = $(DESTDIR)$(PREFIX)
# kcovctl looks for its scripts from where it is: tools/kcovctl_instrument.c
scripts := tools/instrument/instrument
script_parts := $(filter-out $(scripts),$(wildcard tools/instrument/*))
manual := $(patsubst tools/man/%.scd,build/man/%,$(wildcard tools/man/*.scd))
manual_places = $(foreach page,$(manual),$(prefix)/share/man/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page)))
completions := $(wildcard tools/completion/*)
completion_dir = $(prefix)/share/bash-completion/completions
may_write = @d=$(prefix); while [ ! -e "$$d" ]; do d=$$(dirname "$$d"); done; [ -w "$$d" ] || { \
	echo "make: $@ changes $(prefix), which you may not: sudo make $@, or give PREFIX= or DESTDIR=" >&2; exit 1; }

.PHONY: install-tools uninstall-tools
install-tools: build/tools/kcovctl $(manual)
	$(may_write)
	$(call say,INSTALL,$(prefix)/bin/kcovctl)
	$(Q)install -D -m 755 -t $(prefix)/bin build/tools/kcovctl
	$(Q)install -D -m 755 -t $(prefix)/libexec/kcovctl $(scripts)
	$(Q)install -D -m 644 -t $(prefix)/libexec/kcovctl $(script_parts)
	$(Q)install -D -m 644 -t $(prefix)/share/kcov include/kcov.h include/kcov.mk
	$(Q)$(foreach place,$(manual_places),install -D -m 644 build/man/$(notdir $(place)) $(place) &&) :
	$(Q)$(foreach file,$(completions),install -D -m 644 -t $(completion_dir) $(file) &&) :
	$(Q)+$(MAKE) install-lib

uninstall-tools:
	$(may_write)
	$(call say,REMOVE,$(prefix)/bin/kcovctl)
	$(Q)rm -rf $(prefix)/bin/kcovctl $(prefix)/libexec/kcovctl $(prefix)/share/kcov
	$(Q)rm -f $(manual_places) $(addprefix $(completion_dir)/,$(notdir $(completions)))
	$(Q)+$(MAKE) uninstall-lib

clean:
	$(Q)rm -rf build kcov.ko

define help
make               kcov.ko, tools and tests for the kernel headers in KDIR
make module, tools, lib, tests   one of them
make man           the manual pages, in build/man
make demo          in a VM: coverage of one system call of a stock Debian kernel
make check         all tests, in VMs; TESTS='pc mmap' only these groups;
                   ROUNDS=20 of what depends on luck; JOBS=1 one VM at a time
make check-all     this and every other check there is, ROUNDS=200, and 4 CPUs: hours
make stress        actors that do all there is to do at once, against a model of what
                   must be answered, in the VM: SECONDS=60 SEED=
make fuzz          calls and debugfs files with inputs made from tests/corpus/calls,
                   in the VM: SECONDS=60 SEED=
make fuzz-record   kcov_record.h under libFuzzer, on the host: SECONDS=60 SEED=
make check-excluded         is the table of functions that are not covered right?
                   compiles what mainline leaves out, and compares
make check-harness          do AFL++ and libFuzzer find a planted bug by the kernel's coverage,
                   and none without? A table, build/check-harness/table.md
make check-instrument       a list of the distribution's modules, built with callbacks from
                   nothing and used in the VM: a table, build/check-instrument/table.md;
                   RUNS=stock only the second part; TESTS='ext4 usbcore' only these
make report        a filesystem test under kcovctl run in the VM, and pages that show
                   what it reached in ext4: build/report/html
make check-packages         Debian's packages: built, installed, upgraded and removed in a
                   Debian of its own, and what was installed used in the VM
make check-same    is the same recorded of the same code on the stock kernel, moved
                   and not, and on the reference kernel?
make reference     a small kernel with CONFIG_KCOV, to compare with; then
make check KERNEL=reference the same tests there, without our module
make check KERNEL=debug     the same tests, on a kernel with KASAN, lockdep,
                   kmemleak and the like; RUNS=stock only the first boot,
                   RUNS=controls only the one in which each of these must see a fault
make check KERNEL=kcsan     the same tests, on a kernel that looks for data races
                   in our code; RUNS= as for debug
make bench         instructions of all that kcov does, ours and the kernel's own: a table,
                   and build/bench/KERNEL.json; fails if tests/bench/limits are missed
make bench-time    the same in nanoseconds, for real hardware (ACCEL=kvm): BOOTS=5 of
                   each kernel, in turn; nothing is asserted
make bench-check   is the hot path as fast as tests/bench/baseline.* says?
make bench-baseline         writes that file
make bench-symbolize        is naming PCs linear, and cheap for the second time?
make mutations     is each of the defects in tests/mutations noticed?
                   MUTATIONS='lost-busy ...' only these
make vm RUN='command'       runs a shell command in the VM, prints its output,
                   ends with its status (124: TIMEOUT, 125: the guest died);
                   EXTRA=directory is copied into the guest's root
make repro SRC=repro.c     a C reproducer in the VM: does it crash the kernel, and what does
                   it reach? MODULES='kcov_crash.ko oops=1 isofs' FIX=module.ko STRACE=1
                   LIMIT=60; files in build/repro; ends with 0 survived (fixed),
                   10 crashed (not fixed), 11 hung, 12 nothing to fix, 1 nothing was run
make check-repro   is that so? Also of reproducers that fork, eat, hang and babble
make shell         an interactive shell in the VM
make gdb           the VM under gdb from the start of its kernel, with the symbols of the kernel
                   and of each module that is loaded, and commands for kcov.ko (help kcov);
                   RUN='command' runs in it; SCRIPT=file gdb's commands instead of a prompt;
                   DEBUGINFO=vmlinux the kernel's, with symbols, if there is one
make check-gdb     does all that work, and is what it shows what the guest itself says?
make uml           a shell in user-mode Linux, a kernel that is a program: no QEMU, no root;
                   RUN='command' as in make vm; GDB=1 under gdb; check KERNEL=uml
                   the same tests, as far as it has what they need
make check-uml     does it boot, end and run tests, and does gdb find a bug's line in it?
make check-debugging        check-repro, check-gdb and user-mode Linux under gdb: each finds
                   the line of a planted bug (docs/debugging.md); TESTS='repro gdb uml'
make lint          style and static checks
make install, uninstall     kcov.ko below updates/ of the kernel in KDIR; DESTDIR=
make install-lib, uninstall-lib   libkcov below PREFIX=$(PREFIX); LIBDIR= INCLUDEDIR= DESTDIR=
make install-tools, uninstall-tools   kcovctl and all that it needs, and libkcov: the same
make deb           Debian packages, in build/deb
make clean         removes all that was built, unpacked and downloaded here

KDIR=$(KDIR)
KERNEL=$(KERNEL)  kernel of the VM (tests/vm/kernel lists them); KIMG=file another image
CPUS=$(CPUS) MEM=$(MEM)  of the VM, MEM in MiB; ACCEL=kvm instead of emulation
CMDLINE=     kernel parameters; TIMEOUT=600 seconds until the VM is given up
CC=clang-16  the compiler; gcc is the default; V=1 commands in full
endef
help:
	$(info $(help))@:
