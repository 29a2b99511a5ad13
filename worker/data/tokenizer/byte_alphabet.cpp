#include "worker/data/tokenizer/byte_alphabet.hpp"

#include "protocol/utf8.hpp"

namespace layersweep {

ByteAlphabet::ByteAlphabet() {
    byte_of_.fill(-1);
    char32_t next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
        const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
        byte_of_.at(printable ? static_cast<std::size_t>(byte) : next++) = byte;
    }
}

std::optional<std::string> ByteAlphabet::bytes(std::string_view printable) const {
    std::string out;
    while (!printable.empty()) {
        const CodePoint point = decode_utf8(printable);
        if (point.length == 0 || point.value >= byte_of_.size() || byte_of_[point.value] < 0) return std::nullopt;
        out += static_cast<char>(byte_of_[point.value]);
        printable.remove_prefix(point.length);
    }
    return out;
}

}  // namespace layersweep
