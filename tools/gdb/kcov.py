# SPDX-License-Identifier: GPL-2.0-only
"""kcov.ko and its modules under gdb: help kcov.

    (gdb) source tools/gdb/kcov.py
    (gdb) kcov-kernel FILE          a vmlinux, or a copy of /proc/kallsyms
    (gdb) target remote ...
    (gdb) kcov-modules build        where files of modules are

make gdb does this for a VM. Needs gdb 12 or newer, with Python.
"""

import os
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import kcov_files       # noqa: E402
import kcov_kernel      # noqa: E402
import kcov_layout      # noqa: E402
import kcov_modules     # noqa: E402
import kcov_orc         # noqa: E402
import kcov_show        # noqa: E402

files = kcov_files.Files()
tracked = None          # kcov_modules.Modules, when a kcov.ko has been found


def number(word, what):
    try:
        value = int(gdb.parse_and_eval(word))
    except gdb.error:
        value = -1
    if value < 0:
        raise gdb.GdbError('%s is no %s' % (word, what))
    return value


def begin():
    """From the first kcov.ko on: its debug information says how. A kernel with a kcov
    of its own has none, but may have the sample driver."""
    global tracked
    if tracked:
        return
    release = kcov_kernel.release()
    found = files.named('kcov') or files.named('kcov_sample')
    for file in found:
        if release and file.release != release:
            continue    # its structs are others
        tracked = kcov_modules.Modules(kcov_layout.Layout(file.path), files)
        kcov_modules.watch(tracked)
        kcov_orc.register(tracked)
        return
    if found:
        raise gdb.GdbError('there is no kcov.ko of kernel %s below %s, but of %s: give the '
                           'directory of the one that was built for it' % (
                               release, ' '.join(files.roots),
                               ', '.join(sorted({file.release for file in found}))))
    raise gdb.GdbError('there is no kcov.ko below %s: give the directory in which '
                       'it was built' % (' '.join(files.roots) or 'any directory'))


class Kcov(gdb.Command):
    """kcov.ko under the debugger.

kcov-kernel FILE           symbols of the kernel: a vmlinux, or /proc/kallsyms
kcov-modules [DIR...]      symbols of modules, from files below DIR
kcov-descriptors           one line for each open of the device file
kcov-descriptor N          one of them in full
kcov-recorders             what each CPU records into
kcov-records N [HOW MANY]  the last records in a buffer (16), by name

Break where you like, also in modules that are not loaded yet:
    break kcov_sample.c:50
    break __sanitizer_cov_trace_pc
then: continue, up, bt."""

    def __init__(self):
        super().__init__('kcov', gdb.COMMAND_SUPPORT)

    def invoke(self, words, from_tty):
        print(self.__doc__)


class Command(gdb.Command):
    """A command with so many words at least and at most."""

    least = most = 0

    def __init__(self, name):
        self.name = name
        super().__init__(name, gdb.COMMAND_STATUS)

    def invoke(self, line, from_tty):
        words = gdb.string_to_argv(line)
        if not self.least <= len(words) <= self.most:
            raise gdb.GdbError(self.__doc__.partition('\n')[0])
        self.run(words)


class Kernel(Command):
    """kcov-kernel FILE: the kernel's symbols from a vmlinux or a copy of /proc/kallsyms.

The copy is made as root, with addresses: cat /proc/kallsyms >FILE. A kernel that
moves itself (nokaslr is not on its command line) has others after each boot."""

    least = most = 1

    def run(self, words):
        kcov_kernel.load(os.path.expanduser(words[0]))


class Modules(Command):
    """kcov-modules [DIR...]: symbols of all loaded modules, from files below DIR.

Done once, they follow by themselves what is loaded and unloaded. A file must have
the build id of what is loaded. Then lists what is loaded, with its file."""

    most = 64

    def run(self, words):
        for word in words:
            files.add(os.path.expanduser(word))
        begin()
        try:
            tracked.sync()
        except gdb.GdbError as error:
            print('%s: modules follow when they are loaded' % error)
            return
        for module in tracked.loaded:
            path = tracked.known[module.address][2]
            print('%#x %-20s %s' % (
                module.regions[0][0], module.name,
                os.path.relpath(path) if path else
                'no symbols: ' + tracked.refused[module.name]))


class Descriptors(Command):
    """kcov-descriptors: all descriptors, with the columns of kcov_mod/instances."""

    def run(self, words):
        kcov_kernel.check()
        kcov_show.show_descriptors()


class Descriptor(Command):
    """kcov-descriptor N: one descriptor: mode, size, count, references, owner."""

    least = most = 1

    def run(self, words):
        kcov_kernel.check()
        kcov_show.show_descriptor(number(words[0], 'number of a descriptor'))


class Recorders(Command):
    """kcov-recorders: each CPU, the task that it runs, and what it records into."""

    def run(self, words):
        kcov_kernel.check()
        kcov_show.show_recorders()


class Records(Command):
    """kcov-records N [HOW MANY]: the last records in the buffer of descriptor N, by name.

Oldest first, 16 if not told; PCs as the program finds them in its buffer."""

    least, most = 1, 2

    def run(self, words):
        kcov_kernel.check()
        kcov_show.show_records(
            number(words[0], 'number of a descriptor'),
            number(words[1], 'number of records') if words[1:] else 16)


Kcov()
for name, command in (('kernel', Kernel), ('modules', Modules),
                      ('descriptors', Descriptors), ('descriptor', Descriptor),
                      ('recorders', Recorders), ('records', Records)):
    command('kcov-' + name)
