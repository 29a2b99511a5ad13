#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/coordinator.hpp"
#include "tests/support/faulty_file.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/recording_transport.hpp"
#include "tests/support/sample_trials.hpp"

namespace layersweep::test {

/// Remembers what people were told.
class RecordingProgress final : public Progress {
public:
    std::vector<std::string> told;
    Standing last;

    void on_finished(const Trial& trial, const Result&, const Standing& standing) override { tell("finished", trial, standing); }
    void on_failed(const Trial& trial, const Attempt&, const TrialFailure&, const Standing& standing) override {
        tell("failed", trial, standing);
    }
    void on_set_aside(const Trial& trial, std::string_view, const Standing& standing) override { tell("set aside", trial, standing); }
    void on_tick(const Standing& standing) override { last = standing; }
    void on_notice(std::string_view) override {}
    void on_end(const Standing& standing) override { last = standing; }

private:
    void tell(const std::string& what, const Trial& trial, const Standing& standing) {
        told.push_back(what + ' ' + trial.key.hex.back());
        last = standing;
    }
};

/// Remembers which predictions came, and how long the ledger was then.
class RecordingPredictions final : public PredictionSink {
public:
    explicit RecordingPredictions(const FaultyFile::Log& ledger) : ledger_(ledger) {}
    struct Written {
        TrialKey key;
        std::size_t rows;
        std::size_t ledger_bytes;
    };
    std::vector<Written> written;
    bool disk_is_full = false;

    void write(const Trial& trial, const Result& result) override {
        if (disk_is_full) throw MachineError("no room for predictions");
        written.push_back({trial.key, result.predictions.size(), ledger_.content.size()});
    }

private:
    const FaultyFile::Log& ledger_;
};

class ManualStop final : public StopSource {
public:
    std::optional<std::string> why;
    [[nodiscard]] std::optional<std::string> stop_requested() const override { return why; }
};

/// The events in a segment's text, its header aside.
inline std::vector<Event> events_in(const std::string& content) {
    std::vector<Event> events;
    for (std::size_t start = 0; start < content.size();) {
        const std::size_t end = content.find('\n', start);
        const auto json = parse_ledger_line(std::string_view(content).substr(start, end - start)).value();
        if (json.contains("event")) events.push_back(event_of(json).value());
        start = end + 1;
    }
    return events;
}

/// A coordinator with everything around it faked; workers are scripted by the test.
class CoordinatorWorld {
public:
    CoordinatorWorld(Grid sweep, int workers, std::uint32_t life = 1)
        : grid(std::move(sweep)),
          plan(grid.trials),
          scheduler(grid.trials, std::vector<double>(grid.trials.size(), 1.0)),
          transport(workers, clock),
          ledger(std::make_unique<FaultyFile>(log), SegmentHeader{.sweep = grid.sweep, .name = {0, life}}) {}

    /// However a test ends, every worker was told to leave, once.
    ~CoordinatorWorld() {
        std::vector<WorkerId> told;
        for (const auto& [worker, message] : transport.take_all<to_worker::Stop>()) told.push_back(worker);
        EXPECT_EQ(told, transport.workers());
    }
    CoordinatorWorld(const CoordinatorWorld&) = delete;
    CoordinatorWorld& operator=(const CoordinatorWorld&) = delete;

    ExitCode run(CoordinatorOptions options = {}) {
        return Coordinator(grid, plan, scheduler, ledger, {transport, clock, progress, predictions, stop}, options).run();
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
        for (const Event& event : events_in(log.content))
            if (const auto* kind = std::get_if<Kind>(&event)) found.push_back(*kind);
        return found;
    }

    Grid grid;
    Plan plan;
    Scheduler scheduler;
    ManualClock clock;
    RecordingTransport transport;
    FaultyFile::Log log;
    LedgerWriter ledger;
    RecordingProgress progress;
    RecordingPredictions predictions{log};
    ManualStop stop;
};

}  // namespace layersweep::test
