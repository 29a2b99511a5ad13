#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/clock.hpp"
#include "orchestrator/grid/grid.hpp"
#include "orchestrator/ledger/ledger_writer.hpp"
#include "orchestrator/prediction_sink.hpp"
#include "orchestrator/progress.hpp"
#include "orchestrator/roster.hpp"
#include "orchestrator/schedule/plan.hpp"
#include "orchestrator/schedule/scheduler.hpp"
#include "orchestrator/stop_source.hpp"
#include "protocol/errors.hpp"
#include "protocol/transport.hpp"

namespace layersweep {

struct CoordinatorOptions {
    std::int64_t max_attempts = 3;                     ///< failures after which a trial is set aside
    std::chrono::milliseconds poll{200};               ///< longest sleep between two looks at the stop source
    std::chrono::milliseconds answer_timeout{30'000};  ///< how long the end waits for workers that are busy
};

/// What the coordinator meets outside the pure middle. All outlive it.
struct CoordinatorSurroundings {
    CoordinatorTransport& transport;
    const Clock& clock;
    Progress& progress;
    PredictionSink& predictions;
    const StopSource& stop;
};

/// The loop of rank 0: receive -> record -> apply -> decide -> record -> send. What came in together is recorded with one sync; nothing
/// that depends on it is shown or sent before. One thread.
class Coordinator {
public:
    /// `plan`: what the ledger told so far. `grid`, `plan`, `scheduler` and `ledger` outlive this object.
    Coordinator(const Grid& grid, Plan& plan, const Scheduler& scheduler, LedgerWriter& ledger, CoordinatorSurroundings surroundings,
                CoordinatorOptions options = {});

    /// Until every trial is finished or set aside, somebody wants it to stop, or no worker is left. Workers are told to leave in any
    /// case, also where it throws (MachineError: the ledger or the predictions cannot be written).
    ExitCode run();

private:
    void work();
    void record_breakdown(const std::string& why);
    void receive();
    void dispatch();
    void stop(const std::string& why);
    void wait_for_answers();
    void finish();

    void on(const FromWorker& incoming);
    void on(const WorkerLost& incoming);
    void on(WorkerId from, const to_coordinator::Hello& message);
    void on(WorkerId from, const to_coordinator::Alive& message);
    void on(WorkerId from, const to_coordinator::Notice& message);
    void on(WorkerId from, const to_coordinator::Finished& message);
    void on(WorkerId from, const to_coordinator::MemberDone& message);
    void on(WorkerId from, const to_coordinator::Failed& message);
    void on(WorkerId from, const to_coordinator::Abandoned& message);

    /// Nothing where the attempt does not run any more.
    void attempt_failed(const Attempt& attempt, const TrialFailure& failure);
    void set_aside_if_hopeless(std::size_t trial);
    void set_aside_without_room();
    void send_abandon(const Attempt& attempt);

    void record(Event event);
    void count_cost(const Event& event);
    void settle();
    void announce(const Event& event);
    void dismiss_workers();
    [[nodiscard]] Standing standing() const;

    const Grid& grid_;
    Plan& plan_;
    const Scheduler& scheduler_;
    LedgerWriter& ledger_;
    CoordinatorSurroundings outside_;
    CoordinatorOptions options_;
    Roster roster_;
    std::chrono::milliseconds began_;
    double cost_done_ = 0;  ///< of what this life finished
    double cost_left_ = 0;
    std::uint32_t epoch_ = 0;
    bool stopping_ = false;
    std::vector<Event> unsettled_;                       ///< recorded, not yet synced and announced
    std::vector<std::pair<WorkerId, ToWorker>> outbox_;  ///< to be sent once all is settled
};

}  // namespace layersweep
