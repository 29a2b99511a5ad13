#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/schedule/plan.hpp"
#include "orchestrator/schedule/scheduler.hpp"

namespace layersweep {

/// What decides, besides the plan, when a waiting trial runs.
struct WaitingOutlook {
    bool somebody_runs_it = false;             ///< the sweep
    std::optional<std::size_t> trials_before;  ///< nullopt: not known
};

/// Why a waiting trial does not run yet, what holds it most first.
[[nodiscard]] std::vector<std::string> waiting_reasons(const Plan& plan, const Scheduler& scheduler, std::size_t trial,
                                                       const WaitingOutlook& outlook);

}  // namespace layersweep
