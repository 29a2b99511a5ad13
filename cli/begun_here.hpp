#pragma once

#include "orchestrator/ledger/ledger_format.hpp"

namespace layersweep {

/// The description with this program's version and this host instead of those that were there.
[[nodiscard]] LifeDescription begun_here(LifeDescription description);

}  // namespace layersweep
