#include "orchestrator/schedule/retry_rule.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace layersweep {
namespace {

/// The attempt's workers went with it.
bool is_loss(const FailedAttempt& attempt) {
    return attempt.reason == FailureReason::worker_lost || attempt.reason == FailureReason::stuck;
}

bool have_nothing_in_common(const FailedAttempt& a, const FailedAttempt& b) {
    if (a.life != b.life) return true;
    return std::ranges::none_of(a.workers, [&b](WorkerId worker) { return std::ranges::find(b.workers, worker) != b.workers.end(); });
}

struct Losses {
    std::int64_t all = 0;
    std::int64_t since_suspected = 0;  ///< failures of any kind
    bool suspected = false;
};

/// Suspicion needs losses that no broken worker explains: each with other workers than all that were counted before it.
Losses losses_of(const TrialStatus& status, std::int64_t max_attempts) {
    Losses losses;
    std::vector<const FailedAttempt*> independent;
    for (const FailedAttempt& attempt : status.failed) {
        if (losses.suspected) ++losses.since_suspected;
        if (!is_loss(attempt)) continue;
        ++losses.all;
        if (std::ranges::all_of(independent, [&attempt](const auto* other) { return have_nothing_in_common(attempt, *other); }))
            independent.push_back(&attempt);
        losses.suspected = std::ssize(independent) >= max_attempts;
    }
    return losses;
}

}  // namespace

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

bool is_suspected(const TrialStatus& status, std::int64_t max_attempts) {
    return losses_of(status, max_attempts).suspected;
}

std::optional<std::string> reason_to_set_aside(const TrialStatus& status, std::int64_t max_attempts) {
    if (!status.is_waiting() || !status.last_failure) return std::nullopt;
    const TrialFailure& failure = *status.last_failure;
    if (repeats_itself(failure.reason)) return fmt::format("{}: {}", name_of(failure.reason), failure.detail);
    const std::string last = fmt::format("the last by {}: {}", name_of(failure.reason), failure.detail);
    const Losses losses = losses_of(status, max_attempts);
    if (losses.since_suspected > 0)
        return fmt::format("its workers were lost {} times, and it failed again while it ran alone; {}", losses.all, last);
    if (std::ssize(status.failed) - losses.all < max_attempts) return std::nullopt;
    return fmt::format("{} attempts failed, {}", status.failed.size(), last);
}

}  // namespace layersweep
