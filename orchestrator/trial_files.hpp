#pragma once

#include <string>

#include "protocol/result.hpp"
#include "protocol/trial.hpp"

namespace layersweep {

/// What a trial has on the disk beside the ledger.
class TrialFiles {
public:
    virtual ~TrialFiles() = default;
    /// Durable when it returns: the result is recorded after it. The same trial may come twice, after a crash in between. Throws
    /// StorageError.
    virtual void write_predictions(const Trial& trial, const Result& result) = 0;
    /// Where an attempt keeps its checkpoints; empty: nowhere.
    [[nodiscard]] virtual std::string checkpoints_of(const TrialKey& key) const = 0;
    /// The trial has its result: its checkpoints go. What cannot be removed stays.
    virtual void remove_checkpoints(const TrialKey& key) noexcept = 0;
};

}  // namespace layersweep
