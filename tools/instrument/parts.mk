# SPDX-License-Identifier: GPL-2.0-only
#
# What a module's object is made of, and what of that the kernel leaves without
# callbacks. To be read behind the Makefile of its directory.

# kcov-parts,NAME.o: as kbuild puts them together
kcov-listed = $($(1)-objs) $($(1)-y) $($(1)-m)
kcov-parts = $(or $(strip $(call kcov-listed,$(1:.o=))),$(1))

# KCOV_INSTRUMENT_file.o before KCOV_INSTRUMENT, which is for the directory
kcov-is-excluded = $(filter n%,$(KCOV_INSTRUMENT_$(notdir $(1)))$(KCOV_INSTRUMENT)y)
kcov-excluded = $(foreach object,$(1),$(foreach part,$(call kcov-parts,$(object)),$(if $(call kcov-is-excluded,$(part)),$(part))))
