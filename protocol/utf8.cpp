#include "protocol/utf8.hpp"

#include <cstring>

namespace layersweep {
namespace {

bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

std::size_t ascii_prefix(std::string_view bytes) {
    std::size_t length = 0;
    for (std::uint64_t word = 0; length + sizeof word <= bytes.size(); length += sizeof word) {
        std::memcpy(&word, bytes.data() + length, sizeof word);
        if ((word & 0x8080808080808080U) != 0) break;
    }
    while (length < bytes.size() && static_cast<unsigned char>(bytes[length]) < 0x80) ++length;
    return length;
}

}  // namespace

CodePoint decode_utf8(std::string_view bytes) {
    if (bytes.empty()) return {};
    const auto first = static_cast<unsigned char>(bytes[0]);
    if (first < 0x80) return {first, 1};
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || bytes.size() < length) return {};
    char32_t value = first & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if (!is_continuation(bytes[i])) return {};
        value = value << 6 | (static_cast<unsigned char>(bytes[i]) & 0x3FU);
    }
    constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < smallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
    return {value, length};
}

bool is_utf8(std::string_view bytes) {
    while (true) {
        bytes.remove_prefix(ascii_prefix(bytes));
        if (bytes.empty()) return true;
        const std::size_t length = decode_utf8(bytes).length;
        if (length == 0) return false;
        bytes.remove_prefix(length);
    }
}

void append_utf8(std::string& out, char32_t value) {
    const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((value >> shift) & 0x3F)); };
    if (value < 0x80) {
        out += static_cast<char>(value);
    } else if (value < 0x800) {
        out += static_cast<char>(0xC0 | (value >> 6));
        tail(0);
    } else if (value < 0x10000) {
        out += static_cast<char>(0xE0 | (value >> 12));
        tail(6), tail(0);
    } else {
        out += static_cast<char>(0xF0 | (value >> 18));
        tail(12), tail(6), tail(0);
    }
}

std::string latin1_to_utf8(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    for (const char byte : bytes) append_utf8(out, static_cast<unsigned char>(byte));
    return out;
}

bool is_white_space(char32_t value) {
    return (value >= 0x09 && value <= 0x0D) || value == 0x20 || value == 0x85 || value == 0xA0 || value == 0x1680 ||
           (value >= 0x2000 && value <= 0x200A) || value == 0x2028 || value == 0x2029 || value == 0x202F || value == 0x205F ||
           value == 0x3000;
}

std::string_view strip(std::string_view text) {
    while (!text.empty()) {
        const CodePoint first = decode_utf8(text);
        if (!is_white_space(first.value)) break;
        text.remove_prefix(first.length);
    }
    while (!text.empty()) {
        std::size_t begin = text.size() - 1;
        while (begin > 0 && is_continuation(text[begin])) --begin;
        if (!is_white_space(decode_utf8(text.substr(begin)).value)) break;
        text = text.substr(0, begin);
    }
    return text;
}

}  // namespace layersweep
