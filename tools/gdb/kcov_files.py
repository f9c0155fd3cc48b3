# SPDX-License-Identifier: GPL-2.0-only
"""The files of modules: found by name, told apart by build id."""

import atexit
import os
import shutil
import tempfile

import gdb

import kcov_elf


def spelt(name):
    """A module's name, as the kernel has it; its file's may have hyphens."""
    return name.replace('-', '_')


def own_directory():
    """For as long as gdb lives: it may open a file of it again."""
    where = tempfile.mkdtemp(prefix='kcov-gdb-')
    atexit.register(shutil.rmtree, where, ignore_errors=True)
    return where


def loadable(module):
    """The path of what gdb can take: the file itself, or a copy."""
    if not module.has_addresses():
        return module.path
    copy = os.path.join(own_directory(), os.path.basename(module.path))
    kcov_elf.write_at_zero(module.path, copy)
    return copy


class Files:
    """Every module's file below some directories; the first directory wins."""

    def __init__(self):
        self.roots = []
        self.paths = {}
        self.read = {}

    def add(self, root):
        if not os.path.isdir(root):
            raise gdb.GdbError('%s is no directory: modules are looked for below '
                               'one' % root)
        root = os.path.realpath(root)
        self.roots.append(root)
        for where, directories, names in os.walk(root):
            directories.sort()
            for name in sorted(names):
                if name.endswith('.ko'):
                    self.paths.setdefault(spelt(name[:-3]), []).append(
                        os.path.join(where, name))

    def named(self, name):
        """What can be read of the files of this name."""
        found = []
        for path in self.paths.get(name, []):
            try:
                found.append(self._open(path))
            except (OSError, kcov_elf.BadFile) as error:
                gdb.write('kcov: %s: not used\n' % error, gdb.STDERR)
        return found

    def _open(self, path):
        """Built anew while gdb runs, it is another file."""
        time = os.stat(path).st_mtime_ns
        if self.read.get(path, (0,))[0] != time:
            self.read[path] = (time, kcov_elf.Module(path))
        return self.read[path][1]
