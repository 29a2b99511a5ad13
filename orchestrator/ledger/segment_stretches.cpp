#include "orchestrator/ledger/segment_stretches.hpp"

#include <algorithm>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/ledger/ledger_format.hpp"

namespace layersweep {
namespace {

using Visit = std::function<void(const SegmentStretch&)>;

/// A text that looks like a line's beginning may stand within a line; more than so many in one are not tried.
constexpr std::size_t most_beginnings_within = 4;

/// Where lines may begin: at a checksum and a brace.
std::vector<std::size_t> beginnings(std::string_view text) {
    constexpr std::size_t digits = 16;
    const auto is_digit = [](char c) { return ('0' <= c && c <= '9') || ('a' <= c && c <= 'f'); };
    std::vector<std::size_t> found;
    for (auto at = text.find(" {"); at != std::string_view::npos; at = text.find(" {", at + 1))
        if (at >= digits && std::ranges::all_of(text.substr(at - digits, digits), is_digit)) found.push_back(at - digits);
    return found;
}

/// Text without a sound line from its first to its last byte, and perhaps with some within.
void visit_damaged(std::string_view text, std::uint64_t place, bool has_line_end, const Visit& visit) {
    auto places = beginnings(text);
    const std::size_t lines = places.size();
    places.push_back(text.size());
    std::size_t done = 0;
    const auto visit_until = [&](std::size_t end) {
        if (end > done) visit({place + done, place + end, std::nullopt});
        done = std::max(done, end);
    };
    for (std::size_t from = 0; from < lines; ++from) {
        if (places[from] < done) continue;
        for (std::size_t to = from + 1; to <= std::min(lines, from + most_beginnings_within); ++to) {
            if (to == lines && !has_line_end) break;
            auto json = parse_ledger_line(text.substr(places[from], places[to] - places[from] - 1));
            if (!json) continue;
            visit_until(places[from]);
            visit({place + places[from], place + places[to], std::move(json)});
            done = places[to];
            break;
        }
    }
    visit_until(text.size());
}

}  // namespace

void for_each_stretch(std::istream& file, std::uint64_t limit, const Visit& visit) {
    std::uint64_t place = 0;
    for (std::string text; place < limit && std::getline(file, text); place += text.size()) {
        const bool has_line_end = !file.eof() && place + text.size() < limit;
        if (auto json = has_line_end ? parse_ledger_line(text) : std::nullopt) {
            text += '\n';
            visit({place, place + text.size(), std::move(json)});
            continue;
        }
        if (has_line_end) text += '\n';
        text.resize(std::min<std::uint64_t>(text.size(), limit - place));
        visit_damaged(text, place, has_line_end, visit);
    }
}

}  // namespace layersweep
