#include "orchestrator/roster.hpp"

#include <algorithm>
#include <utility>

#include "protocol/errors.hpp"

namespace layersweep {

Roster::Roster(const std::vector<WorkerId>& workers) {
    for (const WorkerId worker : workers) workers_.emplace(worker, Worker{});
}

void Roster::on_hello(WorkerId id, const to_coordinator::Hello& hello) {
    Worker& worker = at(id);
    if (worker.state != State::silent) return;
    worker.state = State::idle;
    worker.facts = hello.facts;
    worker.nccl_id = hello.nccl_id;
}

void Roster::on_assigned(std::span<const WorkerId> gang, const Attempt& attempt) {
    for (const WorkerId id : gang) {
        Worker& worker = at(id);
        LAYERSWEEP_CHECK(worker.state == State::idle, "worker " + std::to_string(id.rank) + " is given work and is not idle");
        worker.state = State::busy;
        worker.attempt = attempt;
    }
}

bool Roster::on_answer(WorkerId id, const Attempt& attempt, const std::string& nccl_id) {
    Worker& worker = at(id);
    if (worker.state != State::busy || worker.attempt != attempt) return false;
    worker.state = State::idle;
    worker.attempt.reset();
    worker.nccl_id = nccl_id;
    return true;
}

bool Roster::on_lost(WorkerId id) {
    Worker& worker = at(id);
    if (worker.state == State::lost) return false;
    worker.state = State::lost;
    return true;
}

std::size_t Roster::on_infrastructure_failure(WorkerId id, const TrialKey& trial) {
    Worker& worker = at(id);
    worker.failed.insert(trial);
    return worker.failed.size();
}

std::vector<WorkerId> Roster::release_quarantined() {
    std::vector<WorkerId> released;
    for (auto& [id, worker] : workers_) {
        if (worker.quarantined && worker.state != State::lost) released.push_back(id);
        worker.quarantined = false;
    }
    return released;
}

bool Roster::any_quarantined() const {
    return std::ranges::any_of(workers_, [](const auto& entry) { return entry.second.quarantined && entry.second.state != State::lost; });
}

std::vector<WorkerId> Roster::listening() const {
    std::vector<WorkerId> found;
    for (const auto& [id, worker] : workers_)
        if (worker.state != State::lost) found.push_back(id);
    return found;
}

std::vector<WorkerView> Roster::living() const {
    std::vector<WorkerView> views;
    for (const auto& [id, worker] : workers_)
        if (worker.state != State::lost && !worker.quarantined)
            views.push_back({.id = id, .host = worker.facts.host, .idle = worker.state == State::idle});
    return views;
}

bool Roster::any_busy() const {
    return std::ranges::any_of(workers_, [](const auto& entry) { return entry.second.state == State::busy; });
}

std::vector<WorkerId> Roster::busy_with(const Attempt& attempt) const {
    std::vector<WorkerId> found;
    for (const WorkerId id : busy())
        if (at(id).attempt == attempt) found.push_back(id);
    return found;
}

std::vector<WorkerId> Roster::busy() const {
    std::vector<WorkerId> found;
    for (const auto& [id, worker] : workers_)
        if (worker.state == State::busy) found.push_back(id);
    return found;
}

std::vector<WorkerFacts> Roster::facts_of(std::span<const WorkerId> workers) const {
    std::vector<WorkerFacts> facts;
    for (const WorkerId id : workers) facts.push_back(at(id).facts);
    return facts;
}

const Roster::Worker& Roster::at(WorkerId worker) const {
    const auto found = workers_.find(worker);
    LAYERSWEEP_CHECK(found != workers_.end(), "there is no worker " + std::to_string(worker.rank));
    return found->second;
}

Roster::Worker& Roster::at(WorkerId worker) {
    return const_cast<Worker&>(std::as_const(*this).at(worker));
}

}  // namespace layersweep
