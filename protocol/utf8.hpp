#pragma once

#include <string>
#include <string_view>

namespace layersweep {

/// One code point and how many bytes it takes; length 0 where the bytes are no UTF-8 (RFC 3629: no surrogates, no overlong forms).
struct CodePoint {
    char32_t value = 0;
    std::size_t length = 0;
};

[[nodiscard]] CodePoint decode_utf8(std::string_view bytes);
[[nodiscard]] bool is_utf8(std::string_view bytes);
void append_utf8(std::string& out, char32_t value);
[[nodiscard]] std::string latin1_to_utf8(std::string_view bytes);

/// Unicode's property White_Space.
[[nodiscard]] bool is_white_space(char32_t value);
/// Without white space at both ends. The text is UTF-8.
[[nodiscard]] std::string_view strip(std::string_view text);

}  // namespace layersweep
