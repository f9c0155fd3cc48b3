# SPDX-License-Identifier: GPL-2.0-only
"""ELF files: what a module's file says of itself, and a file of symbols alone."""

import struct

HEADER = struct.Struct('<16sHHIQQQIHHHHHH')
SECTION = struct.Struct('<IIQQQQIIQQ')
SYMBOL = struct.Struct('<IBBHQQ')
NOTE_HEAD = struct.pack('<III4s', 4, 20, 3, b'GNU\0')

SHT_SYMTAB, SHT_NOTE, SHT_NOBITS, SHF_ALLOC = 2, 7, 8, 2
SHN_ABS, SHN_LORESERVE = 0xfff1, 0xff00


class BadFile(Exception):
    pass


class Module:
    """The sections of a module's file, its build id, and a symbol for each section."""

    def __init__(self, path):
        with open(path, 'rb') as file:
            self.data = file.read()
        self.path = path
        try:
            self._read()
        except (struct.error, IndexError, ValueError):
            raise BadFile('%s is no module, or only a part of one' % path)
        self.data = None

    def _read(self):
        head = HEADER.unpack_from(self.data)
        if head[0][:5] != b'\x7fELF\x02':
            raise ValueError
        raw = [SECTION.unpack_from(self.data, head[6] + i * SECTION.size)
               for i in range(head[12])]
        names = self._bytes(raw[head[13]])
        self.sections = [(string(names, s[0]), s) for s in raw]
        self.note = b''
        self.release = ''
        self.symbols = {}
        for name, section in self.sections:
            if name == '.modinfo':
                self.release = release(self._bytes(section))
            if name == '.note.gnu.build-id':
                self.note = self._bytes(section)
            if section[1] == SHT_SYMTAB:
                self._read_symbols(section, self._bytes(raw[section[6]]))

    def _bytes(self, section):
        return self.data[section[4]:section[4] + section[5]]

    def _read_symbols(self, section, names):
        """Names that are there twice say nothing, and so are none."""
        twice = set()
        for raw in SYMBOL.iter_unpack(self._bytes(section)):
            name = string(names, raw[0])
            if not name or raw[3] >= SHN_LORESERVE or not raw[3]:
                continue
            if name in self.symbols:
                twice.add(name)
            self.symbols[name] = (raw[3], raw[4])
        for name in twice:
            del self.symbols[name]

    def has_addresses(self):
        return any(raw[3] for _, raw in self.sections)

    def place(self, known):
        """known: the addresses of symbols by name. The addresses of sections."""
        places = {}
        for name, (index, value) in self.symbols.items():
            section, raw = self.sections[index]
            if name in known and section not in places and \
                    raw[2] & SHF_ALLOC:
                places[section] = known[name] - value
        return places


def string(names, offset):
    return names[offset:names.index(b'\0', offset)].decode('ascii', 'replace')


def release(modinfo):
    """Of the kernel that a module was built for."""
    words = modinfo.partition(b'vermagic=')[2].partition(b'\0')[0].split()
    return words[0].decode('ascii', 'replace') if words else ''


def build_id(note):
    """The build id of a note, in hexadecimal."""
    return note[len(NOTE_HEAD):len(NOTE_HEAD) + 20].hex() or 'none'


def write_at_zero(path, target):
    """A copy of a module's file whose sections all begin at 0.

    Newer kernels' linker script leaves other addresses in some (6.12 does). Then gdb
    takes all of them for placed, and mixes up those that overlap.
    """
    with open(path, 'rb') as file:
        data = bytearray(file.read())
    head = HEADER.unpack_from(data)
    for i in range(head[12]):
        at = head[6] + i * SECTION.size + 16    # sh_addr
        data[at:at + 8] = bytes(8)
    with open(target, 'wb') as file:
        file.write(data)


def write_symbols(path, symbols, spans):
    """A file of symbols alone, for gdb.

    symbols: (name, address, is code). spans: (name, first, end, is code), the
    sections that they lie in. What lies in none has an address that does not move.
    """
    strings = bytearray(b'\0')
    table = bytearray(SYMBOL.size)
    for name, address, is_code in symbols:
        index = next((i for i, span in enumerate(spans, 1)
                      if span[3] == is_code and span[1] <= address < span[2]),
                     SHN_ABS)
        table += SYMBOL.pack(len(strings), 0x12 if is_code else 0x11, 0,
                             index, address, 0)
        strings += name.encode() + b'\0'
    names = bytearray(b'\0')
    sections = [bytes(SECTION.size)]
    offset = HEADER.size

    def add(name, kind, flags, address, size, link=0, entry=0):
        sections.append(SECTION.pack(len(names), kind, flags, address, offset,
                                     size, link, 1 if link else 0, 16, entry))
        names.extend(name.encode() + b'\0')

    for name, first, end, is_code in spans:
        add(name, SHT_NOBITS, SHF_ALLOC | (4 if is_code else 1), first,
            end - first)
    link = len(spans) + 2
    add('.symtab', SHT_SYMTAB, 0, 0, len(table), link, SYMBOL.size)
    offset += len(table)
    add('.strtab', 3, 0, 0, len(strings))
    offset += len(strings)
    add('.shstrtab', 3, 0, 0, len(names) + len('.shstrtab') + 1)
    head = HEADER.pack(b'\x7fELF\x02\x01\x01' + bytes(9), 2, 62, 1, 0, 0,
                       offset + len(names), 0, HEADER.size, 0, 0, SECTION.size,
                       len(sections), len(sections) - 1)
    with open(path, 'wb') as file:
        file.write(head + table + strings + names + b''.join(sections))
