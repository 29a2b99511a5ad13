#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

/// What a life was begun with, for people who ask later.
struct LifeDescription {
    std::string sweep;
    std::string grid_hash;  ///< of all keys of the expanded grid, in order
    std::string code_version;
    std::string host, host_class;                 ///< of the coordinator: name, kind of processor
    std::map<std::string, std::string> models;    ///< name -> content fingerprint
    std::map<std::string, std::string> datasets;  ///< the same
    std::uint32_t shard = 0;
    bool operator==(const LifeDescription&) const = default;
};

/// Bytes of older segments that a repair had to leave out.
struct LostBytes {
    SegmentName segment;
    std::uint64_t begin = 0, end = 0;
    bool operator==(const LostBytes&) const = default;
};

/// The first line of a segment.
struct SegmentHeader {
    static constexpr std::string_view format = "layersweep-ledger-2";

    LifeDescription life_of;
    SegmentName name;
    std::optional<PreviousSegment> previous;  ///< nullopt: what stands in this segment is all
    bool continued = false;                   ///< the coordinator of the previous segment goes on: what runs goes on running
    std::vector<LostBytes> repaired;          ///< not empty: `layersweep ledger check --repair` wrote this segment
    std::int64_t time_ms = 0;                 ///< since 1970
    bool operator==(const SegmentHeader&) const = default;
};
[[nodiscard]] nlohmann::json json_of(const SegmentHeader& header);
/// nullopt where this is no header. Throws MachineError where a later version wrote it.
[[nodiscard]] std::optional<SegmentHeader> header_of(const nlohmann::json& json);

}  // namespace layersweep
