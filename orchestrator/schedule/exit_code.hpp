#pragma once

#include "orchestrator/schedule/plan.hpp"
#include "protocol/errors.hpp"

namespace layersweep {

/// How a sweep ends, from its plan alone: done, trials set aside, no workers left, or to be run again.
[[nodiscard]] inline ExitCode exit_code(const Plan& plan) {
    if (plan.is_complete()) return plan.counts().set_aside > 0 ? ExitCode::trials_set_aside : ExitCode::done;
    return plan.stopped() == StopCause::no_workers ? ExitCode::machine_failed : ExitCode::stopped_early;
}

}  // namespace layersweep
