#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace layersweep {

/// One line of a segment: 16 hexadecimal digits (XXH3-64 of the JSON text), a space, the JSON text, a newline. Text that is not UTF-8 is
/// written with replacement characters.
[[nodiscard]] std::string ledger_line(const nlohmann::json& json);
/// `line` without its newline; nullopt where the checksum does not fit.
[[nodiscard]] std::optional<nlohmann::json> parse_ledger_line(std::string_view line);

/// A segment's name: "<shard>-<life>.jsonl", life with six digits so that a listing is in order.
struct SegmentName {
    std::uint32_t shard = 0;
    std::uint32_t life = 0;
    [[nodiscard]] std::string text() const;
    [[nodiscard]] static std::optional<SegmentName> parse(std::string_view text);
    bool operator==(const SegmentName&) const = default;
};

/// How much of an older segment counts; what stands behind is ignored for ever.
struct PreviousSegment {
    SegmentName name;
    std::uint64_t bytes = 0;
    bool operator==(const PreviousSegment&) const = default;
};

/// The first line of a segment.
struct SegmentHeader {
    static constexpr std::string_view format = "layersweep-ledger-1";

    std::string sweep;
    SegmentName name;
    std::optional<PreviousSegment> previous;  ///< nullopt: the first life
    std::string grid_hash;
    std::string code_version;
    bool operator==(const SegmentHeader&) const = default;
};
[[nodiscard]] nlohmann::json json_of(const SegmentHeader& header);
/// nullopt where this is no header of this format.
[[nodiscard]] std::optional<SegmentHeader> header_of(const nlohmann::json& json);

}  // namespace layersweep
