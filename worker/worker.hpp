#pragma once

#include "protocol/transport.hpp"
#include "worker/lifeline.hpp"
#include "worker/parallel/collective.hpp"
#include "worker/training/trainer.hpp"
#include "worker/training/warm_store.hpp"

namespace layersweep {

/// One worker's loop: receive a trial, train it, answer. Lives in one thread; a second one tells the coordinator that it lives, and a
/// third makes the next trial's inputs ready.
class Worker {
public:
    Worker(WorkerId self, WorkerTransport& transport, CollectiveFactory& collectives, WarmStore& warm, Lifeline lifeline);
    /// Until the coordinator says Stop. Throws MachineError when the coordinator is gone.
    void run();

private:
    void train(const to_worker::Assign& assign);
    [[nodiscard]] ToCoordinator outcome(const to_worker::Assign& assign);
    /// `assign` outlives them.
    [[nodiscard]] TrialHooks hooks_for(const to_worker::Assign& assign);
    /// Looks for words of the coordinator that end this attempt. An Abandon without a checkpoint is final.
    [[nodiscard]] WhatNext what_next(const Attempt& attempt);

    [[nodiscard]] bool is_abandoned_soon(const Attempt& attempt);

    WorkerId self_;
    WorkerTransport& transport_;
    CollectiveFactory& collectives_;
    WarmStore& warm_;
    Lifeline lifeline_;
    WhatNext told_ = WhatNext::go_on;                 ///< of the attempt being trained
    std::chrono::steady_clock::time_point assigned_;  ///< when the attempt came
    bool stopped_ = false;
};

}  // namespace layersweep
