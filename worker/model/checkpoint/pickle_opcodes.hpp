#pragma once

#include <cstdint>

namespace layersweep {

/// Opcodes of pickle protocol 2 and the few later ones that state dicts use (Python's pickletools).
enum class PickleOp : std::uint8_t {
    mark = '(',
    empty_tuple = ')',
    stop = '.',
    binint = 'J',
    binint1 = 'K',
    binint2 = 'M',
    none = 'N',
    binpersid = 'Q',
    reduce = 'R',
    binunicode = 'X',
    empty_list = ']',
    append = 'a',
    build = 'b',
    global = 'c',
    appends = 'e',
    binget = 'h',
    long_binget = 'j',
    binput = 'q',
    long_binput = 'r',
    setitem = 's',
    tuple = 't',
    setitems = 'u',
    empty_dict = '}',
    proto = 0x80,
    tuple1 = 0x85,
    tuple2 = 0x86,
    tuple3 = 0x87,
    new_true = 0x88,
    new_false = 0x89,
    long1 = 0x8a,
    short_binunicode = 0x8c,
    memoize = 0x94,
};

}  // namespace layersweep
