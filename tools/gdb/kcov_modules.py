# SPDX-License-Identifier: GPL-2.0-only
"""The modules that are loaded, and their symbols at the right addresses.

The kernel's list is walked whenever gdb stops, and when a module has been put into
place and is about to run. Where its sections are is told by the names that the
kernel keeps of it: kallsyms has addresses, the file has offsets.
"""

import gdb

import kcov_elf
import kcov_files
import kcov_kernel
import kcov_memory
from kcov_layout import quoted
from kcov_memory import number

UNFORMED = 3
# about to run its init: one of these, as the compiler has left it
LOADED = ('do_init_module', 'do_init_module.isra.0', 'do_init_module.constprop.0')


class Loaded:
    """A module in the kernel's memory."""

    def __init__(self, layout, address):
        def field(name):
            return address + layout.offset('module', name)

        self.layout = layout
        self.address = address
        self.name = kcov_memory.text(field('name'))
        self.unformed = number(field('state'), 4) == UNFORMED
        self.kallsyms = number(field('kallsyms'))
        self.has_init = self.kallsyms != field('core_kallsyms')
        self.regions = list(self._regions(field))
        # what tells this load from the next of the same name
        self.key = (address, self.name, tuple(self.regions), self.has_init)

    def _regions(self, field):
        """(address, size) of what stays."""
        if self.layout.has('module', 'core_layout'):
            yield self._region(field('core_layout'), 'module_layout')
            return
        size = self.layout.sizes['module_memory']
        for at in range(0, self.layout.size('module', 'mem'), size):
            region = self._region(field('mem') + at, 'module_memory')
            if region[1]:
                yield region

    def _region(self, at, kind):
        return (number(at + self.layout.offset(kind, 'base')),
                number(at + self.layout.offset(kind, 'size'), 4))

    def note(self):
        """The build id as it stands in memory."""
        for address, size in self.regions:
            at = gdb.selected_inferior().search_memory(
                address, size, kcov_elf.NOTE_HEAD)
            if at:
                return kcov_memory.read(at, len(kcov_elf.NOTE_HEAD) + 20)
        return b''

    def symbols(self):
        """Names and addresses, as the kernel has them for kallsyms."""
        def field(name, size=8):
            return number(self.kallsyms +
                          self.layout.offset('mod_kallsyms', name), size)

        table = kcov_memory.read(field('symtab'), field('num_symtab', 4) *
                                 kcov_elf.SYMBOL.size)
        raw = [symbol for symbol in kcov_elf.SYMBOL.iter_unpack(table)
               if symbol[4]]
        strings = field('strtab')
        last = max((symbol[0] for symbol in raw), default=0)
        names = kcov_memory.read(strings, last) + kcov_memory.text(
            strings + last).encode() + b'\0'
        return {kcov_elf.string(names, symbol[0]): symbol[4] for symbol in raw}


class Modules:
    """What gdb has been told of modules, kept in step with the kernel."""

    def __init__(self, layout, files):
        self.layout = layout
        self.files = files
        self.known = {}         # address: (key, what gdb has loaded or None, file)
        self.refused = {}       # name: why it has no symbols
        self.loaded = []

    def walk(self):
        head = kcov_memory.symbol('modules')
        if head is None:
            return
        node = number(head)
        while node not in (head, 0):
            found = Loaded(self.layout, node -
                           self.layout.offset('module', 'list'))
            if not found.unformed:
                yield found
            node = number(node)

    def sync(self):
        """Adds what is new, forgets what has gone; a line for each that is wrong."""
        kcov_kernel.check()
        self.loaded = list(self.walk())
        keys = {module.address: module.key for module in self.loaded}
        for address, (key, path, _) in list(self.known.items()):
            if keys.get(address) != key:
                self._forget(address, path)
        for module in self.loaded:
            if module.address not in self.known:
                self.known[module.address] = (module.key, *self._add(module))

    def _forget(self, address, path):
        del self.known[address]
        if path:
            gdb.execute('remove-symbol-file %s' % quoted(path), to_string=True)

    def _add(self, module):
        file = self._file(module)
        if not file:
            return None, None
        path = kcov_files.loadable(file)
        places = file.place(module.symbols())
        words = ' '.join('-s %s %#x' % place for place in sorted(places.items()))
        gdb.execute('add-symbol-file %s %s' % (quoted(path), words),
                    to_string=True)
        self.refused.pop(module.name, None)
        return path, file.path

    def _file(self, module):
        """The file that this module was loaded from, None without a word for it."""
        files = self.files.named(module.name)
        note = module.note()
        for file in files:
            if file.note and file.note == note:
                return file
        reason = 'there is no %s.ko below %s' % (
            module.name, ' '.join(self.files.roots) or 'any directory')
        if files:
            reason = '; '.join(
                '%s has build id %s, and loaded is %s' %
                (file.path, kcov_elf.build_id(file.note), kcov_elf.build_id(note))
                for file in files)
        if self.refused.get(module.name) != reason:
            self.refused[module.name] = reason
            gdb.write('kcov: no symbols of %s: %s\n' % (module.name, reason),
                      gdb.STDERR)
        return None


class Arrival(gdb.Breakpoint):
    """Stops for a moment when a module is in place and has not begun."""

    def __init__(self, modules, address):
        super().__init__('*%#x' % address, internal=True)
        self.silent = True
        self.modules = modules

    def stop(self):
        try:
            self.modules.sync()
        except (gdb.error, gdb.GdbError) as error:
            gdb.write('kcov: %s\n' % error, gdb.STDERR)
        return False


def watch(modules):
    """Keeps symbols in step from now on."""
    def stopped(_):
        try:
            modules.sync()
        except gdb.GdbError:    # the kernel has not begun: who asks is told so
            modules.loaded = []

    address = next(filter(None, map(kcov_memory.symbol, LOADED)), None)
    if address is None:
        gdb.write('kcov: none of %s is known: after a module is loaded, type '
                  'kcov-modules\n' % ', '.join(LOADED), gdb.STDERR)
    else:
        Arrival(modules, address)
    gdb.events.stop.connect(stopped)
