#include "orchestrator/schedule/retry_rule.hpp"

#include <fmt/format.h>

namespace layersweep {

bool repeats_itself(FailureReason reason) {
    switch (reason) {
        case FailureReason::not_a_number:
        case FailureReason::out_of_memory:
            return true;
        case FailureReason::bad_data:  // the grid's check read it well: a node may lack its mount
        case FailureReason::worker_lost:
        case FailureReason::stuck:
        case FailureReason::infrastructure:
        case FailureReason::internal:
            return false;
    }
    return false;
}

std::optional<std::string> reason_to_set_aside(const TrialStatus& status, std::int64_t max_attempts) {
    if (!status.is_waiting() || !status.last_failure) return std::nullopt;
    const TrialFailure& failure = *status.last_failure;
    if (repeats_itself(failure.reason)) return fmt::format("{}: {}", name_of(failure.reason), failure.detail);
    if (status.failures < max_attempts) return std::nullopt;
    return fmt::format("{} attempts failed, the last by {}: {}", status.failures, name_of(failure.reason), failure.detail);
}

}  // namespace layersweep
