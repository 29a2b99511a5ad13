#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/clock.hpp"
#include "orchestrator/grid/grid.hpp"
#include "orchestrator/ledger/ledger_writer.hpp"
#include "orchestrator/progress.hpp"
#include "orchestrator/roster.hpp"
#include "orchestrator/schedule/cost_model.hpp"
#include "orchestrator/schedule/plan.hpp"
#include "orchestrator/schedule/scheduler.hpp"
#include "orchestrator/stop_source.hpp"
#include "orchestrator/trial_files.hpp"
#include "orchestrator/vigil.hpp"
#include "orchestrator/worker_reaper.hpp"
#include "protocol/errors.hpp"
#include "protocol/transport.hpp"

namespace layersweep {

struct CoordinatorOptions {
    std::int64_t max_attempts = 3;                        ///< failures after which a trial is set aside
    std::chrono::milliseconds poll{200};                  ///< longest sleep between two looks at the stop source
    std::chrono::milliseconds answer_timeout{30'000};     ///< how long the end waits for workers that are busy
    std::chrono::milliseconds storage_patience{600'000};  ///< how long results wait in memory for a disk that takes nothing
    std::chrono::milliseconds storage_retry{2'000};       ///< between two tries of such a disk
    std::chrono::milliseconds alive_every{10'000};        ///< between two words to every worker
    std::int64_t checkpoint_every_s = 600;                ///< within a trial
    VigilLimits vigil;
};

/// What the coordinator meets outside the pure middle. All outlive it.
struct CoordinatorSurroundings {
    CoordinatorTransport& transport;
    const Clock& clock;
    Progress& progress;
    TrialFiles& files;
    const StopSource& stop;
    WorkerReaper& reaper;
    CostModel* costs = nullptr;  ///< foresees how long trials take; without one nothing is foreseen
};

/// The loop of rank 0: receive -> record -> apply -> decide -> record -> send. What came in together is written at once and synced at once;
/// nothing that depends on it is sent before it is written, or shown before it is synced. While the disk takes nothing, nothing is shown,
/// sent or decided either: messages wait. One thread.
class Coordinator {
public:
    /// `plan`: what the ledger told so far, the beginning of this life included. `grid`, `plan`, `scheduler` and `ledger` outlive this
    /// object.
    Coordinator(const Grid& grid, Plan& plan, const Scheduler& scheduler, LedgerWriter& ledger, CoordinatorSurroundings surroundings,
                CoordinatorOptions options = {});

    /// Turns until the last. Workers are told to leave in any case, also where it throws (MachineError: the disk took nothing for too long,
    /// or another process took over).
    ExitCode run();
    /// One lap of the loop, which sleeps at most `poll`. False: every trial is finished or set aside, somebody wanted it to stop, or no
    /// worker is left, and all of that is recorded.
    bool turn();

private:
    enum class Phase { working, stopping, leaving, ended };
    /// The disk takes nothing.
    struct Outage {
        std::chrono::milliseconds since, next_try;
        std::string why;
        bool stop_seen = false;
    };

    void lap();
    void advance();
    void work();
    void begin_stop(const std::string& why);
    void end_stop();
    void begin_leave();
    void end(Event last);

    void receive();
    void handle_messages();
    void say_alive();
    void watch();
    void dispatch();
    [[nodiscard]] std::optional<Trial> likely_next(const Assignment& assignment, std::size_t running, std::size_t living) const;

    void note_outage(const std::string& why);
    [[nodiscard]] bool may_try_disk();
    void end_outage();
    void record_breakdown(const std::string& why);

    void on(const FromWorker& incoming);
    void on(const WorkerLost& incoming);
    void on(WorkerId from, const to_coordinator::Hello& message);
    void on(WorkerId from, const to_coordinator::Alive& message);
    void on(WorkerId from, const to_coordinator::Notice& message);
    void on(WorkerId from, const to_coordinator::Finished& message);
    void on(WorkerId from, const to_coordinator::MemberDone& message);
    void on(WorkerId from, const to_coordinator::Failed& message);
    void on(WorkerId from, const to_coordinator::Abandoned& message);

    void answered(WorkerId worker, const Attempt& attempt, const std::string& nccl_id);
    void lose(WorkerId worker, FailureReason reason, const std::string& why);
    /// Nothing where the attempt does not run any more.
    void attempt_failed(const Attempt& attempt, const TrialFailure& failure);
    void blame(const std::vector<WorkerId>& gang, const Attempt& attempt);
    [[nodiscard]] std::size_t workers_needed() const;
    void release_quarantined_if_needed();
    void set_aside_if_hopeless(std::size_t trial);
    void set_aside_without_room();
    [[nodiscard]] bool is_unsent(const Attempt& attempt) const;
    void send_abandon(const Attempt& attempt);

    void record(Event event);
    void count_cost(const Event& event);
    void know(const std::string& machine_class, const MachineRates& rates);
    void learn_from(std::size_t trial, const std::string& machine_class);
    void settle();
    void announce(const Event& event);
    void dismiss_workers();
    [[nodiscard]] std::int64_t now_ms() const { return outside_.clock.unix_ms(); }
    [[nodiscard]] Standing standing() const;

    const Grid& grid_;
    Plan& plan_;
    const Scheduler& scheduler_;
    LedgerWriter& ledger_;
    CoordinatorSurroundings outside_;
    CoordinatorOptions options_;
    Roster roster_;
    Vigil vigil_;
    std::chrono::milliseconds began_;
    std::chrono::milliseconds said_alive_;
    std::set<std::string> measured_;  ///< classes of machines whose rates are recorded in this life
    double cost_done_ = 0;            ///< of what this life finished
    double cost_left_ = 0;
    std::uint32_t epoch_ = 0;
    Phase phase_ = Phase::working;
    std::chrono::milliseconds deadline_{0};  ///< of the answers that `stopping` and `leaving` wait for
    std::string stop_why_;
    std::optional<Outage> outage_;
    std::deque<Incoming> inbox_;                         ///< received, not yet handled
    std::vector<Event> unsettled_;                       ///< recorded, not yet synced and announced
    std::vector<std::pair<WorkerId, ToWorker>> outbox_;  ///< to be sent once all is settled
};

}  // namespace layersweep
