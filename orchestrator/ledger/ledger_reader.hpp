#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "orchestrator/ledger/event.hpp"
#include "orchestrator/ledger/ledger_format.hpp"
#include "orchestrator/ledger/results_folder.hpp"

namespace layersweep {

/// What a replay found besides the events.
struct LedgerEnd {
    std::optional<SegmentHeader> newest;  ///< of the highest valid life; nullopt: no ledger yet
    std::uint64_t counting_bytes = 0;     ///< of the newest segment
    std::uint64_t ignored_bytes = 0;      ///< a torn or damaged tail of the newest segment
    std::uint32_t highest_life = 0;       ///< on the disk, segments without a valid header included
};

/// Hands every event that counts to `on_event`, oldest first; a life's header comes as `LifeBegan`. Writes nothing and may be used while
/// another process writes. Throws MachineError, which names file and byte, where something that must count is damaged or missing.
LedgerEnd replay_ledger(const ResultsFolder& folder, const std::function<void(const Event&)>& on_event, std::uint32_t shard = 0);

}  // namespace layersweep
