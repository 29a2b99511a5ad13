#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "orchestrator/ledger/event.hpp"

namespace layersweep {

/// Tells what several lives of a damaged ledger left, as events of one life that a replay takes as they are. What an event takes for
/// granted and nobody can read any more is made up before it: the beginning of an attempt that has a result, the end of one whose trial was
/// begun again. Of a trial's results the first counts.
class Salvage {
public:
    using Emit = std::function<void(const Event&)>;
    explicit Salvage(Emit emit) : emit_(std::move(emit)) {}

    /// In the order in which they were recorded.
    void apply(const Event& event);
    /// A result that a damaged repaired segment stood for. After all others.
    void rescue(const event::Finished& finished);
    /// What still runs is ended.
    void end(std::int64_t time_ms);

    [[nodiscard]] std::size_t results() const { return results_; }

private:
    struct Trial {
        std::set<std::pair<std::uint32_t, std::uint32_t>> begun;  ///< life and number of its attempts
        std::optional<Attempt> running;
        std::optional<event::SetAside> no_room;  ///< told at the end only: the next life would have forgotten it
        bool finished = false;
        bool set_aside = false;
    };

    void on(const event::LifeBegan&);
    void on(const event::Assigned&);
    void on(const event::Finished&);
    void on(const event::Failed& e) { end_attempt(e.attempt, e); }
    void on(const event::Abandoned& e) { end_attempt(e.attempt, e); }
    void on(const event::SetAside&);
    void on(const event::PutBack&);
    void on(const event::Stopped& e) { stopped_ = e; }
    // They speak of workers of lives that are over, or of an end that may not hold any more; nothing is decided by them.
    void on(const event::WorkerLost&) {}
    void on(const event::Quarantined&) {}
    void on(const event::Measured&) {}
    void on(const event::Completed&) {}

    void make_wait(const TrialKey& key, std::int64_t time_ms);
    void begin(const event::Assigned& e);
    /// False where the attempt is over, or its trial has a result.
    bool end_attempt(const Attempt& attempt, const Event& end);

    Emit emit_;
    std::map<TrialKey, Trial> trials_;
    std::optional<event::Stopped> stopped_;  ///< how the last life ended
    std::size_t results_ = 0;
};

}  // namespace layersweep
