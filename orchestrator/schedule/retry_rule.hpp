#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "orchestrator/schedule/plan.hpp"

namespace layersweep {

/// Whether a failure would only come again: the trial itself is to blame, not where it ran.
[[nodiscard]] bool repeats_itself(FailureReason reason);

/// Why a waiting trial shall not be tried again; nullopt: it shall.
[[nodiscard]] std::optional<std::string> reason_to_set_aside(const TrialStatus& status, std::int64_t max_attempts);

}  // namespace layersweep
