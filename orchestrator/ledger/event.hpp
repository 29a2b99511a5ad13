#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "protocol/messages.hpp"
#include "protocol/result.hpp"

namespace layersweep {

/// Why a trial is not tried again.
enum class SetAsideCause {
    failures,  ///< its own: for good
    no_room,   ///< its gang is wider than the workers of this life: the next life tries again
};
/// Why a life ended before the sweep did.
enum class StopCause {
    asked,       ///< a signal or a time limit
    no_workers,  ///< all of them are lost
    machine,     ///< the coordinator's own machine or files failed
};

/// What can happen to a sweep. Times are milliseconds since 1970, for people (0: not known); nothing is decided by them.
namespace event {

/// A life of the coordinator began; written as the header of its segment. What an older life left running is waiting again, unless the
/// same coordinator goes on in this segment because it could not write the one before.
struct LifeBegan {
    std::uint32_t life = 0;
    bool continued = false;
    std::int64_t time_ms = 0;
    bool operator==(const LifeBegan&) const = default;
};
struct Assigned {
    Attempt attempt;
    std::vector<WorkerId> workers;  ///< leader first
    std::int64_t time_ms = 0;
    double predicted_s = 0;  ///< how long the cost model says it will take; 0: it does not know
    bool operator==(const Assigned&) const = default;
};
struct Finished {
    Attempt attempt;
    Result result;                     ///< without predictions
    std::vector<WorkerFacts> workers;  ///< leader first
    std::int64_t threads_per_worker = 1;
    std::int64_t time_ms = 0;
    std::string shortcuts;  ///< in use, as `text_of` names them; empty: not recorded by an older version
    bool operator==(const Finished&) const = default;
};
struct Failed {
    Attempt attempt;
    TrialFailure failure;
    std::int64_t time_ms = 0;
    bool operator==(const Failed&) const = default;
};
/// Given up without a result and without a failure; the trial is waiting again.
struct Abandoned {
    Attempt attempt;
    std::int64_t time_ms = 0;
    bool operator==(const Abandoned&) const = default;
};
struct WorkerLost {
    WorkerId worker;
    std::string why;
    std::int64_t time_ms = 0;
    bool operator==(const WorkerLost&) const = default;
};
/// Its surroundings failed two different trials: it is given no more work as long as others are there.
struct Quarantined {
    WorkerId worker;
    std::string why;
    std::int64_t time_ms = 0;
    bool operator==(const Quarantined&) const = default;
};
/// What a worker's machine was measured to do; once per class of machine and life.
struct Measured {
    std::string machine_class;
    MachineRates rates;
    std::int64_t time_ms = 0;
    bool operator==(const Measured&) const = default;
};
struct SetAside {
    TrialKey key;
    std::string why;
    SetAsideCause cause = SetAsideCause::failures;
    std::int64_t time_ms = 0;
    bool operator==(const SetAside&) const = default;
};
/// Somebody wants a trial that was set aside to be tried again; its failures are forgiven.
struct PutBack {
    TrialKey key;
    std::int64_t time_ms = 0;
    bool operator==(const PutBack&) const = default;
};
struct Stopped {
    std::string why;
    StopCause cause = StopCause::asked;
    std::int64_t time_ms = 0;
    bool operator==(const Stopped&) const = default;
};
/// Every trial has its result or is set aside.
struct Completed {
    std::int64_t time_ms = 0;
    bool operator==(const Completed&) const = default;
};

}  // namespace event

using Event = std::variant<event::LifeBegan, event::Assigned, event::Finished, event::Failed, event::Abandoned, event::WorkerLost,
                           event::Quarantined, event::Measured, event::SetAside, event::PutBack, event::Stopped, event::Completed>;

/// An event as the ledger's JSON object; `LifeBegan` has none of its own, it is read out of the segment's header.
[[nodiscard]] nlohmann::json json_of(const Event& event);
/// nullopt for a kind that this version does not know. Throws MachineError where a known kind lacks what it must have.
[[nodiscard]] std::optional<Event> event_of(const nlohmann::json& json);

}  // namespace layersweep
