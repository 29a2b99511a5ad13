#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "orchestrator/ledger/event.hpp"
#include "orchestrator/ledger/ledger_format.hpp"
#include "orchestrator/ledger/segment_store.hpp"
#include "protocol/errors.hpp"

namespace layersweep {

/// What a replay found besides the events.
struct LedgerEnd {
    std::optional<SegmentHeader> newest;  ///< of the highest valid life; nullopt: no ledger yet
    std::uint64_t counting_bytes = 0;     ///< of the newest segment
    std::uint64_t ignored_bytes = 0;      ///< a torn or damaged tail of the newest segment
    std::uint32_t highest_life = 0;       ///< on the disk, segments without a valid header included
};

/// Something that must count is damaged or missing; names file and byte.
class LedgerDamage : public MachineError {
public:
    using MachineError::MachineError;
};

using OnEvent = std::function<void(const Event&)>;

/// Hands every event that counts to `on_event`, oldest first; a life's header comes as `LifeBegan`. Segments of `first_ignored_life` and
/// later are left out. Writes nothing and may be used while another process writes. Throws LedgerDamage.
LedgerEnd replay_ledger(const SegmentStore& store, const OnEvent& on_event, std::uint32_t shard = 0,
                        std::optional<std::uint32_t> first_ignored_life = std::nullopt);

}  // namespace layersweep
