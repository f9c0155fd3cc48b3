# SPDX-License-Identifier: GPL-2.0-only
"""What each CPU has for itself, and which task it runs: the part that differs
from architecture to architecture.
"""

import gdb

import kcov_memory


class Smp:
    """x86-64 with several CPUs: a variable's address is the same for all, plus
    how far each one's copies lie from there."""

    # since 6.2 the first of a struct
    NAMES = ('current_task', 'pcpu_hot', 'const_current_task')

    def __init__(self):
        self.offsets = kcov_memory.symbol('__per_cpu_offset')
        self.count = kcov_memory.symbol('nr_cpu_ids')
        self.current = next(filter(None, map(kcov_memory.symbol, self.NAMES)), None)

    def cpus(self):
        count = kcov_memory.number(self.count, 4) if self.count else 1
        data = kcov_memory.read(self.offsets, 8 * count)
        return list(enumerate(kcov_memory.words(data)))

    def task(self, cpu, offset):
        """The address of the task that a CPU runs, 0 if that is not known."""
        if not self.current:
            return 0
        return kcov_memory.number((self.current + offset) % (1 << 64))


class Uml:
    """User-mode Linux: one CPU, and its variables are where they are linked."""

    def __init__(self):
        self.tasks = kcov_memory.symbol('cpu_tasks')

    def cpus(self):
        return [(0, 0)]

    def task(self, cpu, offset):
        # struct cpu_task: int pid; void *task
        return kcov_memory.number(self.tasks + 16 * cpu + 8)


def of_kernel():
    if kcov_memory.symbol('cpu_tasks') is not None:
        return Uml()
    if kcov_memory.symbol('__per_cpu_offset') is None:
        raise gdb.GdbError(
            'the kernel\'s symbols have no __per_cpu_offset, so what each CPU has is '
            'not found: take them from a kernel with CONFIG_KALLSYMS_ALL, or from '
            'its vmlinux')
    return Smp()
