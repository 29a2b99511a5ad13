#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "orchestrator/schedule/plan.hpp"

namespace layersweep {

/// Whether a failure would only come again: the trial itself is to blame, not where it ran.
[[nodiscard]] bool repeats_itself(FailureReason reason);

/// Whether the trial may be what kills its workers: lost `max_attempts` times, each time with other workers or in another life. It gets one
/// more attempt, when nothing else runs, and is set aside if that one is lost too.
[[nodiscard]] bool is_suspected(const TrialStatus& status, std::int64_t max_attempts);

/// Why a waiting trial shall not be tried again; nullopt: it shall.
[[nodiscard]] std::optional<std::string> reason_to_set_aside(const TrialStatus& status, std::int64_t max_attempts);

}  // namespace layersweep
