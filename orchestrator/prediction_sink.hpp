#pragma once

#include "protocol/result.hpp"
#include "protocol/trial.hpp"

namespace layersweep {

/// Where the predictions of a finished trial go.
class PredictionSink {
public:
    virtual ~PredictionSink() = default;
    /// Durable when it returns: the result is recorded after it. The same trial may come twice, after a crash in between. Throws
    /// MachineError.
    virtual void write(const Trial& trial, const Result& result) = 0;
};

}  // namespace layersweep
