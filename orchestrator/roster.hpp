#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "orchestrator/schedule/scheduler.hpp"
#include "protocol/messages.hpp"

namespace layersweep {

/// What the coordinator knows of its workers. A worker is free again only by its own answer to the very attempt it is busy with. One whose
/// surroundings failed two different trials is quarantined: it lives, and is given nothing.
class Roster {
public:
    explicit Roster(const std::vector<WorkerId>& workers);

    void on_hello(WorkerId worker, const to_coordinator::Hello& hello);
    void on_assigned(std::span<const WorkerId> gang, const Attempt& attempt);
    /// True where it is free now.
    bool on_answer(WorkerId worker, const Attempt& attempt, const std::string& nccl_id);
    /// False where it was lost before.
    bool on_lost(WorkerId worker);

    /// Its surroundings failed this trial; how many different ones they have failed.
    std::size_t on_infrastructure_failure(WorkerId worker, const TrialKey& trial);
    void quarantine(WorkerId worker) { at(worker).quarantined = true; }
    /// Whoever is quarantined works again.
    std::vector<WorkerId> release_quarantined();

    [[nodiscard]] std::vector<WorkerView> living() const;   ///< and not quarantined
    [[nodiscard]] std::vector<WorkerId> listening() const;  ///< not lost
    [[nodiscard]] bool any_quarantined() const;
    [[nodiscard]] bool is_lost(WorkerId worker) const { return at(worker).state == State::lost; }
    [[nodiscard]] bool any_busy() const;
    /// What the worker is or was busy with when it was last heard of.
    [[nodiscard]] const std::optional<Attempt>& attempt_of(WorkerId worker) const { return at(worker).attempt; }
    [[nodiscard]] std::vector<WorkerId> busy_with(const Attempt& attempt) const;
    [[nodiscard]] std::vector<WorkerId> busy() const;
    [[nodiscard]] const WorkerFacts& facts_of(WorkerId worker) const { return at(worker).facts; }
    [[nodiscard]] std::vector<WorkerFacts> facts_of(std::span<const WorkerId> workers) const;
    [[nodiscard]] const std::string& nccl_id_of(WorkerId worker) const { return at(worker).nccl_id; }  ///< the last it offered

private:
    enum class State { silent, idle, busy, lost };
    struct Worker {
        State state = State::silent;
        WorkerFacts facts;
        std::string nccl_id;
        std::optional<Attempt> attempt;
        std::set<TrialKey> failed;  ///< trials that its surroundings failed
        bool quarantined = false;
    };
    [[nodiscard]] const Worker& at(WorkerId worker) const;
    [[nodiscard]] Worker& at(WorkerId worker);

    std::map<WorkerId, Worker> workers_;
};

}  // namespace layersweep
