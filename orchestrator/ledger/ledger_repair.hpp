#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "orchestrator/ledger/ledger_format.hpp"
#include "orchestrator/ledger/segment_store.hpp"

namespace layersweep {

/// What a repair wrote.
struct LedgerRepair {
    SegmentName segment;
    std::vector<LostBytes> lost;
    std::size_t results = 0;
};

/// Writes one segment with all that can still be read of a damaged ledger, in one step: it is there as a whole or not at all. Older
/// segments stay as they are. Nothing is written, and nullopt returned, where the ledger is sound. `here`: program and host of this
/// process; the rest of the description comes from the newest header that can be read. Needs a LedgerHolder. Throws StorageError;
/// ConfigError where another process began a life in this moment.
[[nodiscard]] std::optional<LedgerRepair> repair_ledger(SegmentStore& store, const LifeDescription& here, std::int64_t time_ms);

}  // namespace layersweep
