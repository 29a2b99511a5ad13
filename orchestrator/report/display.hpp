#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace layersweep {

/// Columns that UTF-8 text takes in a terminal: two for East Asian wide characters and emoji, one for every other code point.
[[nodiscard]] std::size_t display_width(std::string_view text);
/// Text of at most `columns` columns; what was cut off is replaced by "…".
[[nodiscard]] std::string fitted(std::string_view text, std::size_t columns);
/// Text with control characters (line ends, escapes) as spaces, so that names cannot move the cursor.
[[nodiscard]] std::string printable(std::string_view text);
/// "1:02:03".
[[nodiscard]] std::string clock_text(double seconds);
/// "2026-01-31 23:59:59" in local time; "unknown time" for 0.
[[nodiscard]] std::string time_text(std::int64_t unix_ms);
/// The width of the terminal behind a file descriptor now; nothing where it is no terminal.
[[nodiscard]] std::optional<std::size_t> terminal_columns(int fd);

}  // namespace layersweep
