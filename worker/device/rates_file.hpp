#pragma once

#include <optional>
#include <string>

#include "protocol/work.hpp"

namespace layersweep {

// Rates of machines that were measured before, one file per class of machine in $XDG_CACHE_HOME/layersweep (else ~/.cache/layersweep).

/// nullopt: not measured yet, or the file cannot be read.
[[nodiscard]] std::optional<MachineRates> read_rates(const std::string& machine_class);
/// Where it cannot be written, the next worker measures again.
void keep_rates(const std::string& machine_class, const MachineRates& rates);

}  // namespace layersweep
