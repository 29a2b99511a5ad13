#pragma once

#include <optional>
#include <string>

#include "protocol/machine_rates.hpp"

namespace layersweep {

// Rates of machines that were measured before, one file per kind of machine in $XDG_CACHE_HOME/layersweep (else ~/.cache/layersweep), which
// the nodes of a cluster may share.

/// nullopt: not measured yet, or the file holds nothing that a machine can have.
[[nodiscard]] std::optional<MachineRates> read_rates(const std::string& machine);
/// Where it cannot be written, the next worker measures again.
void keep_rates(const std::string& machine, const MachineRates& rates);

}  // namespace layersweep
