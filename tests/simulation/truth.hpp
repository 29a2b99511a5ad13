#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "orchestrator/grid/grid.hpp"
#include "orchestrator/ledger/event.hpp"
#include "tests/simulation/chance.hpp"

namespace layersweep::simulation {

enum class Nature { healthy, not_a_number, out_of_memory, broken, kills_workers };

/// What the world knows of one trial, whatever the coordinator believes.
struct TrialTruth {
    Nature nature = Nature::healthy;
    milliseconds duration{0};
    std::int64_t losses = 0;    ///< attempts that lost a worker
    std::int64_t failures = 0;  ///< attempts that failed otherwise
    int shown = 0;              ///< how often a result of it was shown
};

/// The grid of one seed and what really is and happens to its trials.
struct Truth {
    Grid grid;
    std::map<TrialKey, TrialTruth> trials;
    FaultCounts faults;
    std::set<Attempt> shown_failures;    ///< that people were told
    std::set<TrialKey> shown_set_aside;  ///< for their own failures

    explicit Truth(Chance& chance);
    TrialTruth& of(const TrialKey& key) { return trials.at(key); }
    /// What any attempt at the trial measures.
    [[nodiscard]] static Result result_of(const TrialKey& key);
};

constexpr std::int64_t max_attempts = 3;

/// Reads the ledger's events with rules of its own, written without a look at the plan. Throws Violation where a result counts twice or
/// for an attempt that did not run, where a trial is neither finished nor set aside at the end, or set aside without a true reason.
void audit(const std::vector<Event>& events, const Truth& truth);
/// Throws Violation where something that people were told is not among the events.
void check_shown(const std::vector<Event>& events, const Truth& truth);

}  // namespace layersweep::simulation
