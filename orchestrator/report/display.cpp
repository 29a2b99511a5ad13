#include "orchestrator/report/display.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <utility>

#include "protocol/utf8.hpp"

namespace layersweep {
namespace {

/// A character of a text: bytes it takes there, and columns of a terminal.
struct Character {
    std::size_t bytes = 1;
    std::size_t columns = 1;
};

bool is_wide(std::uint32_t c) {
    constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 9> ranges = {{{0x1100, 0x115F},
                                                                                {0x2E80, 0xA4CF},
                                                                                {0xAC00, 0xD7A3},
                                                                                {0xF900, 0xFAFF},
                                                                                {0xFE30, 0xFE6F},
                                                                                {0xFF00, 0xFF60},
                                                                                {0xFFE0, 0xFFE6},
                                                                                {0x1F300, 0x1FAFF},
                                                                                {0x20000, 0x3FFFD}}};
    return std::ranges::any_of(ranges, [c](const auto& range) { return range.first <= c && c <= range.second; });
}

/// The first of a text that is not empty; a malformed byte counts as one.
Character first_of(std::string_view text) {
    const auto point = decode_utf8(text);
    if (point.length == 0) return {};
    return {point.length, is_wide(point.value) ? 2u : 1u};
}

}  // namespace

std::size_t display_width(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        const Character point = first_of(text);
        columns += point.columns;
        text.remove_prefix(point.bytes);
    }
    return columns;
}

std::string fitted(std::string_view text, std::size_t columns) {
    if (display_width(text) <= columns) return std::string(text);
    if (columns == 0) return "";
    std::size_t bytes = 0;
    for (std::size_t used = 0;;) {
        const Character point = first_of(text.substr(bytes));
        used += point.columns;
        if (used > columns - 1) break;
        bytes += point.bytes;
    }
    return std::string(text.substr(0, bytes)) + "…";
}

std::string printable(std::string_view text) {
    std::string out(text);
    std::ranges::replace_if(
        out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    return out;
}

std::string clock_text(double seconds) {
    const auto whole = std::llround(std::clamp(seconds, 0.0, 1e9));
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string time_text(std::int64_t unix_ms) {
    const auto seconds = static_cast<std::time_t>(unix_ms / 1000);
    std::tm local{};
    if (unix_ms == 0 || ::localtime_r(&seconds, &local) == nullptr) return "unknown time";
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday, local.tm_hour,
                       local.tm_min, local.tm_sec);
}

std::optional<std::size_t> terminal_columns(int fd) {
    if (::isatty(fd) == 0) return std::nullopt;
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

}  // namespace layersweep
