#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>

#include <nlohmann/json.hpp>

namespace layersweep {

/// Bytes of a segment: one sound line, or some that are none.
struct SegmentStretch {
    std::uint64_t begin = 0, end = 0;
    std::optional<nlohmann::json> json;  ///< nullopt: no sound line
};

/// Hands over all of the first `limit` bytes, in order, damaged or not. Unlike a replay it goes on behind damage, and finds a sound line
/// also where the line end before or behind it is damaged; the very last one counts only with its own.
void for_each_stretch(std::istream& file, std::uint64_t limit, const std::function<void(const SegmentStretch&)>& visit);

}  // namespace layersweep
