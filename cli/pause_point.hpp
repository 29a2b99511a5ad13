#pragma once

#include <memory>

#include "orchestrator/ledger/segment_store.hpp"

namespace layersweep {

/// The ledger's folder. Where LAYERSWEEP_PAUSE_AT says KIND:POINT:N:FILE, the N-th and every later line of that kind ("header" or an
/// event's) makes the coordinator create FILE and wait until it is gone, 30 s at most, so that a test can act at exactly that point:
/// `before` the line is written, when it is `written` and not synced, or `synced`. Where the folder of FILE is gone it goes on. Throws
/// ConfigError.
[[nodiscard]] std::unique_ptr<SegmentStore> open_segments(const ResultsFolder& folder);

}  // namespace layersweep
