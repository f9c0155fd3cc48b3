# SPDX-License-Identifier: GPL-2.0-only
#
# Reads a directory's Makefile as the kernel's configuration has it, without
# kbuild, and says what is there. From the command line: CONFIG (auto.conf),
# MAKEFILE, KCOV_TREE, src and, for parts, KCOV_OBJECTS.
#
#	make -f list.mk modules		"m FILE.o", "b FILE.o": may be modules, are built in
#	make -f list.mk parts		"part FILE.o", "excluded FILE.o"

.PHONY: modules parts
modules:
parts:

obj := $(src)
srctree := $(KCOV_TREE)
objtree := $(KCOV_TREE)
include $(CONFIG)
include $(MAKEFILE)
include $(dir $(lastword $(filter %list.mk,$(MAKEFILE_LIST))))parts.mk

modules:
	@printf 'm %s\n' $(sort $(filter %.o,$(obj-m) $(obj-)))
	@printf 'b %s\n' $(sort $(filter %.o,$(obj-y)))

parts:
	@printf 'part %s\n' $(foreach object,$(KCOV_OBJECTS),$(call kcov-parts,$(object)))
	@printf 'excluded %s\n' $(call kcov-excluded,$(KCOV_OBJECTS)) | grep -v 'excluded $$' || :
