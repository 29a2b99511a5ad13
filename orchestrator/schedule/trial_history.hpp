#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "orchestrator/ledger/event.hpp"
#include "orchestrator/schedule/plan.hpp"
#include "protocol/trial.hpp"

namespace layersweep {

/// Something that happened to a trial, for people.
struct HistoryLine {
    std::int64_t time_ms = 0;  ///< since 1970; 0: not known
    std::uint32_t life = 0;
    std::uint32_t attempt = 0;      ///< its number; 0: none was running
    std::vector<WorkerId> workers;  ///< of the attempt, leader first
    std::string what;
    bool operator==(const HistoryLine&) const = default;
};

/// What the ledger tells of one trial over all lives. What did not count is said to be so, by the plan's own rules.
class TrialHistory {
public:
    explicit TrialHistory(const Trial& trial) : key_(trial.key), plan_({trial}) {}

    /// All events of the ledger, oldest first.
    void apply(const Event& event);
    [[nodiscard]] const std::vector<HistoryLine>& lines() const { return lines_; }

private:
    void on(const event::LifeBegan&);
    void on(const event::Assigned&);
    void on(const event::Finished&);
    void on(const event::Failed&);
    void on(const event::Abandoned&);
    void on(const event::SetAside&);
    void on(const event::PutBack&);
    // Of the sweep, not of a trial.
    void on(const event::WorkerLost&) {}
    void on(const event::Quarantined&) {}
    void on(const event::Measured&) {}
    void on(const event::Stopped&) {}
    void on(const event::Completed&) {}

    void add(std::int64_t time_ms, std::string what);
    /// The end of an attempt, which counts only where it is the one that runs.
    void add_end(std::int64_t time_ms, const Attempt& attempt, std::string what);

    TrialKey key_;
    Plan plan_;  ///< of this trial alone, before the event
    std::uint32_t life_ = 0;
    std::vector<HistoryLine> lines_;
};

}  // namespace layersweep
