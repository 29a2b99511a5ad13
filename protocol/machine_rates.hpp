#pragma once

#include "protocol/trial.hpp"

namespace layersweep {

/// What a machine can do, as one worker sees it while its neighbours work; measured by worker/device/calibration.
struct MachineRates {
    double fp32 = 0, tf32 = 0, bf16 = 0, fp64 = 0;  ///< FLOP/s of large matrix products; 0: this machine has none
    double bandwidth = 0;                           ///< bytes/s that one pass over memory reads and writes
    double operator_s = 0;                          ///< seconds that the smallest operator takes
    [[nodiscard]] double flops_per_s(Precision precision) const;
    /// Measured, and such as a machine can have.
    [[nodiscard]] bool known() const;
    bool operator==(const MachineRates&) const = default;
};

}  // namespace layersweep
