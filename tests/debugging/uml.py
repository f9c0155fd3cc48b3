# SPDX-License-Identifier: GPL-2.0-only
"""User-mode Linux under gdb: its signals, and symbols of its modules.

    gdb -x tests/debugging/uml.py --args build/kernel/uml/vmlinuz ...

make uml GDB=1 does this. Its signals are its interrupts and page faults, and none
of gdb's business. Where a module lies is read from the kernel's own struct module,
before its first instruction runs; its file is one below build/.
"""

import os

import gdb

# a page fault, ends of time slices, input and output, the death of an address space
SIGNALS = 'SIGSEGV SIGALRM SIGVTALRM SIGIO SIGUSR1 SIGUSR2 SIGWINCH SIGCHLD SIGTRAP'
BUILD = 'build'


def set_up():
    for setting in ('pagination off', 'confirm off', 'breakpoint pending on',
                    'startup-with-shell off', 'disable-randomization on'):
        gdb.execute('set ' + setting)
    for signal in SIGNALS.split():
        if signal != 'SIGTRAP':     # which is what a breakpoint is
            gdb.execute('handle %s nostop noprint pass' % signal, to_string=True)


def file_of(name):
    """The file of this module below build/RELEASE, None if it is not there."""
    with open('build/kernel/uml/release') as file:
        release = os.path.join(BUILD, file.read().strip())
    for where, _, names in sorted(os.walk(release)):
        for found in names:
            if found.endswith('.ko') and found[:-3].replace('-', '_') == name:
                return os.path.join(where, found)
    return None


def sections_of(module):
    """(name, address) of what lies in memory."""
    attributes = module['sect_attrs'].dereference()
    for i in range(int(attributes['nsections'])):
        attribute = attributes['attrs'][i]
        yield (attribute['battr']['attr']['name'].string(),
               int(attribute['address']))


def add_symbols(module):
    """Once for each time that a module comes, wherever it lies then."""
    name = module['name'].string()
    path = file_of(name)
    if not path:
        gdb.write('uml.py: no symbols of %s: there is no %s.ko below %s\n' %
                  (name, name, BUILD), gdb.STDERR)
        return
    places = dict(sections_of(module))
    text = places.pop('.text')
    if loaded.get(path) == text:
        return
    if path in loaded:
        gdb.execute('remove-symbol-file -a %#x' % loaded[path], to_string=True)
    words = ' '.join('-s %s %#x' % place for place in places.items())
    loaded[path] = text
    gdb.execute('add-symbol-file %s %#x %s' % (path, text, words), to_string=True)


class Arrival(gdb.Breakpoint):
    """A module is in place, and its init has not been called."""

    def stop(self):
        add_symbols(gdb.parse_and_eval('mod').dereference())
        return False


loaded = {}       # where the text of a file is
set_up()
Arrival('do_init_module', internal=True)
