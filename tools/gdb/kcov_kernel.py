# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own symbols: a vmlinux with symbols, or what /proc/kallsyms says.

A stock kernel's vmlinux is a package of nearly a gigabyte. Its names and addresses
are in the kernel itself.
"""

import os

import gdb

import kcov_elf
import kcov_files
import kcov_memory
from kcov_layout import quoted

FIRST = 0xffff800000000000    # of the kernel's half
BANNER = b'Linux version '


def parse(lines, path):
    """(name, address, is code) for each line of the kernel's own."""
    symbols = []
    for line in lines:
        part = line.split()
        if len(part) != 3:      # those of modules have a fourth part
            continue
        try:
            symbols.append((part[2], int(part[0], 16), part[1] in 'tTwW'))
        except ValueError:
            raise gdb.GdbError('%s: no line of /proc/kallsyms: %s' %
                               (path, line.strip()))
    if not any(address for _, address, _ in symbols):
        raise gdb.GdbError(
            '%s has no addresses: read /proc/kallsyms as root, with '
            'kernel.kptr_restrict=0 or 1' % path)
    return symbols


def span(name, symbols, is_code):
    inside = [address for _, address, code in symbols
              if code == is_code and address >= FIRST]
    return [(name, min(inside), max(inside) + 1, is_code)] if inside else []


def load_kallsyms(path):
    with open(path, encoding='ascii', errors='replace') as file:
        symbols = parse(file, path)
    made = os.path.join(kcov_files.own_directory(), 'kernel')
    kcov_elf.write_symbols(made, symbols, span('.text', symbols, True) +
                           span('.data', symbols, False))
    gdb.execute('file %s' % quoted(made), to_string=True)


def is_elf(path):
    with open(path, 'rb') as file:
        return file.read(4) == b'\x7fELF'


def load(path):
    """path: a vmlinux, or a copy of /proc/kallsyms"""
    try:
        if is_elf(path):
            gdb.execute('file %s' % quoted(path), to_string=True)
        else:
            load_kallsyms(path)
    except OSError as error:
        raise gdb.GdbError('the kernel\'s symbols: %s: %s' %
                           (path, error.strerror))


def release():
    """What runs, '' if nothing does yet."""
    banner = kcov_memory.symbol('linux_banner')
    try:
        words = kcov_memory.text(banner, 256).split() if banner else []
    except kcov_memory.Unreadable:
        words = []
    is_banner = ' '.join(words[:2]) == BANNER.decode().strip()
    return words[2] if is_banner and words[2:] else ''


def check():
    """Do the symbols fit what runs? Wrong ones are worse than none."""
    banner = kcov_memory.symbol('linux_banner')
    if banner is None:
        raise gdb.GdbError(
            'there are no symbols of the kernel: kcov-kernel FILE loads them from '
            'a vmlinux, or from a copy of its /proc/kallsyms')
    try:
        found = kcov_memory.read(banner, len(BANNER))
    except kcov_memory.Unreadable:
        found = b''
    if found != BANNER:
        raise gdb.GdbError(
            'the kernel\'s symbols do not fit what runs: it has not begun yet, '
            'was moved (boot it with nokaslr), or is another one')
