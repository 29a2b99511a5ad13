#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "orchestrator/worker_reaper.hpp"
#include "protocol/transport.hpp"
#include "tests/simulation/truth.hpp"

namespace layersweep::simulation {

/// The workers of one coordinator and the way to them, on virtual time: delays and reorderings, deaths, hangs, silences, late words.
/// Messages of one worker keep their order, and all pass through the codec.
class SimulatedWorkers final : public CoordinatorTransport, public WorkerReaper {
public:
    struct Surroundings {
        Truth& truth;
        Chance& chance;
        const milliseconds& now;
        std::function<void()> on_call;                            ///< of every call of the coordinator's: may throw Crash
        std::function<void(const to_worker::Assign&)> on_assign;  ///< before the message leaves
    };
    /// `faulty`: whether workers break.
    SimulatedWorkers(int count, bool faulty, Surroundings world);

    [[nodiscard]] std::vector<WorkerId> workers() const override;
    void send(WorkerId to, const ToWorker& message) override;
    /// Never waits: where nothing has come, `wake` says when to ask again.
    [[nodiscard]] std::optional<Incoming> receive(milliseconds timeout) override;
    void end(WorkerId worker, const WorkerFacts& facts) noexcept override;

    [[nodiscard]] milliseconds wake() const { return wake_; }

private:
    using Bytes = std::vector<std::uint8_t>;
    struct GangRun {
        to_worker::Assign assign;
        std::set<int> present;
        bool over = false;
    };
    struct Worker {
        bool dead = false, hung = false, told_dead = false, bad_surroundings = false;
        milliseconds awake_at{0};  ///< silent until then
        milliseconds last_sent{0}, last_delivered{0};
        std::uint64_t progress = 0;
        std::shared_ptr<GangRun> run;
        std::optional<Attempt> owes;  ///< an answer
    };
    struct Letter {
        WorkerId from;
        bool lost = false;
        Bytes bytes;
        milliseconds sent{0};
    };
    struct Action {
        milliseconds at;
        std::uint64_t number;
        std::function<void()> what;
        bool operator>(const Action& other) const { return std::pair(at, number) > std::pair(other.at, other.number); }
    };

    void at(milliseconds when, std::function<void()> what) { actions_.push({when, ++number_, std::move(what)}); }
    void catch_up();
    [[nodiscard]] std::optional<milliseconds> next_arrival();
    void say(int rank, const ToCoordinator& message);
    void beat(int rank);
    void die(int rank);
    void count_loss(int rank);
    void deliver(int rank, const std::shared_ptr<const Bytes>& bytes);
    void begin(int rank, const to_worker::Assign& assign);
    void finish(const std::shared_ptr<GangRun>& run);
    void fail(const std::shared_ptr<GangRun>& run, int rank, FailureReason reason);
    void fail_all(const std::shared_ptr<GangRun>& run, FailureReason reason);
    void leave(int rank, const Attempt& attempt);
    void plan_faults(int rank);
    [[nodiscard]] bool speaks(int rank) const { return !worker(rank).dead && world_.now >= worker(rank).awake_at; }
    [[nodiscard]] const Worker& worker(int rank) const { return workers_.at(std::size_t(rank - 1)); }
    [[nodiscard]] Worker& worker(int rank) { return workers_.at(std::size_t(rank - 1)); }

    Surroundings world_;
    std::vector<Worker> workers_;
    std::map<Attempt, std::shared_ptr<GangRun>> runs_;
    std::priority_queue<Action, std::vector<Action>, std::greater<>> actions_;
    std::multimap<milliseconds, Letter> arriving_;
    std::set<int> given_up_;
    std::uint64_t number_ = 0;
    milliseconds wake_{0};
    milliseconds latest_sent_{0};
};

}  // namespace layersweep::simulation
