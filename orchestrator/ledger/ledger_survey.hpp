#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "orchestrator/ledger/event.hpp"
#include "orchestrator/ledger/ledger_format.hpp"
#include "orchestrator/ledger/segment_store.hpp"

namespace layersweep {

enum class SegmentRole {
    counts,
    never_began,  ///< its coordinator died, or was refused, before it wrote anything
    passed_over,  ///< a later life does not go on from it: it was fenced
    replaced,     ///< a repaired segment stands for it
};

/// A segment as it lies on the disk, sound or not.
struct SegmentSurvey {
    SegmentName name;
    bool missing = false;                 ///< a later segment goes on from it, and it is not there
    std::uint64_t bytes = 0;              ///< of the file
    std::uint64_t limit = 0;              ///< bytes that count, as the next life says; where nobody says it, all
    std::optional<SegmentHeader> header;  ///< nullopt: damaged or never written
    SegmentRole role = SegmentRole::counts;
    std::uint64_t events = 0;           ///< that can be read within the limit
    std::vector<LostBytes> unreadable;  ///< within the limit
};

using OnSegmentEvent = std::function<void(const SegmentSurvey&, const Event&)>;

/// All segments, oldest first, with what can still be read of them; the readable events of those that count or are replaced to `on_event`,
/// each segment's beginning (where its header is sound) before them. Looks behind damage. Writes nothing. Segments of
/// `first_ignored_life` and later are left out. Throws MachineError where a later version wrote one.
[[nodiscard]] std::vector<SegmentSurvey> survey_ledger(const SegmentStore& store, const OnSegmentEvent& on_event, std::uint32_t shard = 0,
                                                       std::optional<std::uint32_t> first_ignored_life = std::nullopt);

}  // namespace layersweep
