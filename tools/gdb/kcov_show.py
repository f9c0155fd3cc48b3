# SPDX-License-Identifier: GPL-2.0-only
"""Descriptors, recorders and records of a kcov.ko that is loaded.

Columns and words are those of kcov_mod/instances.
"""

import gdb

import kcov_cpus
import kcov_memory

MODES = {0: 'pc', 1: 'cmp', 2: 'tree'}
COLUMNS = '%-4s %-6s %-16s %-10s %9s %9s %9s %5s %5s'


def module():
    """kcov.ko's symbols, whose addresses are those of the one that is loaded."""
    for objfile in gdb.objfiles():
        if (objfile.filename or '').endswith('/kcov.ko'):
            return objfile
    raise gdb.GdbError(
        'kcov.ko is not loaded, or its file was refused: continue until it is '
        '(tbreak kcov_desc_create stops at the first open of its file), or see '
        'kcov-modules')


def variable(name):
    symbol = module().lookup_static_symbol(name) or \
        module().lookup_global_symbol(name)
    return symbol.value()


def container(pointer, kind, field):
    """The struct around one of its fields."""
    struct = gdb.lookup_type('struct ' + kind)
    at = int(pointer) - struct[field].bitpos // 8
    return gdb.Value(at).cast(struct.pointer()).dereference()


def each_descriptor():
    head = variable('descs')
    node = head['next']
    while node != head.address:
        yield container(node, 'kcov_desc', 'node')
        node = node['next']


def descriptor(number):
    for desc in each_descriptor():
        if int(desc['id']) == number:
            return desc
    raise gdb.GdbError('there is no descriptor %d: kcov-descriptors lists them' %
                       number)


def mode(desc):
    state = str(desc['state'])
    if state in ('KCOV_NEW', 'KCOV_READY', 'KCOV_TREE'):
        return state[5:].lower()
    name = MODES[int(desc['rec']['mode'])]
    return 'remote-' + name if state == 'KCOV_REMOTE' else name


def count(rec):
    """As kcov_record_count(): user space may have stored anything."""
    if not int(rec['area']):
        return 0
    return min(kcov_memory.number(int(rec['area'])), int(rec['capacity']))


def comm(task):
    return task['comm'].string('ascii', 'replace')


def owner(desc):
    task = desc['owner']
    return (str(int(task['pid'])), comm(task)) if int(task) else ('-', '-')


def row(desc):
    pid, name = owner(desc)
    words = int(desc['words'])
    return (int(desc['id']), pid, name, mode(desc), words,
            count(desc['rec']) if words else 0, int(desc['rec']['dropped']),
            int(desc['lost']), int(desc['refs']['refs']['counter']))


def show_descriptors():
    rows = [row(desc) for desc in each_descriptor()]
    print(COLUMNS % ('id', 'pid', 'comm', 'mode', 'size', 'count', 'dropped',
                     'lost', 'refs'))
    for values in rows:
        print(COLUMNS % values)


def show_descriptor(number):
    desc = descriptor(number)
    ident, pid, name, kind, size, found, dropped, lost, refs = row(desc)
    rec = desc['rec']
    room = int(rec['capacity'])
    print('descriptor %d: *(struct kcov_desc *)%#x' % (ident, int(desc.address)))
    print('  mode       %s' % kind)
    print('  size       %d words at %#x' % (size, int(rec['area'])))
    print('  count      %d of %d' % (found, room) if room else '  count      0')
    print('  dropped    %d, sections lost %d' % (dropped, lost))
    print('  references %d' % refs)
    print('  owner      %s' % (
        '%s, pid %s: *(struct task_struct *)%#x' %
        (name, pid, int(desc['owner'])) if pid != '-' else 'none'))


def whose(rec, descriptors):
    """What a recorder belongs to."""
    at = int(rec.address)
    if at == int(variable('nobody').address):
        return 'nobody'
    for desc in descriptors:
        if int(desc['rec'].address) == at:
            return 'descriptor %d' % int(desc['id'])
    if int(rec['mode']) == 2:
        tree = container(rec.address, 'kcov_set', 'rec')['tree']
        return 'a set of descriptor %d' % int(tree['desc']['id'])
    remote = container(rec.address, 'kcov_section', 'rec')['remote']
    return 'a section of descriptor %d' % int(remote['desc']['id'])


def show_recorder(cpu, task, rec, name):
    line = 'CPU %d  %-24s %s' % (cpu, task, name)
    if name != 'nobody':
        line += ', %s, ' % MODES[int(rec['mode'])]
        if int(rec['mode']) != 2:
            line += '%d of %d records, ' % (count(rec), int(rec['capacity']))
        line += '%d dropped: *(struct kcov_recorder *)%#x' % (
            int(rec['dropped']), int(rec.address))
    print(line)


def show_recorders():
    descriptors = list(each_descriptor())
    place = int(variable('kcov_cpu').address)
    of_cpu = gdb.lookup_type('struct kcov_cpu').pointer()
    of_task = gdb.lookup_type('struct task_struct').pointer()
    kernel = kcov_cpus.of_kernel()
    for cpu, offset in kernel.cpus():
        mine = gdb.Value((place + offset) % (1 << 64)).cast(of_cpu)
        task = gdb.Value(kernel.task(cpu, offset)).cast(of_task)
        words = '%s, pid %d' % (comm(task), int(task['pid'])) if int(task) else '?'
        rec = mine['rec'].dereference()
        show_recorder(cpu, words, rec, whose(rec, descriptors))


def symbolised(pc):
    """As kcovctl symbolize: name, offset, module, and the line before a return
    address."""
    known = gdb.execute('info symbol %#x' % pc, to_string=True)
    if known.startswith('No symbol'):
        return '?'
    name = known.partition(' in section ')[0]
    words, _, offset = name.partition(' + ')
    words += '+%#x' % int(offset or 0)
    path = gdb.solib_name(pc) or known.rpartition(' of ')[2].strip()
    if path.endswith('.ko'):
        words += ' [%s]' % path.rpartition('/')[2][:-3].replace('-', '_')
    line = gdb.find_pc_line(pc - 1)
    if line.symtab and line.line:
        words += ' %s:%d' % (line.symtab.filename, line.line)
    return words


def show_comparison(record, moved):
    """As the callback that has recorded it."""
    kind, first, second, pc = record
    print('%#x %s: %scmp%d %#x %#x' % (
        pc, symbolised(pc + moved), 'const_' if kind & 1 else '',
        1 << (kind >> 1 & 3), first, second))


def show_records(number, wanted):
    desc = descriptor(number)
    rec = desc['rec']
    if not int(rec['area']):
        raise gdb.GdbError('descriptor %d has no buffer yet: its program has not '
                           'called KCOV_INIT_TRACE' % number)
    moved = int(variable('kcov_kaslr_offset'))
    compares = int(rec['mode']) == 1
    size = 4 if compares else 1
    have = count(rec)
    first = max(0, have - wanted)
    data = kcov_memory.words(kcov_memory.read(
        int(rec['area']) + 8 * (1 + first * size), 8 * (have - first) * size))
    for i in range(0, len(data), size):
        if compares:
            show_comparison(data[i:i + 4], moved)
        else:
            print('%#x %s' % (data[i], symbolised(data[i] + moved)))
    print('%d of %d records' % (have - first, have))
