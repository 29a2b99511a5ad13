#pragma once

#include "orchestrator/schedule/plan.hpp"
#include "protocol/errors.hpp"

namespace layersweep {

/// How a sweep ends, from its plan alone: done, trials set aside, no workers left or a
/// broken machine, or to be run again.
[[nodiscard]] inline ExitCode exit_code(const Plan& plan) {
    if (plan.is_complete()) return plan.counts().set_aside > 0 ? ExitCode::trials_set_aside : ExitCode::done;
    const bool failed = plan.stopped() == StopCause::no_workers || plan.stopped() == StopCause::machine;
    return failed ? ExitCode::machine_failed : ExitCode::stopped_early;
}

}  // namespace layersweep
