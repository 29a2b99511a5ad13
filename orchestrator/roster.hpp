#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "orchestrator/schedule/scheduler.hpp"
#include "protocol/messages.hpp"

namespace layersweep {

/// What the coordinator knows of its workers. A worker is free again only by its own answer to the very attempt it is busy with.
class Roster {
public:
    explicit Roster(const std::vector<WorkerId>& workers);

    void on_hello(WorkerId worker, const to_coordinator::Hello& hello);
    void on_assigned(std::span<const WorkerId> gang, const Attempt& attempt);
    void on_answer(WorkerId worker, const Attempt& attempt, const std::string& nccl_id);
    /// False where it was lost before.
    bool on_lost(WorkerId worker);

    [[nodiscard]] std::vector<WorkerView> living() const;
    [[nodiscard]] bool is_lost(WorkerId worker) const { return at(worker).state == State::lost; }
    [[nodiscard]] bool any_busy() const;
    /// What the worker is or was busy with when it was last heard of.
    [[nodiscard]] const std::optional<Attempt>& attempt_of(WorkerId worker) const { return at(worker).attempt; }
    [[nodiscard]] std::vector<WorkerId> busy_with(const Attempt& attempt) const;
    [[nodiscard]] std::vector<WorkerId> busy() const;
    [[nodiscard]] std::vector<WorkerFacts> facts_of(std::span<const WorkerId> workers) const;
    [[nodiscard]] const std::string& nccl_id_of(WorkerId worker) const { return at(worker).nccl_id; }  ///< the last it offered

private:
    enum class State { silent, idle, busy, lost };
    struct Worker {
        State state = State::silent;
        WorkerFacts facts;
        std::string nccl_id;
        std::optional<Attempt> attempt;
    };
    [[nodiscard]] const Worker& at(WorkerId worker) const;
    [[nodiscard]] Worker& at(WorkerId worker);

    std::map<WorkerId, Worker> workers_;
};

}  // namespace layersweep
