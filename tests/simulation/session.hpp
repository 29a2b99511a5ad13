#pragma once

#include <memory>
#include <set>
#include <string>

#include "orchestrator/coordinator.hpp"
#include "tests/simulation/simulated_workers.hpp"
#include "tests/simulation/world.hpp"

namespace layersweep::simulation {

/// One life of the shipped coordinator with the shipped plan, scheduler and ledger, its workers and all that it meets.
class Session final : private Clock, private Progress, private TrialFiles, private StopSource {
public:
    /// What may break. A session without faults ends the sweep.
    struct Faults {
        bool workers = false;
        std::uint64_t calls_until_crash = 0;  ///< 0: never
        bool crash_takes_power = false;
        std::optional<milliseconds> stop_at;
    };
    /// Begins a life: may throw what that throws, and Crash.
    Session(World& world, int workers, Faults faults);

    /// False: it has ended.
    [[nodiscard]] bool turn() { return coordinator_->turn(); }
    [[nodiscard]] milliseconds wake() const { return workers_.wake(); }
    /// And nothing is left that a life with more workers would run.
    [[nodiscard]] bool is_complete() const;
    [[nodiscard]] bool was_stopped() const { return asked_to_stop_; }
    [[nodiscard]] bool has_no_room() const;
    [[nodiscard]] bool has_no_workers() const { return plan_.stopped() == StopCause::no_workers; }
    [[nodiscard]] const Faults& faults() const { return faults_; }
    /// Counts down to the crash.
    void count_call();
    bool in_turn = false;

private:
    void before_assign(const to_worker::Assign& assign);

    [[nodiscard]] milliseconds now() const override { return world_.now(); }
    [[nodiscard]] std::int64_t unix_ms() const override { return 1'000'000 + world_.now().count(); }

    void on_finished(const Trial& trial, const Result& result, const Standing&) override;
    void on_failed(const Trial& trial, const Attempt&, const TrialFailure& failure, const Standing&) override;
    void on_set_aside(const Trial& trial, std::string_view why, const Standing&) override;
    void on_tick(const Standing&) override {}
    void on_notice(std::string_view line) override;
    void on_end(const Standing&) override {}

    void write_predictions(const Trial& trial, const Result& result) override;
    [[nodiscard]] std::string checkpoints_of(const TrialKey&) const override { return {}; }
    void remove_checkpoints(const TrialKey&) noexcept override {}
    [[nodiscard]] std::optional<std::string> stop_requested() const override;

    World& world_;
    Faults faults_;
    std::uint64_t calls_ = 0;
    Plan plan_;
    Scheduler scheduler_;
    SimulatedWorkers workers_;
    std::optional<LedgerWriter> ledger_;
    std::optional<Coordinator> coordinator_;
    mutable bool asked_to_stop_ = false;
    std::set<TrialKey> predicted_;  ///< in this life
    std::set<TrialKey> hopeless_;   ///< failed in this life in a way that only repeats itself
};

}  // namespace layersweep::simulation
