#pragma once

#include <string>

#include "orchestrator/progress.hpp"

namespace layersweep {

/// "37/144 done, 2 running, 1 set aside, 104 waiting, 3 failed attempts, 0:01:23, about 0:04:00 left"; zero counts are left out.
[[nodiscard]] std::string standing_text(const Standing& standing);
/// "model=…,… 81.20 %".
[[nodiscard]] std::string finished_text(const Trial& trial, const Result& result);
/// "failed model=…,… (attempt 2): out-of-memory: …".
[[nodiscard]] std::string failed_text(const Trial& trial, const Attempt& attempt, const TrialFailure& failure);
[[nodiscard]] std::string set_aside_text(const Trial& trial, std::string_view why);

}  // namespace layersweep
