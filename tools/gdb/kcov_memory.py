# SPDX-License-Identifier: GPL-2.0-only
"""What stands in the memory of the kernel that is debugged.

Nothing is kept: the kernel runs between two questions.
"""

import struct

import gdb


class Unreadable(gdb.GdbError):
    """Nothing is there, as the kernel has not begun or the address is wrong."""


def read(address, size):
    try:
        return bytes(gdb.selected_inferior().read_memory(address, size))
    except gdb.error as error:
        raise Unreadable('%d bytes at %#x cannot be read: %s' %
                         (size, address, error))


def number(address, size=8):
    return int.from_bytes(read(address, size), 'little')


def signed(address, size):
    return int.from_bytes(read(address, size), 'little', signed=True)


def text(address, limit=4096):
    """A C string. What is behind its page may not be there."""
    found = b''
    while len(found) < limit and b'\0' not in found:
        size = 256 - (address + len(found)) % 256
        found += read(address + len(found), size)
    return found.partition(b'\0')[0].decode('ascii', 'replace')


def symbol(name):
    """The address of a symbol of the kernel's, None if nobody knows it."""
    try:
        value = gdb.parse_and_eval("(unsigned long)&'%s'" % name)
    except gdb.error:
        return None
    return int(value)


def words(data):
    return struct.unpack('<%dQ' % (len(data) // 8), data)
