#pragma once

#include <string>

#include "protocol/machine_rates.hpp"
#include "worker/device/device.hpp"

namespace layersweep {

/// What this worker's device can do with its threads while its neighbours do whatever they do now: large matrix products in each precision,
/// one pass over memory far larger than the caches, the smallest operator. Takes about two seconds.
[[nodiscard]] MachineRates measure_rates(const WorkerDevice& device);

/// The rates as measured before on a machine of this kind, in the user's cache folder; measured and kept there where they are not known.
/// A cache that cannot be read or written is no error, and neither is a device without room for it, whose rates are not known.
[[nodiscard]] MachineRates rates_of(const WorkerDevice& device);

}  // namespace layersweep
