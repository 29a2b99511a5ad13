#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/coordinator.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/memory_disk.hpp"
#include "tests/support/recording_transport.hpp"
#include "tests/support/sample_trials.hpp"

namespace layersweep::test {

template <class Message>
bool is(const ToWorker& message) {
    return std::holds_alternative<Message>(message);
}
/// Which trial of `sample_grid` it is of.
inline char letter(const Attempt& attempt) {
    return attempt.key.hex.back();
}

/// Remembers what people were told.
class RecordingProgress final : public Progress {
public:
    std::vector<std::string> told, notices;
    Standing last;

    void on_finished(const Trial& trial, const Result&, const Standing& standing) override { tell("finished", trial, standing); }
    void on_failed(const Trial& trial, const Attempt&, const TrialFailure&, const Standing& standing) override {
        tell("failed", trial, standing);
    }
    void on_set_aside(const Trial& trial, std::string_view, const Standing& standing) override { tell("set aside", trial, standing); }
    void on_tick(const Standing& standing) override { last = standing; }
    void on_notice(std::string_view line) override { notices.emplace_back(line); }
    void on_end(const Standing& standing) override { last = standing; }

private:
    void tell(const std::string& what, const Trial& trial, const Standing& standing) {
        told.push_back(what + ' ' + trial.key.hex.back());
        last = standing;
    }
};

/// Remembers what was asked of the trials' files, and how long the ledger was then.
class RecordingFiles final : public TrialFiles {
public:
    explicit RecordingFiles(const MemoryDisk& ledger) : ledger_(ledger) {}
    struct Written {
        TrialKey key;
        std::size_t rows;
        std::size_t ledger_bytes;
    };
    std::vector<Written> written;
    std::vector<TrialKey> checkpoints_removed;
    bool disk_is_full = false;

    void write_predictions(const Trial& trial, const Result& result) override {
        if (disk_is_full) throw StorageError("no room for predictions");
        written.push_back({trial.key, result.predictions.size(), ledger_.content().size()});
    }
    [[nodiscard]] std::string checkpoints_of(const TrialKey& key) const override { return "/checkpoints/" + key.hex; }
    void remove_checkpoints(const TrialKey& key) noexcept override { checkpoints_removed.push_back(key); }

private:
    const MemoryDisk& ledger_;
};

/// Remembers who was ended.
class RecordingReaper final : public WorkerReaper {
public:
    std::vector<WorkerId> ended;
    void end(WorkerId worker, const WorkerFacts&) noexcept override { ended.push_back(worker); }
};

class ManualStop final : public StopSource {
public:
    std::optional<std::string> why;
    [[nodiscard]] std::optional<std::string> stop_requested() const override { return why; }
};

/// A coordinator with everything around it faked; workers are scripted by the test.
class CoordinatorWorld {
public:
    /// `before`: what earlier lives recorded.
    CoordinatorWorld(Grid sweep, int workers, const std::vector<Event>& before = {})
        : grid(std::move(sweep)),
          plan(grid.trials),
          scheduler(grid.trials, std::vector<double>(grid.trials.size(), 1.0)),
          transport(workers, clock),
          ledger(begin(before)) {}

    /// However a test ends, every worker was told to leave, once; those that were given up before that, too.
    ~CoordinatorWorld() {
        std::vector<WorkerId> told, expected = reaper.ended;
        for (const auto& [worker, message] : transport.take_all<to_worker::Stop>()) told.push_back(worker);
        const auto all = transport.workers();
        expected.insert(expected.end(), all.begin(), all.end());
        EXPECT_EQ(told, expected);
    }
    CoordinatorWorld(const CoordinatorWorld&) = delete;
    CoordinatorWorld& operator=(const CoordinatorWorld&) = delete;

    ExitCode run(CoordinatorOptions options = {}) {
        return Coordinator(grid, plan, scheduler, ledger, {transport, clock, progress, files, stop, reaper, costs}, options).run();
    }
    void hello(int rank, const std::string& host = "n1", const std::string& nccl_id = "") {
        transport.say(rank, to_coordinator::Hello{{host, rank, "cpu", "avx2"}, nccl_id});
    }
    void fail(int rank, const Attempt& attempt, FailureReason reason, const std::string& detail) {
        const TrialFailure failure{reason, detail};
        transport.say(rank, to_coordinator::Failed{attempt, failure, ""});
    }
    /// The whole gang does its part: the leader has a result, the others are done.
    void do_trial(WorkerId worker, const to_worker::Assign& assign) {
        if (assign.gang.front() == worker)
            transport.say(worker.rank, to_coordinator::Finished{assign.attempt, result(), ""});
        else
            transport.say(worker.rank, to_coordinator::MemberDone{assign.attempt, ""});
    }
    /// All workers do what they are told, but for what `special` takes upon itself.
    void obedient_workers(std::function<bool(WorkerId, const ToWorker&)> special = [](WorkerId, const ToWorker&) { return false; }) {
        transport.react([this, special](WorkerId worker, const ToWorker& message) {
            if (special(worker, message)) return;
            if (const auto* assign = std::get_if<to_worker::Assign>(&message)) do_trial(worker, *assign);
            if (const auto* abandon = std::get_if<to_worker::Abandon>(&message))
                transport.say(worker.rank, to_coordinator::Abandoned{abandon->attempt, ""});
        });
    }
    static Result result() {
        Result result = sample_result(0.5);
        result.predictions = {{.row = 1, .label = 0, .predicted = 1, .scores = {0.25, 0.75}}};
        return result;
    }
    template <class Kind>
    std::vector<Kind> recorded() const {
        std::vector<Kind> found;
        (void)replay_ledger(disk, [&found](const Event& event) {
            if (const auto* kind = std::get_if<Kind>(&event)) found.push_back(*kind);
        });
        return found;
    }
    /// Lets a trial fail in the way that the worker's surroundings do.
    void fail_by_surroundings(int rank, const Attempt& attempt) { fail(rank, attempt, FailureReason::infrastructure, "no mount"); }

    Grid grid;
    Plan plan;
    Scheduler scheduler;
    ManualClock clock;
    RecordingTransport transport;
    MemoryDisk disk;
    LedgerWriter ledger;
    RecordingProgress progress;
    RecordingFiles files{disk};
    RecordingReaper reaper;
    ManualStop stop;
    CostModel* costs = nullptr;

private:
    LedgerWriter begin(const std::vector<Event>& before) {
        const LifeDescription description{.sweep = grid.sweep};
        if (!before.empty()) {
            LedgerWriter earlier = begin_life(disk, description, 0, [](const Event&) {});
            for (const Event& event : before) earlier.append(event, LedgerWriter::Durability::synced);
            earlier.commit();
        }
        auto writer = begin_life(disk, description, 0, [this](const Event& event) { plan.apply(event); });
        disk.syncs = 0;
        return writer;
    }
};

}  // namespace layersweep::test
