#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/errors.hpp"
#include "tests/support/temporary_directory.hpp"

/// What libFuzzer calls with every input, and the replay with every file of the corpus. An exception that leaves it ends the process, and
/// is a bug: readers refuse what they cannot read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace layersweep::test {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// The folder of this process for readers that want a path; every input overwrites the last one's files. `./dev fuzz` puts it into memory.
inline const TemporaryDirectory& scratch() {
    static const TemporaryDirectory folder;
    return folder;
}

/// True where `read` came to its end, false where it refused with `Refusal`, the reader's own error.
template <class Refusal, class Read>
bool accepted(Read&& read) {
    try {
        read();
        return true;
    } catch (const Refusal&) {
        return false;
    }
}

}  // namespace layersweep::test
