# SPDX-License-Identifier: GPL-2.0-only
"""The way up the stack through code that gdb has no debug information of.

x86-64 kernels carry tables for that, ORC, which their own backtraces use: for each
address where the caller's stack begins. They are read from the kernel's memory.
Where gdb has debug information, of our modules, it goes by that, which also tells
what was in registers.
"""

import gdb
from gdb.unwinder import Unwinder, register_unwinder

import kcov_kernel
import kcov_memory
from kcov_memory import number, signed

# What a caller's stack pointer, or its rbp, is counted from, by number. In parentheses: it
# stands where the register points to. The numbers were given anew after 6.12.
OLD = ('', 'caller', 'rdx', 'rdi', 'rbp', 'rsp', 'r10', 'r13', '(rbp)', '(rsp)')
NEW = ('', 'rax', 'rdx', 'rsp', 'rbp', 'rdi', 'r10', 'r13', 'caller', '(rsp)', '(rbp)')
CALL, REGS, PARTIAL = range(3)
# as struct pt_regs names them, and gdb
SAVED = {name: 'r' + name for name in ('ax', 'bx', 'cx', 'dx', 'si', 'di', 'bp')}
SAVED.update({'r%d' % i: 'r%d' % i for i in range(8, 16)})
IRET = {'ip': 'rip', 'sp': 'rsp'}


class Entry:
    """What ORC says of one address."""

    def __init__(self, layout, address):
        self.sp_offset = signed(address, 2)
        self.bp_offset = signed(address + 2, 2)
        bits = number(address + 4, 2)
        self.sp = bits & 15
        self.bp = bits >> 4 & 15
        width = layout.bits['orc_entry']['type']
        self.kind = bits >> 8 & (1 << width) - 1
        if width == 3:          # since 6.4, with two more in front
            self.kind -= 2


class Table:
    """Entries sorted by address: the kernel's, or a module's."""

    def __init__(self, layout, ips, entries, count):
        self.layout = layout
        self.ips = ips
        self.entries = entries
        self.count = count

    def _address(self, i):
        at = self.ips + 4 * i
        return at + signed(at, 4)

    def find(self, pc):
        low, high = 0, self.count
        while low < high:
            middle = (low + high) // 2
            if self._address(middle) <= pc:
                low = middle + 1
            else:
                high = middle
        if not low:
            return None
        size = self.layout.sizes['orc_entry']
        return Entry(self.layout, self.entries + (low - 1) * size)


def wide(value):
    return gdb.Value(value).cast(gdb.lookup_type('unsigned long'))


class Identity:
    """What gdb knows a frame by."""

    def __init__(self, sp, pc):
        self.sp = wide(sp)
        self.pc = wide(pc)


class Orc(Unwinder):
    def __init__(self, modules):
        super().__init__('kcov-orc')
        self.modules = modules
        self.layout = modules.layout
        # code that was interrupted, not left by a call: its address is its own
        self.exact = set()
        self.numbers = None

    def _register(self, number):
        """By name. At its first instruction each function counts from the stack pointer."""
        if not self.numbers:
            first = kcov_memory.symbol('panic')
            table = self._kernel(first) if first else None
            entry = table.find(first) if table else None
            is_new = entry and entry.sp == NEW.index('rsp')
            self.numbers = NEW if is_new else OLD
        return self.numbers[number] if number < len(self.numbers) else '?'

    def _kernel(self, pc):
        names = ('_stext', '_einittext', '__start_orc_unwind_ip',
                 '__stop_orc_unwind_ip', '__start_orc_unwind')
        first, end, ips, last, entries = map(kcov_memory.symbol, names)
        if None in (first, end, ips, last, entries) or not first <= pc < end:
            return None
        return Table(self.layout, ips, entries, (last - ips) // 4)

    def _module(self, pc):
        for module in self.modules.loaded:
            if any(start <= pc < start + size for start, size in module.regions):
                arch = module.address + self.layout.offset('module', 'arch')
                offset = {field: self.layout.offset('mod_arch_specific', field)
                          for field in ('orc_unwind_ip', 'orc_unwind', 'num_orcs')}
                return Table(self.layout, number(arch + offset['orc_unwind_ip']),
                             number(arch + offset['orc_unwind']),
                             number(arch + offset['num_orcs'], 4))
        return None

    def __call__(self, frame):
        pc = int(frame.read_register('rip')) % (1 << 64)
        if pc < kcov_kernel.FIRST or gdb.find_pc_line(pc).symtab:
            return None
        try:
            return self._unwind(frame, pc)
        except (gdb.error, KeyError):
            return None

    def _unwind(self, frame, pc):
        sp = int(frame.read_register('rsp')) % (1 << 64)
        is_exact = frame.level() == 0 or (pc, sp) in self.exact
        at = pc if is_exact else pc - 1
        table = self._kernel(at) or self._module(at)
        entry = table.find(at) if table else None
        if not entry:
            return None
        base = self._register(entry.sp)
        if not base:
            return self._end(frame, sp, Identity(sp, pc))
        if base in ('caller', '?') or entry.kind < CALL:
            return None
        caller = int(frame.read_register(base.strip('()'))) % (1 << 64)
        if base == '(rsp)':
            caller = number(caller) + entry.sp_offset
        elif base == '(rbp)':
            caller = number(caller + entry.sp_offset)
        else:
            caller += entry.sp_offset
        return self._caller(frame, entry, caller, Identity(sp, pc))

    def _end(self, frame, sp, identity):
        """Nothing has called this: what gdb takes an address of 0 for."""
        made = frame.create_unwind_info(identity)
        made.add_saved_register('rip', wide(0))
        made.add_saved_register('rsp', wide(sp + 8))
        made.add_saved_register('rbp', wide(sp + 8))
        return made

    def _caller(self, frame, entry, sp, identity):
        """Where the caller goes on, and with which registers."""
        made = frame.create_unwind_info(identity)

        def save(name, value):
            made.add_saved_register(name, wide(value % (1 << 64)))

        if entry.kind == CALL:
            save('rip', number(sp - 8))
            save('rsp', sp)
        else:
            regs = sp
            fields = self.layout.fields['pt_regs']
            if entry.kind == PARTIAL:
                regs -= fields['ip'][0]
            if number(regs + fields['ip'][0]) < kcov_kernel.FIRST:
                return self._end(frame, sp, identity)
            wanted = IRET if entry.kind == PARTIAL else {**SAVED, **IRET}
            for field, register in wanted.items():
                save(register, number(regs + fields[field][0]))
            self.exact.add((number(regs + fields['ip'][0]),
                            number(regs + fields['sp'][0])))
            if entry.kind == REGS:
                return made
        if self._register(entry.bp) == 'caller':
            save('rbp', number(sp + entry.bp_offset))
        else:
            save('rbp', int(frame.read_register('rbp')))
        return made


def register(modules):
    if 'orc_entry' in modules.layout.sizes:
        register_unwinder(None, Orc(modules), replace=True)
