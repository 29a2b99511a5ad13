#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/result.hpp"
#include "protocol/trial.hpp"

namespace layersweep {

/// Where a sweep stands. total = done + running + set_aside + waiting.
struct Standing {
    std::int64_t total = 0, done = 0, running = 0, set_aside = 0;
    std::int64_t waiting = 0;  ///< not started, or failed and to be tried again
    std::int64_t failed = 0;   ///< attempts that failed so far, of whatever trial
    double elapsed_s = 0;      ///< of this run
    std::optional<double> left_s;
};

/// What a run tells people while it runs; nothing depends on it. One thread. Every event comes with the standing after it.
class Progress {
public:
    virtual ~Progress() = default;
    virtual void on_finished(const Trial& trial, const Result& result, const Standing& standing) = 0;
    virtual void on_failed(const Trial& trial, const Attempt& attempt, const TrialFailure& failure, const Standing& standing) = 0;
    virtual void on_set_aside(const Trial& trial, std::string_view why, const Standing& standing) = 0;
    virtual void on_tick(const Standing& standing) = 0;  ///< something else changed, or time went by
    virtual void on_notice(std::string_view line) = 0;   ///< a lost worker, a signal, …
    virtual void on_end(const Standing& standing) = 0;
};

/// Seconds left if the rest goes as this run went so far: costs are predicted and relative, of what this run has finished and of what is
/// not finished yet. Nothing before the first trial has finished.
[[nodiscard]] inline std::optional<double> predicted_left_s(double cost_done, double cost_left, double elapsed_s) {
    if (!(cost_done > 0)) return std::nullopt;
    return elapsed_s * cost_left / cost_done;
}

}  // namespace layersweep
