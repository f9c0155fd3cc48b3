# SPDX-License-Identifier: GPL-2.0-only
"""Where the fields of the kernel's structs lie, as kcov.ko's debug information has it.

A stock kernel comes without debug information, and modules are looked for before
kcov.ko is loaded. So its file is read for a moment, and what is needed is kept.
"""

import gdb

STRUCTS = ('list_head', 'module', 'mod_kallsyms', 'module_layout',
           'module_memory', 'mod_arch_specific', 'orc_entry', 'pt_regs')


class Layout:
    """For each struct its size and its fields: (offset, size), in bytes."""

    def __init__(self, path):
        self.sizes = {}
        self.fields = {}
        self.bits = {}
        gdb.execute('add-symbol-file %s' % quoted(path), to_string=True)
        try:
            for name in STRUCTS:
                self._take(name)
        finally:
            gdb.execute('remove-symbol-file %s' % quoted(path), to_string=True)
        if 'module' not in self.sizes:
            raise gdb.GdbError(
                '%s has no debug information, which says where the kernel keeps its '
                'modules: it was stripped, or the kernel has no CONFIG_DEBUG_INFO; '
                'take the file that make has built' % path)

    def _take(self, name):
        try:
            kind = gdb.lookup_type('struct ' + name)
            fields = kind.fields()
        except (gdb.error, TypeError):
            return
        if not fields:
            return
        self.sizes[name] = kind.sizeof
        self.fields[name] = {
            field.name: (field.bitpos // 8, field.type.sizeof)
            for field in fields if field.name and hasattr(field, 'bitpos')}
        self.bits[name] = {field.name: field.bitsize for field in fields}

    def has(self, struct, field):
        return field in self.fields.get(struct, {})

    def offset(self, struct, field):
        return self.fields[struct][field][0]

    def size(self, struct, field):
        return self.fields[struct][field][1]


def quoted(path):
    """A file's name as gdb's commands take it."""
    return '"%s"' % path.replace('\\', '\\\\').replace('"', '\\"')
