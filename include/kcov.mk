# SPDX-License-Identifier: GPL-2.0-only
# Compiler flags for a module that kcov.ko shall cover block by block.
#
# In the Kbuild of your driver, one line:
#
#	include /path/to/kcov/include/kcov.mk
#
# and on the command line, so that modpost knows the callbacks:
#
#	make -C KDIR M=DIR KBUILD_EXTRA_SYMBOLS=/path/to/kcov/Module.symvers
#
# which is not needed where the package kcov-dkms has built kcov.ko.
#
# To leave one file out: CFLAGS_REMOVE_file.o += $(KCOV_FLAGS)

# To record PCs only, which makes the module smaller and faster:
#
#	KCOV_COMPARISONS := n		above the line with include

KCOV_COMPARISONS ?= y

# A call of __sanitizer_cov_trace_pc() in every basic block, and one of
# __sanitizer_cov_trace_cmp*() or _switch() before every comparison.
KCOV_FLAGS := -fsanitize-coverage=trace-pc
KCOV_FLAGS += $(if $(filter y,$(KCOV_COMPARISONS)),-fsanitize-coverage=trace-cmp)

# gcc before 14 may end a function by jumping to the callback, which then
# records the caller's caller (gcc bug 90746).
ifdef CONFIG_CC_IS_GCC
kcov-gcc := $(firstword $(subst ., ,$(shell $(CC) -dumpversion)))
KCOV_FLAGS += $(shell test $(kcov-gcc) -ge 14 || echo -fno-optimize-sibling-calls)
endif

ccflags-y += $(KCOV_FLAGS)

# kcov_remote_start() and its like; see there.
ccflags-y += -include $(abspath $(dir $(lastword $(MAKEFILE_LIST))))/kcov.h

# kbuild reads a module's Kbuild once more for modpost, to find this.
KBUILD_EXTRA_SYMBOLS += $(wildcard /var/lib/dkms/kcov/kernel-$(KERNELRELEASE)-x86_64/Module.symvers)
