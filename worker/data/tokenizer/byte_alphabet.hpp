#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace layersweep {

/// GPT-2's printable stand-ins for bytes (encoder.py, bytes_to_unicode): printable Latin-1 stands for itself, the others follow U+0100.
class ByteAlphabet {
public:
    ByteAlphabet();

    /// nullopt where a character stands for no byte: such a token can only be an added one.
    [[nodiscard]] std::optional<std::string> bytes(std::string_view printable) const;

private:
    std::array<int, 0x144> byte_of_{};
};

}  // namespace layersweep
